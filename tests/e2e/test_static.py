# SPDX-License-Identifier: Apache-2.0
"""Managed domains whose certificates the administrator keeps in files (MDCertificateFile)."""

import json

import pytest
from cryptography.hazmat.primitives.asymmetric import ec

from testbed import tls
from testbed.bed import Domain
from testbed.pki import DAY, pem
from testbed.waiting import eventually

NAME = "files.example.org"


class Files:
    """A pair of files; it began a day ago."""

    def __init__(self, bed, lasts, names=(NAME,), label="files"):
        key = ec.generate_private_key(ec.SECP256R1())
        self.certificate = bed.authority.issue(list(names), key.public_key(), lasts)
        self.lines = []
        for directive, thing, kind in (("MDCertificateFile", self.certificate, "cert"),
                                       ("MDCertificateKeyFile", key, "key")):
            path = bed.root / f"{label}.{kind}.pem"
            path.write_bytes(pem(thing))
            self.lines.append(f"{directive} {path}")

    def domain(self, *settings):
        return Domain(NAME, settings=(*self.lines, "MDPrivateKeys P-256", *settings))


def serial(bed, name=NAME):
    return tls.served_certificate(bed.httpd.https_port, name).serial_number


@pytest.mark.ours
def test_with_always_they_are_renewed_once_and_the_newest_is_served(bed):  # VH-22 SE-08
    files = Files(bed, 0.1 * DAY)
    bed.serve(files.domain("MDRenewMode always"))
    bed.wait_served(files.domain())
    assert "AH10085" in bed.httpd.log()
    renewed = bed.store.serial(NAME, "p-256")
    assert renewed != files.certificate.serial_number
    shown = eventually(lambda: (md := bed.md_status(NAME))["renewal"].get("activated") and md, "it is live")
    assert "Pebble" in shown["cert"]["P-256"]["issuer-name"] and "0" not in shown["cert"]
    bed.httpd.graceful()
    bed.httpd.restart()
    assert bed.serial(NAME) == renewed
    assert bed.proxy.count("new-order") == 1
    newer = Files(bed, 30 * DAY)  # began a day ago: older than that of the CA
    bed.httpd.restart()
    assert bed.serial(NAME) == renewed != newer.certificate.serial_number


def test_with_auto_they_are_served_and_warned_of_but_never_renewed(bed):  # VH-22
    files = Files(bed, 0.1 * DAY)
    told, script = bed.root / "told", bed.root / "tell"
    told.touch()
    told.chmod(0o666)
    script.write_text(f'#!/bin/sh\necho "$1 $2" >> {told}\n')
    script.chmod(0o755)
    bed.serve(files.domain(), options=[f"MDMessageCmd {script}", "MDCheckInterval 1s"])
    assert serial(bed) == files.certificate.serial_number
    shown = bed.md_status(NAME)
    assert shown["state"] == 2 and not shown.get("renewal", {}).get("cert")  # its job tells of the event alone
    assert shown["cert"]["0"]["issuer-name"] == "/CN=e2e test authority"
    eventually(lambda: told.read_text() == f"expiring {NAME}\n", "the expiring event, alone and once")
    answer = tls.fetch(bed.httpd.https_port, NAME, "/.httpd/certificate-status")
    assert int(json.loads(answer.body)["0"]["serial"], 16) == files.certificate.serial_number
    assert bed.proxy.count("new-order") == 0


def test_a_wildcard_serves_every_host_that_it_covers(bed):  # VH-07
    files = Files(bed, 30 * DAY, ("*.example.org",))
    section = ["<MDomain *.example.org>", *files.lines, "</MDomain>"]
    for host in ("one", "two"):
        section += [f"<VirtualHost 127.0.0.1:{bed.httpd.https_port}>", f"ServerName {host}.example.org",
                    "SSLEngine on", "</VirtualHost>"]
    bed.configure(options=section)
    bed.httpd.start()
    for host in ("one", "two"):
        assert serial(bed, f"{host}.example.org") == files.certificate.serial_number


@pytest.mark.ours
@pytest.mark.parametrize("damage", ["missing", "empty", "foreign"])
def test_files_that_cannot_be_used_stop_nobody_else(bed, damage):
    files, other = Files(bed, 30 * DAY), Domain("other.example.org", settings=("MDPrivateKeys P-256",))
    key = bed.root / "files.key.pem"
    if damage == "missing":
        key.unlink()
    else:
        key.write_bytes(b"" if damage == "empty" else pem(ec.generate_private_key(ec.SECP256R1())))
    bed.serve(files.domain(), other)
    assert "files.key.pem" in bed.httpd.log() and "cannot be used" in bed.httpd.log()
    bed.wait_served(other)
    with tls.connect(bed.httpd.https_port, NAME, tls.client_context()) as connection:
        connection.sendall(f"GET / HTTP/1.1\r\nHost: {NAME}\r\nConnection: close\r\n\r\n".encode())
        assert connection.recv(100).startswith(b"HTTP/1.1 503 ")
