# SPDX-License-Identifier: Apache-2.0
"""A certificate authority of the test's own: for the TLS of the CA, and for certificates a CA should never hand out."""

import datetime
import ipaddress
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

DAY = datetime.timedelta(days=1)


def pem(thing):
    """PEM of a certificate or of a private key."""
    if isinstance(thing, x509.Certificate):
        return thing.public_bytes(serialization.Encoding.PEM)
    return thing.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8,
                               serialization.NoEncryption())


def signs_certificates():
    return x509.KeyUsage(key_cert_sign=True, crl_sign=True, digital_signature=True, content_commitment=False,
                         key_encipherment=False, data_encipherment=False, key_agreement=False, encipher_only=False,
                         decipher_only=False)


class TestAuthority:
    __test__ = False  # not a test class, whatever pytest thinks of its name

    def __init__(self, directory: Path, name="e2e test authority"):
        self.directory = directory
        self.key = ec.generate_private_key(ec.SECP256R1())
        self.name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        # As strict verifiers want it (Python from 3.13 on): what a CA may do, and whose key signed what.
        self._key_id = x509.SubjectKeyIdentifier.from_public_key(self.key.public_key())
        self.root = self._sign(self.name, self.key.public_key(), 3650 * DAY,
                               [x509.BasicConstraints(ca=True, path_length=None), self._key_id, signs_certificates()])
        self.root_file = directory / "authority.pem"
        self.root_file.write_bytes(pem(self.root))
        self.root_file.chmod(0o644)

    def issue(self, names, public_key, lasts=30 * DAY, extensions=()):
        """A certificate for DNS names (and 127.0.0.1, where the test servers live)."""
        alternatives = [x509.DNSName(name) for name in names]
        if "localhost" in names:
            alternatives.append(x509.IPAddress(ipaddress.ip_address("127.0.0.1")))
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, names[0])])
        signer = x509.AuthorityKeyIdentifier.from_issuer_subject_key_identifier(self._key_id)
        return self._sign(subject, public_key, lasts, [x509.SubjectAlternativeName(alternatives), signer, *extensions])

    def server_files(self, label, names=("localhost",), extensions=()):
        """Certificate and key files for a TLS server."""
        key = ec.generate_private_key(ec.SECP256R1())
        certificate_file, key_file = self.directory / f"{label}.cert.pem", self.directory / f"{label}.key.pem"
        certificate_file.write_bytes(pem(self.issue(list(names), key.public_key(), extensions=extensions)))
        key_file.write_bytes(pem(key))
        return certificate_file, key_file

    def _sign(self, subject, public_key, lasts, extensions):
        now = datetime.datetime.utcnow()
        builder = (x509.CertificateBuilder().subject_name(subject).issuer_name(self.name).public_key(public_key)
                   .serial_number(x509.random_serial_number())
                   .not_valid_before(now - DAY).not_valid_after(now + lasts))
        for extension in extensions:
            builder = builder.add_extension(extension, critical=isinstance(extension, (x509.BasicConstraints, x509.KeyUsage)))
        return builder.sign(self.key, hashes.SHA256())
