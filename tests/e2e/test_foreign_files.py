# SPDX-License-Identifier: Apache-2.0
"""
Whoever has the children's user, and not the store's key, puts files into the store: what is served comes from the CA all
the same, ordered by our account, and root executes nothing else.

The places are those that a server has used in its life: a file that is new in the layout is tried by itself.
"""

import base64
import json
import os
import pwd
import shutil
import stat
import threading
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import ec

from testbed.bed import Domain
from testbed.fault_proxy import hold
from testbed.httpd import CHILD_USER
from testbed.pki import pem
from testbed.waiting import eventually

from test_hostile import as_user, plant

pytestmark = [pytest.mark.ours, pytest.mark.root]
DOMAIN = Domain("foreign.example.org", settings=("MDPrivateKeys P-256", "MDRenewWindow 33%"))
SPEC = ("p-256",)
# Executed in vain: by whom, and with which words, lies beside it afterwards.
TRAP = '#!/bin/sh\necho "$(id -u) $*" >> {trace}\n'



class Specimens:
    """Every file that the children's user may write, as it was at some moment of a server's life; by path below the store."""

    def __init__(self, store):
        self.store = store
        self.uid = pwd.getpwnam(CHILD_USER).pw_uid
        self.content = {}

    def collect(self):
        for folder, _, files in os.walk(self.store):
            if os.stat(folder).st_uid != self.uid:
                continue
            for name in files:
                if not name.startswith(".tmp-"):
                    path = Path(folder) / name
                    try:
                        self.content.setdefault(path.relative_to(self.store), path.read_bytes())
                    except FileNotFoundError:  # it was for a moment
                        continue


class Attacker:
    """A key and certificate of his own, an account of his own, and a script."""

    def __init__(self, bed):
        self.key = ec.generate_private_key(ec.SECP256R1())
        self.certificate = bed.authority.issue([DOMAIN.name], self.key.public_key())
        self.account_key = ec.generate_private_key(ec.SECP256R1())
        self.trace, self.script = bed.root / "trace", bed.root / "trap"
        self.trace.touch()
        self.trace.chmod(0o666)
        self.script.write_text(TRAP.format(trace=self.trace))
        self.script.chmod(0o755)

    def own(self, path, content):
        """In place of a file: the same with his keys, names and commands."""
        if path.name.startswith("pubcert"):
            return pem(self.certificate)
        if path.suffix == ".pem":
            return pem(self.account_key if "account" in path.name else self.key)
        if path.suffix != ".json":
            return b"of the attacker"
        return json.dumps(self.twisted(json.loads(content))).encode()

    def twisted(self, value):
        if isinstance(value, dict):
            twisted = {name: self.twisted(member) for name, member in value.items()}
            return {**twisted, "cmd-dns-01": str(self.script), "message-cmd": str(self.script), "notify-cmd": str(self.script)}
        if isinstance(value, list):
            return [self.twisted(member) for member in value]
        if isinstance(value, bool):
            return not value
        if isinstance(value, str) and "://" in value:
            return "http://127.0.0.1:1/attacker"
        return value


def others_of_kind(specimens, path):
    """What the store's key has encrypted elsewhere."""
    return [content for other, content in specimens.content.items() if other != path and other.suffix == path.suffix]


@pytest.fixture
def lived(ocsp_bed):
    """A server with a live certificate, and specimens of all that its children have written till then."""
    bed = ocsp_bed
    specimens = Specimens(bed.httpd.store)
    gate = hold_finalize(bed)
    bed.serve(DOMAIN, options=[*bed.wait_for_restart(), "MDStapling on"])
    eventually(lambda: list(bed.httpd.store.glob("challenges/*/*")), "challenges are in place")
    specimens.collect()
    gate.set()
    bed.wait_staged(DOMAIN, specs=SPEC)
    specimens.collect()
    bed.configure(DOMAIN, options=["MDStapling on"])
    bed.httpd.restart()
    bed.wait_served(DOMAIN)
    eventually(lambda: list(bed.httpd.store.glob("ocsp/*/ocsp-*.json")), "a staple is kept")
    specimens.collect()
    bed.specimens = specimens
    return bed


def hold_finalize(bed):
    gate = threading.Event()
    bed.proxy.inject("finalize", hold(gate))
    return gate


def put(bed, path, what):
    """As the children's user; what was there is gone before."""
    target = bed.httpd.store / path
    assert as_user(CHILD_USER, "sh", "-c", 'mkdir -p "$(dirname "$1")" && rm -rf "$1"', "sh", str(target)).returncode == 0
    if isinstance(what, bytes):
        plant(target, what)
    else:
        assert as_user(CHILD_USER, *what, str(target)).returncode == 0


def variants(bed, attacker, path, content):
    yield "own", attacker.own(path, content)
    for number, other in enumerate(others_of_kind(bed.specimens, path)):
        yield f"copied {number}", other
    yield "empty", b""
    yield "garbage", bytes(range(256))
    yield "link", ("ln", "-s", str(bed.victim))
    yield "folder", ("mkdir",)
    yield "pipe", ("mkfifo",)


def remove(path):
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink()


def kids(bed):
    """Who has ordered."""
    return {json.loads(unbase64(json.loads(exchange.body)["protected"]))["kid"]
            for exchange in bed.proxy.requests("new-order")}


def unbase64(text):
    return base64.urlsafe_b64decode(text + "==")


def served_serials(bed):
    return {bed.fetch(DOMAIN.name).serial for _ in range(4)}


def test_nothing_that_is_put_anywhere_changes_what_is_served_who_orders_or_what_root_does(lived):
    bed = lived
    attacker = Attacker(bed)
    bed.victim = bed.root / "victim"
    bed.victim.write_text("of root")
    bed.victim.chmod(0o600)
    groups = {path.parts[0] for path in bed.specimens.content}
    assert {"staging", "challenges", "ocsp", "locks"} <= groups, groups
    names = {path.name for path in bed.specimens.content}
    assert {"privkey.p-256.pem", "pubcert.p-256.pem", "account.pem", "account.json", "md.json", "job.json"} <= names, names
    account = kids(bed)
    assert len(account) == 1

    rounds = {}
    for path, content in bed.specimens.content.items():
        for label, what in variants(bed, attacker, path, content):
            rounds.setdefault(label, []).append((path, what))
    for label, plants in rounds.items():
        for path, what in plants:
            put(bed, path, what)
        # A complete set of one piece, too, whatever the other files are.
        for happens in (lambda: None, bed.httpd.graceful, bed.httpd.restart):
            happens()
            issued = {serial for serial, _ in bed.proxy.issued(DOMAIN.name)}
            # Verified by the roots of the CA: fetch refuses anything else.
            assert served_serials(bed) <= issued, label
        assert kids(bed) == account, label
        assert attacker.trace.read_text() == "", label
        assert bed.victim.read_text() == "of root" and stat.S_IMODE(bed.victim.stat().st_mode) == 0o600, label
        assert bed.victim.stat().st_uid == 0, label
        assert not [p for p in bed.httpd.store.glob("accounts/*/account.json") if b"attacker" in p.read_bytes()], label
        for group in groups:
            for path in (bed.httpd.store / group).iterdir():
                remove(path)

    grown = DOMAIN.grown("www.foreign.example.org")
    bed.configure(grown)
    bed.httpd.restart()
    bed.wait_served(grown, within=60)
    assert kids(bed) == account
    assert bed.pebble.accounts() == 1
