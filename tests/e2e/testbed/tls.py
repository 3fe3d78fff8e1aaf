# SPDX-License-Identifier: Apache-2.0
"""TLS as a strict client does it: verified against the CA's root, with a say in version and key type."""

import http.client
import socket
import ssl
from dataclasses import dataclass

from cryptography import x509

TLS_1_2, TLS_1_3 = ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3
# TLS 1.2 cipher suites that force the server to use its certificate of that key type.
RSA_ONLY, EC_ONLY = "ECDHE-RSA-AES128-GCM-SHA256", "ECDHE-ECDSA-AES128-GCM-SHA256"
TIMEOUT = 10
LOOPBACK = "127.0.0.1"


@dataclass(frozen=True)
class Answer:
    status: int
    headers: dict
    body: bytes
    certificate: x509.Certificate
    protocol: str

    @property
    def serial(self):
        return self.certificate.serial_number


def client_context(roots=None, *, version=None, ciphers=None, alpn=None):
    """Verifies against `roots` (PEM); without roots it verifies nothing."""
    context = ssl.create_default_context(cadata=roots) if roots else ssl._create_unverified_context()
    if version:
        context.minimum_version = context.maximum_version = version
    if ciphers:
        context.minimum_version = context.maximum_version = TLS_1_2
        context.set_ciphers(ciphers)
    if alpn:
        context.set_alpn_protocols(alpn)
    return context


def connect(port, name, context, address=LOOPBACK):
    raw = socket.create_connection((address, port), timeout=TIMEOUT)
    try:
        return context.wrap_socket(raw, server_hostname=name)
    except BaseException:
        raw.close()
        raise


def leaf(connection):
    return x509.load_der_x509_certificate(connection.getpeercert(binary_form=True))


def fetch(port, name, path="/index.html", roots=None, **how):
    """One request over TLS."""
    with connect(port, name, client_context(roots, **how)) as connection:
        connection.sendall(f"GET {path} HTTP/1.1\r\nHost: {name}\r\nConnection: close\r\n\r\n".encode())
        reply = http.client.HTTPResponse(connection)
        reply.begin()
        return Answer(reply.status, dict(reply.headers), reply.read(), leaf(connection), connection.version())


def served_certificate(port, name, roots=None, address=LOOPBACK, **how):
    """The certificate of one handshake, without a request."""
    with connect(port, name, client_context(roots, **how), address) as connection:
        return leaf(connection)


def names_in(certificate):
    extension = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName)
    return set(extension.value.get_values_for_type(x509.DNSName))


def get(port, path, host="localhost"):
    """One request without TLS: status and body."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=TIMEOUT)
    try:
        connection.request("GET", path, headers={"Host": host})
        reply = connection.getresponse()
        return reply.status, reply.read()
    finally:
        connection.close()
