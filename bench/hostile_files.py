#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""What do files of the worst shape cost that a program with the children's uid may lay into the store?

Each file that is read as JSON is one MiB of what costs the most, in several shapes. Prints, beside the same without such
files: the start, a reload, an activation, and the slowest answer of md-status while the files are there. Needs root.
"""

import shutil
import statistics
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "tests/e2e"))

from testbed.bed import Bed, Domain  # noqa: E402
from testbed.waiting import eventually  # noqa: E402

DOMAIN = Domain("costly.example.org", settings=("MDPrivateKeys P-256",))
SPEC = ("p-256",)
MEBIBYTE = 1024 * 1024
SHAPES = {
    "no such files": None,
    "a list of objects": b"[" + b"{}," * (MEBIBYTE // 3 - 2) + b"{}]",
    "an object of members": b"{" + b",".join(b'"%d":0' % number for number in range(MEBIBYTE // 10)) + b"}",
    "objects within bounds": b"[" + b",".join(
        b"{" + b",".join(b'"%044d":0' % number for number in range(1000)) + b"}" for _ in range(19)) + b"]",
    "a deep nest": b"[" * (MEBIBYTE // 2) + b"]" * (MEBIBYTE // 2),
    "a log of a job": b'{"log":{"entries":[' + b",".join(
        b'{"when":"Sun, 22 Nov 2026 12:00:00 GMT","type":"%060d","detail":"%070d"}' % (n, n) for n in range(4900)) + b"]}}",
}
PLACES = (f"staging/{DOMAIN.name}/kept.json", f"staging/{DOMAIN.name}/job.json", f"staging/{DOMAIN.name}/md.json",
          f"staging/{DOMAIN.name}/account.json", f"staging/{DOMAIN.name}/order.json", f"requests/{DOMAIN.name}.json",
          f"renewal-info/{DOMAIN.name}.json", f"ocsp/{DOMAIN.name}/ocsp-00ff.json", "ocsp/other.example.org/ocsp-00ff.json")
ROUNDS = 3


def main():
    bed = Bed()
    try:
        staged = stage(bed)
        print(f"{'':24}{'start':>10}{'reload':>10}{'activation':>12}{'md-status':>11}")
        for label, content in SHAPES.items():
            assert content is None or len(content) <= MEBIBYTE
            figures = [measure(bed, staged, content) for _ in range(ROUNDS)]
            start, reload, activation, status = (statistics.median(column) for column in zip(*figures))
            print(f"{label:24}{start:8.2f} s{reload:8.2f} s{activation:10.2f} s{status * 1000:8.0f} ms")
    finally:
        bed.close()
        bed.remove()


def stage(bed):
    """A live certificate, and a staged set that can be laid into staging again and again."""
    bed.serve(DOMAIN)
    bed.wait_served(DOMAIN)
    bed.httpd.stop()
    bed.configure(DOMAIN.grown("www." + DOMAIN.name), options=bed.wait_for_restart())
    bed.httpd.start()
    bed.wait_staged(DOMAIN.grown("www." + DOMAIN.name), specs=SPEC)
    bed.httpd.stop()
    staged = bed.root / "staged"
    shutil.copytree(bed.httpd.store / "staging" / DOMAIN.name, staged)
    bed.configure(DOMAIN.grown("www." + DOMAIN.name))
    return staged


def plant(bed, content):
    for place in PLACES if content else ():
        path = bed.httpd.store / place
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(content)


def measure(bed, staged, content):
    plant(bed, content)
    start = took(bed.httpd.start)
    plant(bed, content)
    reload = took(bed.httpd.graceful)
    plant(bed, content)
    activation = took(lambda: activate(bed, staged))
    plant(bed, content)
    status = max(took(lambda: bed.md_status()) for _ in range(40))
    bed.httpd.stop()
    return start, reload, activation, status


def activate(bed, staged):
    """The certificate comes last, as the worker writes it."""
    staging = bed.httpd.store / "staging" / DOMAIN.name
    staging.mkdir(exist_ok=True)
    shutil.copy(staged / "privkey.p-256.pem", staging)
    shutil.copy(staged / "pubcert.p-256.pem", staging)
    eventually(lambda: not (staging / "pubcert.p-256.pem").exists(), "the set goes live", every=0.01)


def took(what):
    begun = time.monotonic()
    what()
    return time.monotonic() - begun


if __name__ == "__main__":
    main()
