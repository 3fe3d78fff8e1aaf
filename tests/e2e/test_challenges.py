# SPDX-License-Identifier: Apache-2.0
"""Challenges are answered before every other module, exactly, and for whoever has an answer in the store."""

import http.client
import shutil
import socket
import subprocess
import threading

import pytest

from testbed import tls
from testbed.bed import Domain
from testbed.fault_proxy import hold
from testbed.httpd import DEBIAN_MODULES
from testbed.waiting import eventually

PREFIX = "/.well-known/acme-challenge/"
ANSWER = b"token-1.thumbprint_of-the-account"
ACME_IDENTIFIER = "1.3.6.1.5.5.7.1.31"
MANUAL = ("MDRenewMode manual",)


def put_answer(bed, host, file="acme-http-01.txt", answer=ANSWER):
    """What a worker, or `a2md drive`, leaves for the children."""
    folder = bed.httpd.store / "challenges" / host
    folder.mkdir(parents=True, exist_ok=True)
    (folder / file).write_bytes(answer)


def ask(bed, host, token="token-1", method="GET", tls_too=False):
    port = bed.httpd.https_port if tls_too else bed.httpd.http_port
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    if tls_too:
        connection.sock = tls.connect(port, host, tls.client_context())
    try:
        connection.request(method, PREFIX + token, headers={"Host": host})
        reply = connection.getresponse()
        return reply, reply.read()
    finally:
        connection.close()


def own_file(bed, name="own"):
    """What another ACME client has put into the document root."""
    folder = bed.httpd.root / "htdocs" / PREFIX.strip("/")
    folder.mkdir(parents=True, exist_ok=True)
    (folder / name).write_text("of another client\n")


def raw(bed, request):
    with socket.create_connection(("127.0.0.1", bed.httpd.http_port), timeout=5) as connection:
        connection.sendall(request.encode("latin-1"))
        connection.shutdown(socket.SHUT_WR)
        return b"".join(iter(lambda: connection.recv(65536), b""))


def hosts(bed, *names):
    """Hosts of plain http."""
    return [line for name in names for line in
            (f"<VirtualHost 127.0.0.1:{bed.httpd.http_port}>", f"ServerName {name}", "</VirtualHost>")]


def test_the_answer_is_exact(bed):  # CH-12
    bed.pebble.stop()
    bed.serve(Domain("a.example.org"))
    put_answer(bed, "a.example.org")
    put_answer(bed, "a.example.org", "acme-http-01.other.txt", b"other.answer")
    reply, body = ask(bed, "a.example.org")
    assert (reply.status, body, reply.getheader("Content-Length")) == (200, ANSWER, str(len(ANSWER)))
    reply, body = ask(bed, "a.example.org", method="HEAD")
    assert (reply.status, body, reply.getheader("Content-Length")) == (200, b"", str(len(ANSWER)))
    for method in ("POST", "PUT", "DELETE"):
        assert ask(bed, "a.example.org", method=method)[0].status in (404, 405)
    assert ask(bed, "a.example.org", tls_too=True)[1] == ANSWER


def test_before_the_first_certificate_little_is_answered(bed):
    bed.pebble.stop()
    bed.serve(Domain("a.example.org"))
    put_answer(bed, "a.example.org")
    seen = {path: tls.fetch(bed.httpd.https_port, "a.example.org", path).status
            for path in (PREFIX + "token-1", "/.httpd/certificate-status", "/index.html", "/nowhere", "/md-status")}
    assert list(seen.values()) == [200, 200, 503, 503, 503], seen


@pytest.mark.ours  # Debian's has one answer per host
def test_each_order_has_its_own_answer(bed):
    bed.pebble.stop()
    bed.serve(Domain("a.example.org"))
    put_answer(bed, "a.example.org")
    put_answer(bed, "a.example.org", "acme-http-01.other.txt", b"other.answer")
    assert ask(bed, "a.example.org", "other")[1] == b"other.answer"
    assert ask(bed, "a.example.org", "any")[1] == ANSWER
    refused = ask(bed, "a.example.org", method="POST")[0]
    assert refused.status == 405 and "GET" in refused.getheader("Allow")


@pytest.mark.parametrize("content", [b"changed by a command", b"token-1.changed"])
def test_C6_a_changed_answer_is_what_is_served(bed, content):
    bed.pebble.stop()
    bed.serve(Domain("a.example.org"))
    put_answer(bed, "a.example.org", "acme-http-01.token-1.txt", b"token-1.thumbprint")
    put_answer(bed, "a.example.org", answer=content)
    assert ask(bed, "a.example.org", "token-1")[1] == content


def test_odd_paths_are_harmless(bed):  # CH-13
    bed.pebble.stop()
    bed.serve(Domain("a.example.org", settings=("MDCAChallenges http-01",)))
    put_answer(bed, "a.example.org")
    own_file(bed)
    for token in ("", "sub/path", "%2e%2e%2facme", "..%2f..%2fmd_store.json", "%00", "a%20b", "x" * 4000, "../a.example.org/acme-http-01.txt", "?query", "%ff%fe"):
        reply, body = ask(bed, "a.example.org", token)
        assert reply.status in (400, 404) and b"own" not in body, token


def test_the_answer_comes_before_other_modules(bed):  # CH-14
    modules = [f"LoadModule {name}_module {DEBIAN_MODULES}/mod_{name}.so" for name in (
        "rewrite", "alias", "proxy", "proxy_http", "authn_core", "authn_file", "auth_basic", "authz_user")]
    lines = ("RewriteEngine on", "RewriteRule .* http://elsewhere.test/ [R=301,L]",
             "Redirect 410 /.well-known", "ProxyPass / http://127.0.0.1:1/",
             "<Location />", "AuthType Basic", "AuthName x", "AuthUserFile /dev/null", "Require valid-user", "</Location>")
    bed.pebble.stop()
    host = [f"<VirtualHost 127.0.0.1:{bed.httpd.http_port}>", "ServerName a.example.org", *lines, "</VirtualHost>"]
    bed.serve(Domain("a.example.org", settings=("MDRequireHttps permanent",)), options=[*modules, *host])
    put_answer(bed, "a.example.org")
    reply, body = ask(bed, "a.example.org")
    assert (reply.status, body) == (200, ANSWER)
    assert tls.get(bed.httpd.http_port, "/", "a.example.org")[0] == 301


def test_other_clients_answer_where_we_do_not(bed):  # CH-15
    bed.pebble.stop()
    own_file(bed)
    certificate, key = bed.authority.server_files("site", ("static.example.org",))
    domains = (Domain("managed.example.org", settings=("MDCAChallenges http-01",)),
               Domain("manual.example.org", settings=MANUAL),
               Domain("alpn.example.org", settings=("MDCAChallenges tls-alpn-01",)),
               Domain("static.example.org", settings=(f"MDCertificateFile {certificate}", f"MDCertificateKeyFile {key}")))
    names = [domain.name for domain in domains]
    bed.serve(*domains, options=hosts(bed, *names, "stranger.example.org"))
    seen = {name: ask(bed, name, "own")[0].status for name in (*names, "stranger.example.org")}
    assert seen == {"managed.example.org": 404, "manual.example.org": 200, "alpn.example.org": 200,
                    "static.example.org": 200, "stranger.example.org": 200}


@pytest.mark.ours  # Debian's answers 404
def test_reports_23_a_name_that_only_a_wildcard_covers_is_left_to_others(bed):
    bed.pebble.stop()
    own_file(bed)
    names = ("app.example.org", "own.example.org", "other.example.org")
    bed.configure(options=["<MDomain *.example.org own.example.org>", "MDChallengeDns01 /bin/true", "</MDomain>",
                           *hosts(bed, *names)])
    bed.httpd.start()
    assert {name: ask(bed, name, "own")[0].status for name in names} == {
        "app.example.org": 200, "own.example.org": 404, "other.example.org": 200}


def test_requests_without_a_proper_host(bed):  # CH-16
    bed.pebble.stop()
    bed.serve(Domain("a.example.org"), options=hosts(bed, "a.example.org"))
    put_answer(bed, "a.example.org")
    for path in (PREFIX + "token-1", "/index.html", "/.httpd/certificate-status"):
        assert raw(bed, f"GET {path} HTTP/1.0\r\n\r\n").startswith(b"HTTP/1.1 ")
        for host in ("", ".", "1.2.3.4", "[::1]", "a..b", "_", "a" * 300, "\xff\xfe", "a.example.org:99999"):
            reply = raw(bed, f"GET {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n")
            assert reply.startswith(b"HTTP/1.1 ") and not reply.startswith(b"HTTP/1.1 5"), (path, host)
    assert not bed.httpd.crashes()


@pytest.mark.ours
@pytest.mark.parametrize("said", [False, True], ids=["folder", "directive"])
def test_answers_for_hosts_that_nobody_manages(bed, said):
    """As `a2md drive` leaves them. With no MDomain at all, it is the store that tells where they are."""
    bed.configure(options=hosts(bed, "driven.example.org"))
    configuration = bed.httpd.root / "httpd.conf"
    if not said:
        configuration.write_text(configuration.read_text().replace("MDStoreDir md\n", ""))
        bed.httpd.store.mkdir()
    bed.httpd.start()
    put_answer(bed, "driven.example.org")
    reply, body = ask(bed, "driven.example.org")
    assert (reply.status, body) == (200, ANSWER)
    own_file(bed)
    shutil.rmtree(bed.httpd.store / "challenges/driven.example.org")
    assert ask(bed, "driven.example.org", "own")[0].status == 200
    assert bed.httpd.activator() is None


@pytest.mark.ours
def test_a_broken_store_without_domains_stops_nobody(bed):
    bed.httpd.store.mkdir()
    (bed.httpd.store / "md_store.json").write_text("{")
    bed.configure()
    bed.httpd.start()
    assert tls.get(bed.httpd.http_port, "/index.html")[0] == 200
    assert "challenges are not answered" in bed.httpd.log()


# tls-alpn-01


def handshake(bed, name, *options, address="127.0.0.1"):
    """Certificates that a validation is shown, as text."""
    seen = subprocess.run(["openssl", "s_client", "-connect", f"{address}:{bed.httpd.https_port}", "-servername", name,
                           "-alpn", "acme-tls/1", "-showcerts", *options],
                          stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=20).stdout
    begin = "-----BEGIN CERTIFICATE-----"
    return [subprocess.run(["openssl", "x509", "-noout", "-text"], input=begin + part, capture_output=True, text=True,
                           timeout=20).stdout for part in seen.split(begin)[1:]]


@pytest.mark.ours
@pytest.mark.parametrize("keys", ["RSA 4096 secp384r1", "secp384r1 RSA 4096"])
@pytest.mark.parametrize("version", ["TLSv1.2", "TLSv1.3"])
def test_key_types_in_either_order(bed, keys, version):  # CH-08 CH-11
    domain = Domain("keys.example.org", settings=("MDCAChallenges tls-alpn-01", f"MDPrivateKeys {keys}"))
    bed.serve(domain, options=[f"SSLProtocol {version}"])
    bed.wait_staged(domain, specs=("", "secp384r1"), within=60)
    assert bed.pebble.orders() == 2 and "AH10056" not in bed.httpd.log()  # at the first attempt


@pytest.mark.ours
def test_a_validation_sees_the_challenge_alone(bed):  # CH-09
    """Whatever certificates the host has of its own, while others keep half-open handshakes."""
    certificate, key = bed.authority.server_files("site", ("own.example.org",))
    own = (f"SSLCertificateFile {certificate}", f"SSLCertificateKeyFile {key}",
           f"SSLCertificateChainFile {bed.authority.root_file}")
    settings = ("MDCAChallenges tls-alpn-01", "MDPrivateKeys P-256")
    gate = threading.Event()
    bed.proxy.inject("challenge", hold(gate), times=1)
    domain = Domain("own.example.org", settings=settings, vhost=own)
    bed.serve(domain)
    half_open = [socket.create_connection(("127.0.0.1", bed.httpd.https_port)) for _ in range(30)]
    for connection in half_open:
        connection.sendall(b"\x16\x03\x01\x02\x00\x01")
    eventually(lambda: list(bed.httpd.store.glob("challenges/own.example.org/*pubcert*")), "the challenge is set up")
    for options in (("-tls1_3",), ("-tls1_2",), ("-tls1_2", "-cipher", tls.EC_ONLY)):
        shown = handshake(bed, "own.example.org", *options)
        assert len(shown) == 1 and ACME_IDENTIFIER in shown[0], options
    assert tls.served_certificate(bed.httpd.https_port, "own.example.org").issuer.rfc4514_string().startswith("CN=e2e")
    gate.set()
    bed.wait_staged(domain, specs=("p-256",))
    for connection in half_open:
        connection.close()


@pytest.mark.ours
@pytest.mark.parametrize("cipher_order", ["on", "off"])
@pytest.mark.parametrize("tickets", ["on", "off"])
def test_settings_of_tls_do_not_matter(bed, cipher_order, tickets):  # CH-10
    """HTTP/2 on; over IPv4 and IPv6, in both versions of TLS."""
    name, port = "six.example.org", bed.httpd.https_port
    options = [f"SSLHonorCipherOrder {cipher_order}", f"SSLSessionTickets {tickets}", f"Listen [::1]:{port}",
               f"<VirtualHost [::1]:{port}>", f"ServerName {name}", "SSLEngine on",
               "Protocols h2 http/1.1 acme-tls/1", "</VirtualHost>"]
    gate = threading.Event()
    bed.proxy.inject("challenge", hold(gate), times=1)
    domain = Domain(name, settings=("MDCAChallenges tls-alpn-01", "MDPrivateKeys P-256"))
    bed.serve(domain, options=options)
    eventually(lambda: list(bed.httpd.store.glob(f"challenges/{name}/*pubcert*")), "the challenge is set up")
    for version in ("-tls1_2", "-tls1_3"):
        for address in ("127.0.0.1", "[::1]"):
            shown = handshake(bed, name, version, address=address)
            assert len(shown) == 1 and ACME_IDENTIFIER in shown[0], (version, address)
    gate.set()
    bed.wait_staged(domain, specs=("p-256",))
