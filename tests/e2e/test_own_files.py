# SPDX-License-Identifier: Apache-2.0
"""Hosts of a managed domain that have certificate files of their own (SSLCertificateFile), as after moving in."""

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from testbed import tls
from testbed.bed import Domain
from testbed.pki import pem
from testbed.waiting import eventually

NAME = "moved-in.example.org"
KEYS = {"RSA": (lambda: rsa.generate_private_key(65537, 2048), tls.RSA_ONLY),
        "EC": (lambda: ec.generate_private_key(ec.SECP256R1()), tls.EC_ONLY)}


def own_files(bed, kind):
    """A pair of files: the lines that name it, and its certificate."""
    key = KEYS[kind][0]()
    certificate = bed.authority.issue([NAME], key.public_key())
    files = bed.root / f"{kind}.cert.pem", bed.root / f"{kind}.key.pem"
    for file, thing in zip(files, (certificate, key)):
        file.write_bytes(pem(thing))
    return (f"SSLCertificateFile {files[0]}", f"SSLCertificateKeyFile {files[1]}"), certificate


def served(bed, kind):
    return tls.served_certificate(bed.httpd.https_port, NAME, ciphers=KEYS[kind][1]).serial_number


def status(bed):
    return tls.fetch(bed.httpd.https_port, NAME, "/index.html", roots=None).status


@pytest.mark.parametrize("where", ["host", "main server"])
def test_the_managed_certificate_takes_over_from_files_of_the_same_key_type(bed, where):  # R1 CH-09
    lines, own = own_files(bed, "RSA")
    domain = Domain(NAME, vhost=lines if where == "host" else ())
    options = lines if where == "main server" else ()
    bed.serve(domain, options=["MDInitialDelay 2s", *options])
    assert served(bed, "RSA") == own.serial_number and status(bed) == 200  # no fallback, no 503
    bed.obtain(domain)
    managed = bed.store.serial(NAME, "")
    assert managed != own.serial_number
    assert served(bed, "RSA") == managed
    bed.httpd.restart()
    assert served(bed, "RSA") == managed
    assert "AH10084" in bed.httpd.log()


@pytest.mark.ours
def test_it_takes_over_live(bed):  # R1
    lines, own = own_files(bed, "RSA")
    domain = Domain(NAME, vhost=lines)
    bed.serve(domain)
    bed.wait_served(domain)
    assert served(bed, "RSA") == bed.store.serial(NAME, "") != own.serial_number


def test_files_of_another_key_type_stay(bed):  # R1
    lines, own = own_files(bed, "EC")
    domain = Domain(NAME, vhost=lines, settings=("MDPrivateKeys RSA 2048",))
    bed.serve(domain)
    bed.wait_staged(domain)
    bed.httpd.graceful()
    for _ in range(2):
        assert served(bed, "EC") == own.serial_number
        assert served(bed, "RSA") == bed.store.serial(NAME, "")
        bed.httpd.restart()


@pytest.mark.ours
def test_files_of_another_key_type_stay_when_a_certificate_goes_live(bed):  # R1
    lines, own = own_files(bed, "EC")
    domain = Domain(NAME, vhost=lines, settings=("MDPrivateKeys RSA 2048",))
    bed.serve(domain)
    bed.wait_staged(domain)
    eventually(lambda: bed.store.has_set(NAME, ("",)) and served(bed, "RSA") == bed.store.serial(NAME, ""),
               "the managed certificate is served")
    assert served(bed, "EC") == own.serial_number
