# SPDX-License-Identifier: Apache-2.0
"""What the web sees: redirects to https, challenge answers, 503 before the first certificate."""

import http.client
from dataclasses import dataclass

import pytest
from cryptography import x509

from testbed import tls
from testbed.bed import Domain
from testbed.httpd import DEBIAN_MODULES

READS, WRITES = ("GET", "HEAD"), ("POST", "PUT", "DELETE", "OPTIONS")
HSTS = "strict-transport-security"
HALF_A_YEAR = "max-age=15768000"


@dataclass(frozen=True)
class StaticHost:
    """A managed domain with certificate files of its own, on a host for http and one for https."""
    name: str
    files: tuple                                 # certificate, key
    settings: tuple = ()
    http: tuple = ()                             # lines of the http host
    https: tuple = ()                            # lines of the https host

    def render(self, https_port):
        certificate, key = self.files
        return "\n".join([
            f"<MDomain {self.name}>", f"MDCertificateFile {certificate}", f"MDCertificateKeyFile {key}",
            *self.settings, "</MDomain>",
            "<VirtualHost 127.0.0.1:${HTTP_PORT}>", f"ServerName {self.name}", *self.http, "</VirtualHost>",
            f"<VirtualHost 127.0.0.1:{https_port}>", f"ServerName {self.name}", "SSLEngine on", *self.https,
            "</VirtualHost>", ""])


def load_modules(*names):
    return [f"LoadModule {name}_module {DEBIAN_MODULES}/mod_{name}.so" for name in names]


def serve(bed, *hosts, options=()):
    bed.serve(*hosts, options=[f"Define HTTP_PORT {bed.httpd.http_port}", *options])


def request(port, method, name, path="/index.html?a=1&b=%20c", tls_context=None):
    """Status, headers and body of one request, over TLS where a context is given."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    if tls_context:
        connection.sock = tls.connect(port, name, tls_context)
    try:
        connection.request(method, path, headers={"Host": name})
        reply = connection.getresponse()
        return reply.status, {key.lower(): value for key, value in reply.getheaders()}, reply.read()
    finally:
        connection.close()


def answer(bed, name, path="/index.html", method="GET"):
    """Status and headers over https, whatever the certificate."""
    return request(bed.httpd.https_port, method, name, path, tls.client_context())[:2]


def redirect(bed, name, path="/index.html?a=1&b=%20c", method="GET"):
    """Status and target over http."""
    status, headers, _ = request(bed.httpd.http_port, method, name, path)
    return status, headers.get("location")


@pytest.mark.parametrize("how,for_reads,for_writes", [("temporary", 302, 307), ("permanent", 301, 308)])
def test_http_is_sent_to_https(bed, how, for_reads, for_writes):  # VH-21
    files = bed.authority.server_files("site", ("site.test",))
    serve(bed, StaticHost("site.test", files, (f"MDRequireHttps {how}",)))
    target = "https://site.test/index.html?a=1&b=%20c"
    for method in READS:
        assert redirect(bed, "site.test", method=method) == (for_reads, target)
    for method in WRITES:
        assert redirect(bed, "site.test", method=method) == (for_writes, target)
    for path in ("/.well-known/acme-challenge/token", "/.well-known/security.txt"):
        assert redirect(bed, "site.test", path) == (404, None)
    assert redirect(bed, "stranger.test", "/index.html") == (200, None)
    status, headers = answer(bed, "site.test")
    assert (status, headers.get(HSTS)) == (200, HALF_A_YEAR if how == "permanent" else None)


@pytest.mark.ours  # Debian's sends two fields beside `Header always set`
def test_the_configuration_has_the_last_word_on_transport_security(bed):  # VH-21
    says = {"plain.test": ("", HALF_A_YEAR), "set.test": ("Header set", "max-age=5"),
            "always.test": ("Header always set", "max-age=5"), "unset.test": ("Header unset", None)}
    hosts = []
    for name, (directive, wanted) in says.items():
        value = f'"{wanted}"' if wanted else ""
        hosts.append(StaticHost(name, bed.authority.server_files(name, (name,)),
                                https=(f"{directive} Strict-Transport-Security {value}",) if directive else ()))
    serve(bed, *hosts, options=["MDRequireHttps permanent", *load_modules("headers")])
    for name, (_, wanted) in says.items():
        assert answer(bed, name)[1].get(HSTS) == wanted, name


def test_the_redirect_comes_before_other_modules(bed):  # VH-21
    files = bed.authority.server_files("site", ("site.test",))
    lines = ("RewriteEngine on", "RewriteRule ^/rewritten http://elsewhere.test/ [R]",
             "Redirect /aliased http://elsewhere.test/", "ProxyPass /proxied http://127.0.0.1:1/",
             "<Location /denied>", "Require all denied", "</Location>")
    serve(bed, StaticHost("site.test", files, ("MDRequireHttps temporary",), http=lines),
          options=load_modules("rewrite", "alias", "proxy", "proxy_http"))
    for path in ("/rewritten", "/aliased", "/proxied/", "/denied"):
        assert redirect(bed, "site.test", path) == (302, f"https://site.test{path}")


@pytest.mark.ours  # Debian's reads `<If>` and goes by the domain's setting
def test_a_condition_decides_for_its_requests(bed):
    api = '<If "%{REQUEST_URI} =~ m#^/api#">'
    demanding = (api, "MDRequireHttps permanent", "</If>")
    lenient = (api, "MDRequireHttps off", "</If>")
    files = bed.authority.server_files("site", ("a.test", "b.test"))
    serve(bed, StaticHost("a.test", files, http=demanding, https=demanding),
          StaticHost("b.test", files, ("MDRequireHttps permanent",), http=lenient, https=lenient))
    (bed.httpd.root / "htdocs/api.html").write_text("api\n")
    assert redirect(bed, "a.test", "/api.html") == (301, "https://a.test/api.html")
    assert redirect(bed, "a.test", "/index.html") == (200, None)
    assert redirect(bed, "b.test", "/api.html") == (200, None)
    assert redirect(bed, "b.test", "/index.html") == (301, "https://b.test/index.html")
    shown = {name: [answer(bed, name, path)[1].get(HSTS) for path in ("/api.html", "/index.html")]
             for name in ("a.test", "b.test")}
    assert shown == {"a.test": [HALF_A_YEAR, None], "b.test": [None, HALF_A_YEAR]}


@pytest.mark.parametrize("section", ["<Files x.html>", "<Directory /x>", "<Location /x>", '<If "false">'])
def test_sections_within_a_managed_domain_count_for_nothing(bed, section):
    files = bed.authority.server_files("site", ("a.test", "b.test"))
    closing = f"</{section[1:].split()[0]}>".replace(">>", ">")
    serve(bed, StaticHost("a.test", files, (section, "MDRequireHttps temporary", closing)), StaticHost("b.test", files))
    assert redirect(bed, "a.test", "/index.html") == (302, "https://a.test/index.html")
    assert redirect(bed, "b.test", "/index.html") == (200, None)
    assert bed.md_status("a.test")["require-https"] == "temporary"


def test_a_files_section_around_https_being_required_counts_for_nothing(bed):
    files = bed.authority.server_files("site", ("a.test",))
    serve(bed, StaticHost("a.test", files), options=["<Files x.html>", "MDRequireHttps temporary", "</Files>"])
    assert redirect(bed, "a.test", "/index.html") == (302, "https://a.test/index.html")


@pytest.mark.ours
def test_a_section_that_counts_for_nothing_is_warned_of(bed):
    files = bed.authority.server_files("site", ("a.test",))
    serve(bed, StaticHost("a.test", files, ("<Files y.html>", "MDRequireHttps off", "</Files>")),
          options=["<Files x.html>", "MDRequireHttps temporary", "</Files>"])
    said = [line for line in bed.httpd.log().splitlines() if "around it counts for nothing" in line]
    assert any("<Files> around" in line and "It holds for all Managed Domains of the server" in line for line in said)
    assert any("<Files> around" in line and "It holds for all of the Managed Domain" in line for line in said)
    assert redirect(bed, "a.test", "/index.html") == (200, None)


def test_a_condition_holds_nothing_else(bed):
    files = bed.authority.server_files("site", ("site.test",))
    for lines, words in ((("<If true>", "MDMustStaple on", "</If>"), "not allowed in <If> context"),
                         (("<Location />", "MDRequireHttps permanent", "</Location>"), "cannot occur within"),
                         (("<If true>", "MDRequireHttps sometimes", "</If>"),
                          "supported parameter values are 'temporary' and 'permanent'")):
        bed.configure(StaticHost("site.test", files, http=lines),
                      options=[f"Define HTTP_PORT {bed.httpd.http_port}"])
        code, said = bed.httpd.test_configuration()
        assert code != 0 and words in said, said


def test_a_host_without_tls_is_warned_of(bed):
    bed.configure(options=["<MDomain plain.test>", "MDRequireHttps permanent", "</MDomain>",
                           f"<VirtualHost 127.0.0.1:{bed.httpd.http_port}>", "ServerName plain.test", "</VirtualHost>"])
    code, said = bed.httpd.test_configuration()
    bed.httpd.start()
    assert code == 0
    assert "AH10105: MD plain.test does not match any VirtualHost with 'SSLEngine on'" in bed.httpd.log() + said


def test_certificate_status_can_be_turned_off(bed):
    shown, hidden = (bed.authority.server_files(name, (name,)) for name in ("on.test", "off.test"))
    serve(bed, StaticHost("on.test", shown, https=("RedirectMatch 410 .*",)),
          StaticHost("off.test", hidden, ("MDCertificateStatus off",)), options=load_modules("alias"))
    path = "/.httpd/certificate-status"
    assert (answer(bed, "on.test", path)[0], answer(bed, "off.test", path)[0]) == (200, 404)
    assert answer(bed, "on.test")[0] == 410


def test_what_is_told_before_the_first_certificate_depends_on_the_name_asked_for(bed):  # D6
    bed.pebble.stop()
    bed.serve(Domain("a.example.org", vhost=("ServerAlias alias.test",), settings=("MDMembers manual",)),
              options=[f"<VirtualHost 127.0.0.1:{bed.httpd.http_port}>", "ServerName plain.test", "</VirtualHost>"])
    path = "/.httpd/certificate-status"

    def seen(name):
        with tls.connect(bed.httpd.https_port, name, tls.client_context()) as connection:
            connection.sendall(f"GET /index.html HTTP/1.1\r\nHost: {name}\r\nConnection: close\r\n\r\n".encode())
            over_tls = int(connection.recv(100).split()[1])
        return over_tls, tls.fetch(bed.httpd.https_port, name, path).status, tls.get(bed.httpd.http_port, path, name)[0]

    assert {name: seen(name) for name in ("a.example.org", "alias.test", "stranger.test")} == {
        "a.example.org": (503, 200, 200), "alias.test": (503, 503, 404), "stranger.test": (200, 404, 404)}
    fallback = tls.served_certificate(bed.httpd.https_port, "a.example.org")
    assert fallback.subject.rfc4514_string() == fallback.issuer.rfc4514_string() == "CN=Apache Managed Domain Fallback"


def rule(path, what):
    return (f'<Location "{path}">', what, "</Location>")


@pytest.mark.ours  # Debian's answers whatever the configuration says
def test_reports_14_access_control_holds_for_certificate_status(bed):
    path = "/.httpd/certificate-status"
    lines = {"open.test": (), "path.test": rule(path, "Require ip 10.0.0.0/8"), "host.test": rule("/", "Require all denied"),
             "let-in.test": (*rule("/", "Require all denied"), *rule(path, "Require local"))}
    hosts = [StaticHost(name, bed.authority.server_files(name, (name,)), http=what, https=what)
             for name, what in lines.items()]
    waiting = Domain("waiting.test", vhost=rule(path, "Require all denied"))
    bed.pebble.stop()
    serve(bed, *hosts, waiting, options=load_modules("authz_host"))
    wanted = {"open.test": 200, "path.test": 403, "host.test": 403, "let-in.test": 200}
    assert {name: answer(bed, name, path)[0] for name in lines} == wanted
    assert {name: request(bed.httpd.http_port, "GET", name, path)[0] for name in lines} == wanted
    assert [answer(bed, "waiting.test", where)[0] for where in (path, "/index.html")] == [403, 503]


def test_certificate_status_is_answered_whatever_the_host_serves(bed):
    root = bed.httpd.root
    (root / "private").mkdir()
    lines = {"alias.test": ("Redirect / http://elsewhere.test/",),
             "rewritten.test": ("RewriteEngine on", "RewriteRule .* - [F]"),
             "proxied.test": ("ProxyPass / http://127.0.0.1:1/",),
             "fallback.test": ("FallbackResource /index.html",),
             "private.test": (f'DocumentRoot "{root}/private"', f'<Directory "{root}/private">', "Require all denied",
                              "</Directory>")}
    hosts = [StaticHost(name, bed.authority.server_files(name, (name,)), ("MDRequireHttps permanent",), what, what)
             for name, what in lines.items()]
    serve(bed, *hosts, options=load_modules("alias", "rewrite", "proxy", "proxy_http", "dir"))
    for name in lines:
        for port, context in ((bed.httpd.http_port, None), (bed.httpd.https_port, tls.client_context())):
            status, headers, body = request(port, "GET", name, "/.httpd/certificate-status", context)
            assert (status, headers.get("content-type"), body[:1]) == (200, "application/json", b"{"), (name, port)
            assert request(port, "HEAD", name, "/.httpd/certificate-status", context)[::2] == (200, b""), (name, port)


def with_dot(port, name, path, context=None):
    """Status, target and body, where the client writes the name with its dot."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    if context:
        connection.sock = tls.connect(port, name, context)
    try:
        connection.request("GET", path, headers={"Host": f"{name}."})
        reply = connection.getresponse()
        return reply.status, reply.getheader("Location"), reply.read()
    finally:
        connection.close()


def test_reports_32_a_host_may_be_written_with_its_dot(bed):
    challenge = "/.well-known/acme-challenge/token"
    files = [bed.authority.server_files(name, (name,)) for name in ("site.test", "other.test")]
    bed.pebble.stop()
    serve(bed, StaticHost("site.test", files[0], ("MDRequireHttps permanent",)), StaticHost("other.test", files[1]),
          Domain("waiting.test"))
    folder = bed.httpd.store / "challenges/waiting.test"
    folder.mkdir()
    folder.chmod(0o755)
    (folder / "acme-http-01.txt").write_text("answer")
    (folder / "acme-http-01.txt").chmod(0o644)
    http_port, https_port, context = bed.httpd.http_port, bed.httpd.https_port, tls.client_context()
    assert with_dot(http_port, "waiting.test", challenge)[::2] == (200, b"answer")
    assert with_dot(http_port, "site.test", "/index.html?a")[:2] == (301, "https://site.test/index.html?a")
    assert with_dot(https_port, "waiting.test", "/index.html", context)[0] == 503
    for name in ("site.test", "other.test"):
        shown = [with_dot(port, name, "/.httpd/certificate-status", how) for port, how in
                 ((http_port, None), (https_port, context))]
        assert [status for status, _, _ in shown] == [200, 200]
        serial = f"{x509.load_pem_x509_certificate(files[name == 'other.test'][0].read_bytes()).serial_number:X}"
        assert all(serial in body.decode() for _, _, body in shown)


@pytest.mark.ours
def test_the_main_server_can_be_managed(bed):  # VH-11
    name = "base.example.org"
    main = [f"ServerName {name}", "SSLEngine on", f"MDomain {name}", "MDCAChallenges tls-alpn-01", "MDPrivateKeys P-256"]
    bed.configure(options=[*main, "MDBaseServer on"])
    bed.httpd.start()
    bed.wait_served(Domain(name))
