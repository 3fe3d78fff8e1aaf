# SPDX-License-Identifier: Apache-2.0
"""A managed domain gets its certificate: every challenge, TLS version and key type, and either kind of user."""

import pwd

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from testbed import processes, tls
from testbed.bed import Domain, Layout
from testbed.fault_proxy import problem
from testbed.httpd import CHILD_USER
from testbed.processes import ORDINARY_USER
from testbed.tls import names_in
from testbed.waiting import eventually

HTTP_01, TLS_ALPN_01 = "MDCAChallenges http-01", "MDCAChallenges tls-alpn-01"


def test_before_its_certificate_a_domain_answers_503(bed):
    domain = Domain("early.example.org")
    bed.pebble.stop()
    bed.serve(domain)
    answer = tls.fetch(bed.httpd.https_port, domain.name)
    assert answer.status == 503
    assert domain.name in names_in(answer.certificate)
    assert bed.store.json("domains", domain.name, "md.json")["name"] == domain.name


def serve_without(bed, domain, *directives):
    bed.configure(domain)
    conf = bed.httpd.root / "httpd.conf"
    conf.write_text("".join(line + "\n" for line in conf.read_text().splitlines() if not line.startswith(directives)))
    bed.httpd.start()


def test_A16_terms_that_were_not_agreed_to(bed):
    domain = Domain("terms.example.org", settings=(HTTP_01,))
    serve_without(bed, domain, "MDCertificateAgreement")
    last = eventually(lambda: (job := bed.store.job(domain.name)).get("errors") and job["last"], "it has failed")
    assert last["detail"].startswith("the CA requires you to accept the terms-of-service as specified in <data:text/plain,"), last
    assert 'configure "MDCertificateAgreement accepted" in your Apache' in last["detail"]
    assert "problem" not in last and bed.pebble.accounts() == 0
    assert last["detail"] in bed.httpd.log()


@pytest.mark.ours
def test_reports_6_server_admins_do_not_change_the_account(bed):
    """Each virtual host has one of its own; all share one account. A configured contact that is refused is a warning."""
    one, two = (Domain(f"{name}.example.net", settings=(HTTP_01,), vhost=(f"ServerAdmin admin@{name}.test.net",))
                for name in ("one", "two"))
    bed.configure(one, two)
    conf = bed.httpd.root / "httpd.conf"
    without = "".join(line for line in conf.read_text().splitlines(keepends=True) if not line.startswith("MDContactEmail"))
    conf.write_text(without)
    bed.httpd.start()
    bed.wait_served(one, two)
    (account,) = bed.store.accounts()
    contact = bed.store.json("accounts", account, "account.json")["contact"]
    assert contact in (["mailto:admin@one.test.net"], ["mailto:admin@two.test.net"])
    for more in ("more", "most"):
        one, two = (domain.grown(f"{more}.{domain.name}") for domain in (one, two))
        bed.configure(one, two)
        conf.write_text("".join(line for line in conf.read_text().splitlines(keepends=True)
                                if not line.startswith("MDContactEmail")))
        bed.httpd.graceful()
        bed.wait_served(one, two)
    assert bed.proxy.count("account") == 0 and bed.pebble.accounts() == 1

    refusal = bed.proxy.inject("account", problem(400, "invalidContact", "that is nobody"), times=None)
    one, two = (domain.grown(f"last.{domain.name}") for domain in (one, two))
    bed.configure(one, two, options=["MDContactEmail other@test.net"])
    bed.httpd.graceful()
    bed.wait_served(one, two)
    assert refusal.struck == 1
    warned = [line for line in bed.httpd.log().splitlines() if "that is nobody" in line]
    assert len(warned) == 1 and "[md:warn]" in warned[0], warned
    assert "renewal at CA" not in bed.httpd.log()


def test_http_01_alone(bed):
    domain = Domain("web.example.org", settings=(HTTP_01,), protocols="h2 http/1.1")
    bed.serve(domain)
    bed.obtain(domain)
    assert names_in(bed.fetch(domain.name).certificate) == set(domain.names)


# Debian's mod_md answers tls-alpn-01 with an RSA certificate alone.
EC_CHALLENGE = pytest.mark.ours


@pytest.mark.parametrize("key", ["RSA 2048", pytest.param("P-256", marks=EC_CHALLENGE)])
@pytest.mark.parametrize("version", ["TLSv1.2", "TLSv1.3"])
def test_tls_alpn_01_alone(bed, version, key):
    domain = Domain("alpn.example.org", settings=(TLS_ALPN_01, f"MDPrivateKeys {key}"))
    bed.serve(domain, options=[f"SSLProtocol {version}"])
    bed.obtain(domain, specs=spec_files(key))
    answer = bed.fetch(domain.name)
    assert answer.protocol == version
    assert isinstance(answer.certificate.public_key(), rsa.RSAPublicKey if key.startswith("RSA") else
                      ec.EllipticCurvePublicKey)


def spec_files(*keys):
    return tuple("" if key.startswith("RSA") else key.lower() for key in keys)


@pytest.mark.parametrize("ciphers", [
    pytest.param(tls.RSA_ONLY, id="RSA"), pytest.param(tls.EC_ONLY, id="EC", marks=EC_CHALLENGE)])
def test_tls_alpn_01_where_the_server_offers_one_key_type_alone(bed, ciphers):
    key = "RSA 2048" if ciphers == tls.RSA_ONLY else "secp384r1"
    domain = Domain("onetype.example.org", settings=(TLS_ALPN_01, f"MDPrivateKeys {key}"))
    bed.serve(domain, options=["SSLProtocol TLSv1.2", f"SSLCipherSuite {ciphers}"])
    bed.obtain(domain, specs=spec_files(key))


@pytest.mark.parametrize("challenge", [HTTP_01, TLS_ALPN_01], ids=["http-01", "tls-alpn-01"])
def test_two_key_types(bed, challenge):
    domain = Domain("two.example.org", settings=("MDPrivateKeys RSA 2048 secp384r1", challenge))
    bed.serve(domain)
    bed.obtain(domain, specs=("", "secp384r1"))
    assert isinstance(bed.fetch(domain.name, ciphers=tls.RSA_ONLY).certificate.public_key(), rsa.RSAPublicKey)
    assert bed.fetch(domain.name, ciphers=tls.EC_ONLY).certificate.public_key().curve.name == "secp384r1"
    assert bed.pebble.orders() == 2


def test_several_names(bed):
    domain = Domain("many.example.org", ("www.many.example.org", "img.many.example.org", "a.b.many.example.org"))
    bed.serve(domain)
    bed.obtain(domain)
    assert names_in(bed.fetch(domain.name).certificate) == set(domain.names)
    assert bed.pebble.orders() == 1


def test_twenty_domains_at_once_share_one_account(bed):
    domains = [Domain(f"d{number}.example.org", settings=("MDPrivateKeys P-256", HTTP_01)) for number in range(20)]
    bed.serve(*domains)
    bed.wait_staged(*domains, specs=("p-256",), within=60)
    bed.httpd.graceful()
    bed.wait_served(*domains)
    assert bed.pebble.accounts() == 1
    assert bed.pebble.orders() == 20


def test_a_ca_that_refuses_half_of_the_nonces(make_bed):
    bed = make_bed(nonce_reject=50)
    domain = Domain("nonce.example.org", ("www.nonce.example.org",))
    bed.serve(domain)
    bed.wait_staged(domain, within=60)
    bed.httpd.graceful()
    bed.wait_served(domain)
    assert any(exchange.status == 400 for exchange in bed.proxy.exchanges)
    assert bed.pebble.accounts() == 1


@pytest.mark.root
def test_started_as_root_the_children_own_no_keys(bed):
    domain = Domain("root.example.org", settings=("MDPrivateKeys RSA secp384r1",))
    bed.serve(domain)
    bed.obtain(domain, specs=("", "secp384r1"))
    child_uid = pwd.getpwnam(CHILD_USER).pw_uid
    assert processes.uid(bed.httpd.pid) == 0
    assert {processes.uid(pid) for pid in bed.httpd.serving_children()} == {child_uid}
    assert bed.store.exposures(child_uid) == []
    assert bed.store.damage() == []


@pytest.mark.root
def test_started_as_an_ordinary_user(make_bed):
    bed = make_bed(Layout(user=ORDINARY_USER))
    domain = Domain("plain.example.org", settings=("MDPrivateKeys RSA P-256",))
    bed.serve(domain)
    bed.obtain(domain, specs=("", "p-256"))
    owner = pwd.getpwnam(ORDINARY_USER).pw_uid
    assert {path.stat().st_uid for path in bed.httpd.store.rglob("*")} == {owner}
    assert bed.store.damage() == []


@pytest.mark.parametrize("mpm", ["prefork", "worker"])
def test_other_processing_modules(make_bed, mpm):  # PM-09
    bed = make_bed(Layout(mpm=mpm))
    domain = Domain("mpm.example.org")
    bed.serve(domain)
    bed.obtain(domain)


@pytest.mark.ours
@pytest.mark.parametrize("mpm", ["event", "prefork", "worker"])
def test_one_process_alone(make_bed, mpm):
    """PM-09: httpd -X has no children: worker, loader and hooks are in the process that was started"""
    bed = make_bed(Layout(mpm=mpm, one_process=True))
    domain = Domain("debug.example.org", settings=("MDPrivateKeys P-256",))
    bed.configure(domain)
    bed.httpd.launch()
    bed.wait_served(domain)
    assert bed.httpd.serving_children() == []
    first = bed.serial(domain.name)
    bed.httpd.stop()
    assert bed.httpd.exit_code() == 0
    bed.httpd.launch()
    bed.wait_served(domain)
    assert bed.serial(domain.name) == first and bed.pebble.orders() == 1
