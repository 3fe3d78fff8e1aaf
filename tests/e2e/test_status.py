# SPDX-License-Identifier: Apache-2.0
"""md-status: what scripts of users parse."""

import json
import os
import threading
from email.utils import parsedate_to_datetime

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa

from testbed import processes, tls
from testbed.bed import Domain
from testbed.fault_proxy import hold, problem
from testbed.pki import pem
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
    assert "ManagedDomain[0]ActivityLastDetail: not <this> name" in lines
    assert all(line.count(": ") == 1 for line in lines if line.startswith("Managed"))
    bed.configure(refused, options=["MDServerStatus off"])
    bed.httpd.graceful()
    eventually(lambda: "Managed" not in server_status(bed), "the section is gone")


def test_status_of_a_renewed_certificate_in_text(bed):
    """SE-02"""
    bed.serve(DOMAIN)
    bed.obtain(DOMAIN, specs=SPECS.values())
    eventually(lambda: "ManagedDomain[0]Status: good" in server_status(bed, "?auto"), "the set is shown")
    assert "ManagedDomain[0]ActivityRenew: " in server_status(bed, "?auto")


@pytest.mark.ours  # Debian's has no job yet when the file appears
def test_D8_a_job_that_is_in_the_store_is_in_md_status(bed):
    gate = threading.Event()
    bed.proxy.inject("new-order", hold(gate))
    bed.serve(DOMAIN)
    job = bed.store.path / "staging" / DOMAIN.name / "job.json"
    while not job.exists():
        pass
    assert "renewal" in bed.md_status(DOMAIN.name)
    gate.set()


def overwrite(path, content):
    """In place: neither the folder nor the file's number tells."""
    with open(path, "r+b") as file:
        file.write(content)
        file.truncate()


def test_D8_a_staged_file_that_is_overwritten_in_place_is_noticed(bed):
    bed.serve(DOMAIN, options=bed.wait_for_restart())
    bed.wait_staged(DOMAIN, specs=SPECS.values())
    path = bed.store.path / "staging" / DOMAIN.name
    for _ in range(3):
        job = json.loads((path / "job.json").read_text())
        job["errors"] += 7
        overwrite(path / "job.json", json.dumps(job).encode())
        assert all(bed.md_status(DOMAIN.name)["renewal"]["errors"] == job["errors"] for _ in range(4))
    key = rsa.generate_private_key(65537, 2048)
    other = bed.authority.issue(list(DOMAIN.names), key.public_key())
    overwrite(path / "pubcert.pem", pem(other))
    shown = [bed.md_status(DOMAIN.name)["renewal"]["cert"]["rsa"]["serial"] for _ in range(4)]
    assert {int(serial, 16) for serial in shown} == {other.serial_number}
    public = json.loads(bed.fetch_any(DOMAIN.name, "/.httpd/certificate-status").body)
    assert int(public["renewal"]["cert"]["rsa"]["serial"], 16) == other.serial_number


def test_D6_certificate_status_tells_of_the_first_certificate_before_it_is_in_use(bed):
    bed.serve(DOMAIN, options=bed.wait_for_restart())
    bed.wait_staged(DOMAIN, specs=SPECS.values())
    shown = json.loads(bed.fetch_any(DOMAIN.name, "/.httpd/certificate-status").body)
    assert shown["rsa"] == {} and shown["secp384r1"] == {} and "valid" not in shown
    for spec, suffix in SPECS.items():
        certificate = bed.store.chain(DOMAIN.name, "staging", suffix)[0]
        assert int(shown["renewal"]["cert"][spec]["serial"], 16) == certificate.serial_number
    assert shown["renewal"]["cert"]["valid"]["until"]


def test_D4_a_certificate_that_is_renewed_by_hand_says_when_it_is_due(bed):
    by_hand = Domain("hand.example.org", settings=("MDRenewMode manual",))
    bed.serve(by_hand)
    assert bed.md_status(by_hand.name)["renew"] is True


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