# SPDX-License-Identifier: Apache-2.0
"""MDHttpProxy: what goes by it, what does not, and what is said where it does not work."""

import json

import pytest

from testbed import tls
from testbed.bed import Domain
from testbed.forward_proxy import PASSWORD, ForwardProxy
from testbed.ocsp import good_staple
from testbed.pki import TestAuthority
from testbed.ports import free_port
from testbed.waiting import eventually

pytestmark = pytest.mark.ours
SETTINGS = ("MDPrivateKeys P-256", "MDCAChallenges http-01")


@pytest.fixture(autouse=True)
def no_exceptions(monkeypatch):
    """Those of the machine would count here, too."""
    for name in ("no_proxy", "NO_PROXY"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def bed(ocsp_bed):
    return ocsp_bed


@pytest.fixture
def proxy(bed):
    """An authority of its own vouches for it, which the CA's root does not."""
    pki = bed.root / "forward-pki"
    pki.mkdir()
    proxy = ForwardProxy(bed.root / "forward", TestAuthority(pki, "e2e proxy authority")).start()
    yield proxy
    bed.httpd.stop()  # a proxy waits for its tunnels to end
    proxy.stop()


def failure(bed, domain, words):
    """What the last attempt for the domain is said to have failed for, once that has these words in it."""
    def has_failed():
        job = bed.store.job(domain.name)
        detail = job["last"].get("detail", "")
        return detail if job.get("errors", 0) > 0 and words in detail else None
    return eventually(has_failed, f"{domain.name} has failed")


def told(bed, domain):
    status = json.dumps(bed.md_status(domain.name)) + json.dumps(bed.md_status())
    return status + tls.get(bed.httpd.http_port, "/server-status")[1].decode() + bed.httpd.log()


def test_requests_to_ca_and_responder(bed, ocsp, proxy):  # AC-43
    """With the wrong password nothing reaches the CA: nothing goes by another way. With the right one all does."""
    domain = Domain("all.example.org", settings=SETTINGS)
    bed.serve(domain, options=["MDStapling on", f"MDHttpProxy {proxy.url('wrong-secret')}"])
    assert proxy.address in failure(bed, domain, "407")
    assert bed.proxy.exchanges == [] and proxy.asked() == set()
    assert "wrong-secret" not in told(bed, domain)
    bed.configure(domain, options=["MDStapling on", f"MDHttpProxy {proxy.url()}"])
    bed.httpd.restart()
    bed.wait_served(domain)
    eventually(lambda: good_staple(bed.httpd.https_port, domain.name), "a staple is there")
    assert proxy.asked() == {f"localhost:{bed.proxy.port}", f"127.0.0.1:{ocsp.port}"}
    assert PASSWORD not in told(bed, domain)


def test_https_proxy_of_one_domain(bed, ocsp, proxy):  # AC-43
    """Only its requests to its CA go by it; the proxy is trusted by roots of its own."""
    roots = f"MDHttpProxyCACertificateFile {bed.root / 'forward-pki/authority.pem'}"
    by_proxy = Domain("by-proxy.example.org", settings=(*SETTINGS, f"MDHttpProxy {proxy.tls_url()}", roots))
    untrusted = Domain("untrusted.example.org", settings=(
        *SETTINGS, f"MDHttpProxy {proxy.tls_url()}", f"MDHttpProxyCACertificateFile {bed.authority.root_file}"))
    nowhere = f"localhost:{free_port()}"
    away = Domain("away.example.org", settings=(*SETTINGS, f"MDHttpProxy http://{nowhere}"))
    direct = Domain("direct.example.org", settings=(*SETTINGS, f"MDCertificateAuthority {bed.pebble.url}"))
    bed.serve(by_proxy, untrusted, away, direct, options=["MDStapling on"])
    bed.wait_served(by_proxy, direct)
    for domain in (by_proxy, direct):
        eventually(lambda: good_staple(bed.httpd.https_port, domain.name), f"{domain.name} has a staple")
    assert proxy.asked() == {f"localhost:{bed.proxy.port}"}
    assert "unable to get local issuer certificate" in failure(bed, untrusted, f"by proxy {proxy.tls_address}")
    assert failure(bed, away, f"by proxy {nowhere}")
    assert bed.store.job(away.name)["last"]["status-description"] == "Connection refused"
