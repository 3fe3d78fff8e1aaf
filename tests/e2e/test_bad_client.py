# SPDX-License-Identifier: Apache-2.0
"""Names from the network never become paths: SNI and Host that are empty, huge, or paths."""

import socket
import subprocess

import pytest

from testbed import tls
from testbed.bed import Domain

DOMAIN = Domain("target.example.org")
NAMES = {"empty": "", "dot": ".", "huge": "a" * 250 + ".org", "path": f"../domains/{DOMAIN.name}/privkey.pem",
         "absolute": "/etc/passwd", "parent": "..", "encoded": "%2e%2e%2fdomains", "line": "a\\nb"}
HUGE_HOST = "b" * 8000


@pytest.fixture
def serving(bed):
    bed.serve(DOMAIN)
    bed.obtain(DOMAIN)
    return bed


def raw_http(port, request):
    with socket.create_connection(("127.0.0.1", port), timeout=5) as connection:
        connection.sendall(request)
        connection.shutdown(socket.SHUT_WR)
        return b"".join(iter(lambda: connection.recv(65536), b""))


def s_client(port, name, *options):
    """openssl's client takes any name, where Python's checks it first."""
    sni = ["-servername", name] if name else ["-noservername"]
    return subprocess.run(["openssl", "s_client", "-connect", f"127.0.0.1:{port}", *sni, *options],
                          stdin=subprocess.DEVNULL, capture_output=True, timeout=20)


@pytest.mark.parametrize("name", NAMES)
def test_host_header(serving, name):
    for host in (NAMES[name], HUGE_HOST):
        for path in ("/.well-known/acme-challenge/token", "/.well-known/acme-challenge/", "/index.html",
                     "/.well-known/acme-challenge/../../privkey.pem"):
            reply = raw_http(serving.httpd.http_port, f"GET {path} HTTP/1.1\r\nHost: {host}\r\n"
                             "Connection: close\r\n\r\n".encode())
            assert reply.startswith(b"HTTP/1.1 ") or reply == b""
            assert not reply.startswith(b"HTTP/1.1 5")
            assert b"PRIVATE KEY" not in reply
    assert serving.fetch(DOMAIN.name).status == 200


@pytest.mark.parametrize("name", NAMES)
def test_server_name_indication(serving, name):
    for options in ((), ("-alpn", "acme-tls/1"), ("-alpn", "acme-tls/1", "-tls1_2")):
        s_client(serving.httpd.https_port, NAMES[name], *options)
    assert serving.fetch(DOMAIN.name).status == 200
    assert not serving.httpd.crashes()


@pytest.mark.ours
@pytest.mark.parametrize("version", ["-tls1_2", "-tls1_3"])
def test_a_validation_of_a_name_without_challenge_is_refused(serving, version):
    for name in (*NAMES.values(), DOMAIN.name, "stranger.example.org"):
        seen = s_client(serving.httpd.https_port, name, "-alpn", "acme-tls/1", version)
        assert b"no peer certificate available" in seen.stdout, name


def test_unknown_tokens_are_not_found(serving):
    for path in ("/.well-known/acme-challenge/", "/.well-known/acme-challenge/none", "/.well-known/acme-challenge/a/b",
                 "/.well-known/acme-challenge/%00", "/.well-known/acme-challenge/..%2f..%2fmd_store.json"):
        status, body = tls.get(serving.httpd.http_port, path, host=DOMAIN.name)
        assert status in (400, 404), path
        assert b"PRIVATE" not in body
