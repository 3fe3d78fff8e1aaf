#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Runs the fuzzers of a build, each from a few real documents on: run.py BUILD [--seconds N]."""

import argparse
import json
import re
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
TIME = "Wed, 25 Nov 2026 12:00:00 GMT"
PROBLEM = {"type": "urn:ietf:params:acme:error:rejectedIdentifier", "detail": "no", "status": 400, "subproblems": [
    {"type": "urn:ietf:params:acme:error:dns", "detail": "none", "identifier": {"type": "dns", "value": "a.test"}}]}
CHALLENGE = {"type": "http-01", "url": "https://ca.test/c/1", "token": "abc", "status": "invalid", "error": PROBLEM}
IDENTIFIERS = [{"type": "dns", "value": "a.test"}, {"type": "ip", "value": "192.0.2.1"}]
# The position of a document is the byte that makes the fuzzer take it for one of that kind.
RESOURCES = [
    {"newNonce": "https://ca.test/n", "newAccount": "https://ca.test/a", "newOrder": "https://ca.test/o",
     "revokeCert": "https://ca.test/r", "keyChange": "https://ca.test/k", "renewalInfo": "https://ca.test/i",
     "meta": {"termsOfService": "https://ca.test/t", "externalAccountRequired": True, "profiles": {"tls": "x"}}},
    {"status": "valid", "contact": ["mailto:a@a.test"], "orders": "https://ca.test/orders"},
    {"status": "pending", "identifiers": IDENTIFIERS, "authorizations": ["https://ca.test/z"], "error": PROBLEM,
     "finalize": "https://ca.test/f", "certificate": "https://ca.test/c", "expires": "2026-11-25T12:00:00.5Z"},
    {"status": "invalid", "identifier": IDENTIFIERS[0], "challenges": [CHALLENGE], "wildcard": True},
    CHALLENGE,
    PROBLEM,
]
DOCUMENTS = [
    {"name": "a.test", "domains": ["a.test"], "ca": {"account": "ACME-ca-0000", "url": "https://ca.test/d"}, "state": 2},
    {"name": "a.test", "finished": True, "next-run": TIME, "errors": 3, "last": {"status": 22, "problem": "x", "detail": "y"},
     "log": {"entries": [{"when": TIME, "type": "progress", "detail": "z"}]}},
    {"status": "valid", "url": "https://ca.test/a/1", "ca-url": "https://ca.test/d", "contact": ["mailto:a@a.test"]},
    {"url": "https://ca.test/o/1", "names": ["a.test"], "setups": ["http-01:a.test"], "key-spec": "rsa"},
    {"response": "MAMKAQE=", "status": "good", "valid": {"from": TIME, "until": TIME}},
]


# What cost more than its size in another implementation: lists of many things, objects of many members, deep nesting.
COSTLY = [b"[" + b"{}," * 2600 + b"{}]", b"{" + b",".join(b'"%d":0' % number for number in range(900)) + b"}",
          b"[" * 60 + b"[]," * 2600 + b"[]" + b"]" * 60, b'{"subproblems":[' + b"{}," * 2600 + b"{}]}"]


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("build", type=Path)
    parser.add_argument("--seconds", type=int, help="fuzz for so long, from another place each time; otherwise "
                        "a fixed number of runs that are the same each time")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="md-fuzz-") as folder:
        corpus = Path(folder)
        write_corpus(corpus)
        failed = [fuzzer.name for fuzzer in sorted(arguments.build.glob("fuzz_*"))
                  if fuzzer.is_file() and not run(fuzzer.resolve(), corpus, arguments.seconds)]
    print(f"failed: {' '.join(failed)}" if failed else "nothing was found")
    return 1 if failed else 0


def run(fuzzer, corpus, seconds):
    how = [f"-max_total_time={seconds}"] if seconds else ["-runs=60000", "-seed=1"]
    seeds = corpus / fuzzer.name
    seeds.mkdir(exist_ok=True)
    artefacts = f"-artifact_prefix={fuzzer.parent}/found-by-{fuzzer.name}-"
    done = subprocess.run([fuzzer, *how, "-max_len=8192", "-timeout=10", artefacts, seeds], capture_output=True, text=True)
    end = re.findall(r"^Done .*$", done.stderr, re.MULTILINE)
    trouble = re.search(r"(ERROR:|[^\n]*runtime error:).*", done.stderr, re.DOTALL)
    words = trouble[0][:8000] if trouble else done.stderr[-2000:]
    print(f"{fuzzer.name}: {words if done.returncode else end[0]}", flush=True)
    return done.returncode == 0


def write_corpus(corpus):
    certificate = subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", "-",
         "-subj", "/CN=a.test", "-addext", "subjectAltName=DNS:a.test,IP:192.0.2.1", "-addext", "tlsfeature=status_request",
         "-addext", "authorityInfoAccess=OCSP;URI:http://ocsp.test/"], check=True, capture_output=True).stdout
    der = subprocess.run(["openssl", "x509", "-outform", "DER"], input=certificate, check=True, capture_output=True).stdout
    write(corpus / "fuzz_acme", [encode(document) for document in RESOURCES] + [certificate, b"../c?d"], COSTLY)
    write(corpus / "fuzz_store", [encode(document) for document in DOCUMENTS] + [certificate], COSTLY)
    write(corpus / "fuzz_crypto", [der, der, der])
    docs = (ROOT / "docs/directives.md").read_text()
    lines = re.findall(r"^\| `(MD[^`]*)`", docs, re.MULTILINE) + [TIME, "90d", "33%", "*.example.org", "https://[::1]:80/x"]
    write(corpus / "fuzz_config", [line.encode() for line in lines], kinds=False)


def encode(document):
    return json.dumps(document).encode()


def write(folder, inputs, costly=(), kinds=True):
    """The costly ones as a document of each kind."""
    folder.mkdir()
    for number, content in enumerate(inputs):
        (folder / str(number)).write_bytes((bytes([number]) if kinds else b"") + content)
        for which, shape in enumerate(costly):
            (folder / f"{number}-{which}").write_bytes(bytes([number]) + shape)


if __name__ == "__main__":
    sys.exit(main())
