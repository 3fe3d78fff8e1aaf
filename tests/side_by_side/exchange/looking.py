# SPDX-License-Identifier: Apache-2.0
"""Starts one of the two modules on a store, waits until it has looked at every managed domain, and tells what it did at
the CA, what it serves, what it says of the domains, and what it left of the files."""

import hashlib
import json
import os
import re
import ssl
import subprocess
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from testbed import tls
from testbed.httpd import DEBIAN_MOD_MD, REPOSITORY, module_under_test
from testbed.waiting import eventually

STOCK, OURS = DEBIAN_MOD_MD, module_under_test()
A2MD = Path(os.environ.get("MD_A2MD", REPOSITORY / "build/release/a2md"))
# What changes something at the CA. A request for an order or an account that is there already carries no payload.
CHANGING = ("new-account", "account", "new-order", "finalize", "/revoke-cert", "/rollover-account-key")
AUTHORITIES = ("Pebble", "e2e test authority")
KEY_TYPES = {"rsa": tls.RSA_ONLY, "ec": tls.EC_ONLY}


@dataclass
class Made:
    """A store that Debian's module has made, and the configuration that the servers of the exchange have."""
    bed: object
    domains: tuple
    options: tuple = ()
    hosts: tuple = ()              # names that answer with TLS; by default those of all domains
    by_itself: tuple = ()          # what in md-status changes from look to look with one module as well
    ocsp: object = None            # the responder's proxy

    def names_served(self):
        return self.hosts or tuple(name.replace("*", "any") for domain in self.domains for name in domain.names)


@dataclass
class Seen:
    served: dict
    status: dict                   # managed domain -> its md-status
    listed: dict                   # a2md list
    changes: Counter = None        # requests that change something at the CA
    asked_ocsp: int = 0
    accounts: dict = None
    files: dict = None
    damage: list = None


def look(made, module):
    """A full start, the look of its worker at all domains, and the stop."""
    bed = made.bed
    bed.use_module(module)
    bed.configure(*made.domains, options=made.options)
    mark, before, ocsp_before = bed.httpd.mark(), changes(bed), asked_ocsp(made)
    bed.httpd.start()
    wait_looked(made, module, mark)
    seen = Seen(served(made), statuses(bed), listed(bed))
    bed.httpd.stop()
    assert "exit signal" not in bed.httpd.log_since(mark), "a child died"
    seen.changes, seen.asked_ocsp = changes(bed) - before, asked_ocsp(made) - ocsp_before
    seen.accounts, seen.files, seen.damage = accounts(bed), files(bed), bed.store.damage()
    return seen


# -- has it looked?

def wait_looked(made, module, mark):
    has_looked = stock_has_looked if module == STOCK else ours_has_looked
    names = [domain.name for domain in made.domains]
    eventually(lambda: has_looked(made.bed.httpd.log_since(mark), names), f"{module} has looked at {names}", within=40)


def stock_has_looked(log, names):
    """Its watchdog goes through the domains one after the other, and says when it will do so again."""
    watched = re.findall(r"AH10074: (\d+) out of \d+ mds need watching", log)
    if watched and watched[-1] == "0":
        return True
    began = log.rfind("AH10055: md watchdog run")
    return began >= 0 and "AH10107: next run in" in log[began:]


DECIDED = "|".join((r": not due before ", r": not renewed: ", r": .*; put off until ", r": .* failed, the next is at ",
                    r": renewal at CA .* failed: ", r" has been setup and "))


def ours_has_looked(log, names):
    """Each domain has its worker, which says what it has decided, or how its attempt has ended."""
    return all(re.search(rf" {re.escape(name)}(?:{DECIDED})", log) for name in names)


# -- what is there

def changes(bed):
    return Counter(f"{exchange.endpoint} {exchange.status}" for exchange in list(bed.proxy.exchanges)
                   if exchange.endpoint in CHANGING and exchange.method == "POST" and exchange.payload() is not None)


def asked_ocsp(made):
    return len(made.ocsp.exchanges) if made.ocsp else 0


def served(made):
    """Of each host and key type: the certificate's serial number, or that there is none of the CA's."""
    return {f"{name} {key_type}": serial_served(made.bed, name, ciphers)
            for name in made.names_served() for key_type, ciphers in KEY_TYPES.items()}


def serial_served(bed, name, ciphers):
    try:
        certificate = tls.served_certificate(bed.httpd.https_port, name, ciphers=ciphers)
    except ssl.SSLError:
        return "no certificate of this type"
    issuer = certificate.issuer.rfc4514_string()
    return f"{certificate.serial_number:X}" if any(name in issuer for name in AUTHORITIES) else "fallback"


def statuses(bed):
    return {document["name"]: document for document in bed.md_status()["managed-domains"]}


def listed(bed):
    done = subprocess.run([A2MD, "-d", bed.httpd.store, "-j", "list"], capture_output=True, text=True, timeout=20)
    assert done.returncode == 0, done.stderr
    return {document["name"]: document for document in json.loads(done.stdout)["output"]}


def accounts(bed):
    return {name: bed.store.json("accounts", name, "account.json") for name in bed.store.accounts()}


# Nobody but the administrator may lose these by an exchange.
PRECIOUS = ("md_store.json", "domains/*/privkey*.pem", "domains/*/pubcert*.pem",
            "archive/*/privkey*.pem", "archive/*/pubcert*.pem", "staging/*/pubcert*.pem")


# Whoever moves them encrypts them anew.
ENCRYPTED = ("accounts/*/account.pem", "staging/*/privkey*.pem")


def files(bed):
    root = bed.httpd.store
    contents = {path: path.read_bytes() for pattern in PRECIOUS for path in root.glob(pattern)}
    contents |= {path: public_bytes(bed.store.key(path)) for pattern in ENCRYPTED for path in root.glob(pattern)}
    return {str(path.relative_to(root)): hashlib.sha256(content).hexdigest()[:16] for path, content in contents.items()}


def public_bytes(key):
    return key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
