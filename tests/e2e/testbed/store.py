# SPDX-License-Identifier: Apache-2.0
"""Reads the store as its specification describes it, independent of the module's own code."""

import base64
import json
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import serialization


class Store:
    def __init__(self, path: Path):
        self.path = path

    def json(self, *parts):
        return json.loads(self.path.joinpath(*parts).read_text())

    def job(self, name, group="staging"):
        return self.json(group, name, "job.json")

    def pass_phrase(self):
        return base64.urlsafe_b64decode(self.json("md_store.json")["key"])

    def accounts(self):
        return sorted(path.name for path in self.path.glob("accounts/ACME-*") if path.is_dir())

    def chain(self, name, group="domains", spec=""):
        """Certificates of `pubcert[.spec].pem`, leaf first."""
        return certificates((self.path / group / name / _file("pubcert", spec)).read_bytes())

    def serial(self, name, spec=""):
        return self.chain(name, spec=spec)[0].serial_number

    def key(self, path):
        """A private key; outside of domains/ it is encrypted with the store's pass phrase."""
        data = path.read_bytes()
        encrypted = b"ENCRYPTED" in data
        return serialization.load_pem_private_key(data, self.pass_phrase() if encrypted else None)

    def has_set(self, name, specs=("",), group="domains"):
        return all((self.path / group / name / _file(kind, spec)).exists()
                   for kind in ("privkey", "pubcert") for spec in specs)

    def damage(self):
        """What is truncated, unparsable or does not match, as a list of complaints. Empty is good."""
        complaints = []
        for path in sorted(self.path.rglob("*")):
            if path.is_file():
                complaints += self._complaints_about(path)
        return complaints

    def exposures(self, child_uid):
        """Which private data someone but its owner can read, or that the children's user owns though it must not."""
        found = []
        for path in (p for group in ("domains", "archive") for p in self.path.glob(f"{group}/*/*")):
            if path.stat().st_mode & 0o777 != 0o600:
                found.append(f"{path.relative_to(self.path)}: mode {path.stat().st_mode & 0o777:04o}")
            if path.stat().st_uid == child_uid:
                found.append(f"{path.relative_to(self.path)}: owned by the children's user")
        for path in self.path.glob("staging/*/privkey*.pem"):
            if b"ENCRYPTED" not in path.read_bytes():
                found.append(f"{path.relative_to(self.path)}: not encrypted")
        if (self.path / "md_store.json").stat().st_mode & 0o777 != 0o600:
            found.append("md_store.json: mode is not 0600")
        return found

    def _complaints_about(self, path):
        try:
            if path.suffix == ".json":
                json.loads(path.read_text())
            elif path.name.startswith(("privkey", "fallback-privkey", "account.pem")):
                self.key(path)
            elif path.name.startswith("pubcert"):
                self._check_pair(path)
        except FileNotFoundError:  # replaced while we looked
            return []
        except (ValueError, KeyError, TypeError) as broken:
            return [f"{path.relative_to(self.path)}: {broken!r}"]
        return []

    def _check_pair(self, pubcert):
        leaf = certificates(pubcert.read_bytes())[0]
        key_file = pubcert.with_name(pubcert.name.replace("pubcert", "privkey"))
        if key_file.exists() and _public(self.key(key_file).public_key()) != _public(leaf.public_key()):
            raise ValueError(f"does not belong to {key_file.name}")


def certificates(data):
    end = b"-----END CERTIFICATE-----"
    found = [x509.load_pem_x509_certificate(part + end) for part in data.split(end)[:-1]]
    if not found:
        raise ValueError("no certificate in it")
    return found


def _public(key):
    return key.public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)


def _file(kind, spec):
    return f"{kind}.{spec}.pem" if spec else f"{kind}.pem"
