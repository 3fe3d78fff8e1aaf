# SPDX-License-Identifier: Apache-2.0
"""md-status: what scripts of users parse."""

import json
import os
import threading
from email.utils import parsedate_to_datetime

import pytest

from testbed import processes, tls
from testbed.bed import Domain
from testbed.fault_proxy import hold, problem
from testbed.waiting import eventually

DOMAIN = Domain("status.example.org", ("www.status.example.org",), ("MDPrivateKeys RSA secp384r1",))
SPECS = {"rsa": "", "secp384r1": "secp384r1"}


def test_before_and_while_a_certificate_is_made(bed):
    gate = threading.Event()
    bed.proxy.inject("new-order", hold(gate))
    bed.serve(DOMAIN)
    seen = eventually(lambda: (md := bed.md_status(DOMAIN.name)).get("renewal") and md, "a renewal is under way")
    assert seen["name"] == DOMAIN.name
    assert seen["domains"] == list(DOMAIN.names)
    assert seen["contacts"] == ["mailto:admin@example.org"]
    assert seen["ca"]["urls"] == [bed.proxy.url]
    assert seen["state"] == 1
    assert "is missing" in seen["state-descr"]
    assert seen["cert"] == {}
    assert (seen["renew-window"], seen["warn-window"], seen["renew-mode"]) == ("33%", "10%", 1)
    assert seen["renew"] is True and seen["watched"] is True
    assert seen["renewal"]["finished"] is False
    assert seen["renewal"]["log"]["entries"]
    gate.set()


def hex_bytes(number):
    return number.to_bytes((number.bit_length() + 7) // 8, "big").hex().upper()


def test_an_active_certificate(bed):
    """SE-04: started as root, the children that answer may not read domains/."""
    bed.serve(DOMAIN)
    bed.obtain(DOMAIN, specs=SPECS.values())
    seen = eventually(lambda: (md := bed.md_status(DOMAIN.name))["state"] == 2 and md, "the set is complete")
    assert not seen.get("renew")
    assert seen["ca"]["account"] == bed.store.accounts()[0]
    for spec, suffix in SPECS.items():
        certificate = bed.store.chain(DOMAIN.name, spec=suffix)[0]
        shown = seen["cert"][spec]
        assert shown["serial"] == hex_bytes(certificate.serial_number)
        assert parsedate_to_datetime(shown["valid"]["until"]).replace(tzinfo=None) == certificate.not_valid_after
        assert len(shown["sha256-fingerprint"]) == 64
    assert parsedate_to_datetime(seen["renew-at"]) < parsedate_to_datetime(seen["cert"]["valid"]["until"])


def test_all_domains_sorted_and_one_by_any_of_its_names(bed):
    others = [Domain("z.example.org"), Domain("a.example.org")]
    bed.pebble.stop()
    bed.serve(*others, DOMAIN)
    everything = bed.md_status()
    assert [md["name"] for md in everything["managed-domains"]] == ["a.example.org", DOMAIN.name, "z.example.org"]
    assert everything["version"]
    assert bed.md_status(DOMAIN.aliases[0])["name"] == DOMAIN.name


@pytest.mark.ours
def test_an_unknown_domain_is_not_found(bed):
    bed.serve(DOMAIN)
    status, body = tls.get(bed.httpd.http_port, "/md-status/unknown.example.org")
    assert status == 404
    assert json.loads(body)


def test_a_failed_attempt_shows_the_problem(bed):
    bed.proxy.inject("new-order", problem(403, "rejectedIdentifier", "not that name"), times=None)
    bed.serve(DOMAIN)
    renewal = eventually(lambda: (r := bed.md_status(DOMAIN.name).get("renewal", {})).get("errors") and r, "it failed")
    assert renewal["last"]["problem"] == "urn:ietf:params:acme:error:rejectedIdentifier"
    assert "not that name" in renewal["last"]["detail"]
    assert parsedate_to_datetime(renewal["next-run"])


@pytest.mark.ours
def test_a_live_activation_shows_in_the_renewal(bed):
    bed.serve(DOMAIN)
    bed.wait_served(DOMAIN)
    renewal = eventually(lambda: (r := bed.md_status(DOMAIN.name).get("renewal", {})).get("activated") and r,
                         "the renewal is shown as activated")
    assert renewal["finished"] is True
    assert parsedate_to_datetime(renewal["activated"])


def test_no_secret_appears(bed):
    bed.serve(DOMAIN)
    bed.obtain(DOMAIN, specs=SPECS.values())
    secret = bed.store.json("md_store.json")["key"]
    for path in ("/md-status", f"/md-status/{DOMAIN.name}"):
        _, body = tls.get(bed.httpd.http_port, path)
        assert secret.encode() not in body and b"PRIVATE" not in body


def server_status(bed, query=""):
    status, body = tls.get(bed.httpd.http_port, f"/server-status{query}")
    assert status == 200
    return body if isinstance(body, str) else body.decode()


def test_server_status_for_people_and_for_scripts(bed):
    """SE-02, SE-07"""
    refused = Domain("refused.example.org")
    bed.proxy.inject("new-order", problem(400, "rejectedIdentifier", "not <this> name"), times=None)
    bed.serve(refused)
    eventually(lambda: "Failed: not &lt;this&gt; name" in server_status(bed), "the CA's words are on the page")
    page, lines = server_status(bed), server_status(bed, "?auto").splitlines()
    assert "<h3>Managed Certificates</h3>" in page and "<script" not in page
    assert "ManagedCertificatesErrored: 1" in lines
    assert "ManagedDomain[0]LastDetail: not <this> name" in lines
    assert all(": " in line or line in ("", "127.0.0.1") for line in lines if line.startswith("Managed"))
    bed.configure(refused, options=["MDServerStatus off"])
    bed.httpd.graceful()
    eventually(lambda: "Managed" not in server_status(bed), "the section is gone")


def test_status_of_a_renewed_certificate_in_text(bed):
    """SE-02"""
    bed.serve(DOMAIN)
    bed.obtain(DOMAIN, specs=SPECS.values())
    eventually(lambda: "ManagedDomain[0]Status: good" in server_status(bed, "?auto"), "the set is shown")
    assert "ManagedDomain[0]ActivityRenew: " in server_status(bed, "?auto")


@pytest.mark.skipif("MD_HTTPD_PRELOAD" in os.environ, reason="a sanitizer keeps what is freed for a while")
def test_a_child_does_not_grow_by_answering(bed):
    """SE-01"""
    bed.pebble.stop()
    bed.serve(*(Domain(f"d{number}.example.org") for number in range(10)))
    paths = ("/md-status", "/md-status/d3.example.org", "/server-status?auto", "/server-status", "/md-metrics")

    def ask(times):
        for number in range(times):
            assert tls.get(bed.httpd.http_port, paths[number % len(paths)])[0] == 200

    def memory():
        return {pid: processes.anonymous_memory(pid) for pid in bed.httpd.serving_children()}

    def growth():
        """By which the child that grew most did so over a thousand answers."""
        before = memory()
        ask(1000)
        after = memory()
        return max(after[pid] - before[pid] for pid in before.keys() & after.keys())

    ask(1000)
    # What answers leave behind is kilobytes each, in every round; allocators of many threads take some to settle.
    assert any(growth() < 300 for _ in range(8))