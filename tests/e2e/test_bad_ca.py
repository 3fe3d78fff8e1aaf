# SPDX-License-Identifier: Apache-2.0
"""A CA that is down, wrong or hostile: a clear error, the next try scheduled, the server serves, nothing is lost."""

import threading

import pytest

from testbed import tls
from testbed.bed import Domain
from testbed.fault_proxy import (answer, certificate_of_another_key, certificate_of_another_name, drop, endless_body,
                                 half_body, hold, problem)
from testbed.ports import free_port
from testbed.waiting import eventually

DOMAIN = Domain("bad.example.org", settings=("MDPrivateKeys P-256", "MDCAChallenges http-01"))
SPECS = ("p-256",)
ours = pytest.mark.ours

HTML = answer(200, b"<html><body>Welcome to our hotel's wireless network</body></html>")
GARBAGE = answer(200, bytes(range(256)), "application/json")

FAULTS = {
    "directory dropped": ("directory", drop, {}),
    "directory is html": ("directory", HTML, {}),
    "directory is garbage": ("directory", GARBAGE, {}),
    "directory is empty": ("directory", answer(200, b"", "application/json"), {}),
    "directory is half": ("directory", half_body, {"before": False}),
    "directory is endless": ("directory", endless_body, {}),
    "directory is another document": ("directory", answer(200, b'{"hello": "world"}', "application/json"), {}),
    "account refused": ("new-account", problem(403, "userActionRequired", "sign the new terms"), {}),
    "order fails with 500": ("new-order", answer(500, b"Internal Server Error", "text/plain"), {}),
    "order fails with 503 html": ("new-order", answer(503, b"<html>busy</html>"), {}),
    "order refused": ("new-order", problem(400, "rejectedIdentifier", "policy forbids bad.example.org"), {}),
    "nonces never fit": ("new-order", problem(400, "badNonce", "stale"), {}),
    "order is html": ("new-order", HTML, {}),
    "order is half": ("new-order", half_body, {"before": False}),
    "authorization dropped": ("authorization", drop, {}),
    "finalize dropped": ("finalize", drop, {}),
    "certificate is html": ("certificate", HTML, {}),
    "certificate is half": ("certificate", half_body, {"before": False}),
    "certificate is endless": ("certificate", endless_body, {}),
}
# Debian's mod_md asks on for minutes, or crashes.
OURS_ALONE = {"directory is endless", "order fails with 503 html", "authorization dropped", "certificate is html",
              "certificate is half", "certificate is endless"}
# Permanent refusals are tried again a day later, not now.
PERMANENT = {"account refused", "order refused"}


def failed_job(bed):
    """The job after a failed attempt: it counts the error, says what it was, and knows when to go on."""
    def has_failed():
        job = bed.store.job(DOMAIN.name)
        return job if job.get("errors", 0) > 0 and job.get("next-run") else None
    return eventually(has_failed, "the job has failed")


def assert_says_what_failed(bed, job):
    last = job["last"]
    assert last.get("detail") or last.get("problem") or last.get("status-description"), job
    errors = [line for line in bed.httpd.log().splitlines() if "[md:error]" in line and DOMAIN.name in line]
    assert errors, "no error line names the domain"


def assert_serves(bed):
    status, body = tls.get(bed.httpd.http_port, "/index.html")
    assert (status, body) == (200, b"served\n")
    assert tls.fetch(bed.httpd.https_port, DOMAIN.name).status == 503


@pytest.mark.parametrize("fault", [pytest.param(name, marks=ours) if name in OURS_ALONE else name for name in FAULTS])
def test_fault_is_reported_and_survived(bed, fault):
    endpoint, action, when = FAULTS[fault]
    strikes = bed.proxy.inject(endpoint, action, times=None, **when)
    bed.serve(DOMAIN)
    job = failed_job(bed)
    assert_says_what_failed(bed, job)
    assert_serves(bed)
    assert strikes.struck < 100, "requests are repeated without end"
    bed.proxy.heal()
    if fault in PERMANENT:
        (bed.httpd.store / "staging" / DOMAIN.name / "job.json").unlink()
        bed.httpd.graceful()
    bed.wait_staged(DOMAIN, specs=SPECS)
    bed.httpd.graceful()
    bed.wait_served(DOMAIN)
    assert bed.pebble.accounts() == 1


def wrong_certificates(bed):
    return {"key": certificate_of_another_key(bed.proxy, bed.authority),
            "name": certificate_of_another_name(bed.proxy, bed.authority)}


@ours
@pytest.mark.parametrize("wrong", ["key", "name"])
def test_a_certificate_that_nobody_asked_for_is_refused(bed, wrong):
    bed.proxy.inject("certificate", wrong_certificates(bed)[wrong], before=False, times=1)
    bed.serve(DOMAIN)
    assert_says_what_failed(bed, failed_job(bed))
    bed.wait_served(DOMAIN)
    assert bed.store.damage() == []


def test_a_ca_where_nobody_listens(bed):
    bed.configure(DOMAIN, options=[f"MDCertificateAuthority https://localhost:{free_port()}/dir"])
    bed.httpd.start()
    job = failed_job(bed)
    assert job["last"]["status-description"] == "Connection refused"
    assert_says_what_failed(bed, job)
    assert_serves(bed)


def test_a_ca_whose_tls_cannot_be_verified(bed):
    bed.serve(DOMAIN, options=["MDCACertificateFile none"])
    assert_says_what_failed(bed, failed_job(bed))
    assert bed.proxy.count("directory") == 0
    assert_serves(bed)


@ours
def test_retry_after_is_obeyed(bed):
    limit = bed.proxy.inject("new-order", problem(429, "rateLimited", "too many orders", Retry_After="3600"))
    bed.serve(DOMAIN)
    job = failed_job(bed)
    assert "rateLimited" in job["last"]["problem"]
    assert "too many orders" in job["last"]["detail"]
    bed.httpd.graceful()
    eventually(lambda: bed.md_status(DOMAIN.name)["renewal"]["errors"] == 1, "the job is known after the reload")
    assert bed.store.job(DOMAIN.name)["next-run"] == job["next-run"]
    assert limit.struck == bed.proxy.count("new-order") == 1


# Of failures of different kinds: what the line has to say.
ONE_LINE = {
    "problem": ("new-order", problem(400, "malformed", "the CA's own words"), {}, "the CA's own words"),
    "html": ("order", answer(503, b"<html>busy</html>"), {}, "503"),
    "dropped": ("authorization", drop, {}, "authorization"),
    "nonsense": ("certificate", answer(200, b"<html>welcome</html>"), {"before": False}, "certificate"),
}


@ours
@pytest.mark.parametrize("kind", ONE_LINE)
def test_one_attempt_writes_one_error_line(bed, kind):
    endpoint, action, when, words = ONE_LINE[kind]
    bed.proxy.inject(endpoint, action, times=None, **when)
    bed.serve(DOMAIN)
    eventually(lambda: "AH10056" in bed.httpd.log(), "the attempt has failed")
    bed.httpd.stop()
    log = bed.httpd.log().splitlines()
    lines = [line for line in log if "[md:error]" in line]
    assert len(lines) == sum("AH10056" in line for line in log), lines
    assert all("AH10056" in line and DOMAIN.name in line and words in line for line in lines), lines
    assert f"localhost:{bed.proxy.port}" in lines[0]


@ours
def test_a_hanging_ca_does_not_hold_up_the_start_nor_the_stop_nor_other_domains(bed):
    forever = threading.Event()
    hanging = bed.proxy.inject("new-order", hold(forever))
    other = Domain("quick.example.org", settings=DOMAIN.settings)
    bed.serve(DOMAIN, other)
    eventually(lambda: hanging.struck, "one order hangs")
    eventually(lambda: any(bed.store.has_set(d.name, SPECS) for d in (DOMAIN, other)), "the other domain goes on")
    bed.httpd.stop()
    forever.set()


@ours
@pytest.mark.parametrize("times", [1, 2])
@pytest.mark.parametrize("endpoint", ["authorization", "order", "challenge", "finalize", "certificate"])
def test_reports_4_what_was_just_made_may_be_unknown_for_a_moment(bed, endpoint, times):
    """CAs that read from replicas: it is asked again, and all is as if nothing had been."""
    unknown = bed.proxy.inject(endpoint, problem(404, "malformed", f"No such {endpoint}"), times=times)
    said = bed.root / "events"
    said.touch()
    said.chmod(0o666)
    script = bed.root / "events.sh"
    script.write_text(f'#!/bin/sh\necho "$1" >> {said}\n')
    script.chmod(0o755)
    bed.serve(DOMAIN, options=[f"MDMessageCmd {script}"])
    bed.wait_served(DOMAIN)
    assert unknown.struck == times
    assert bed.proxy.count("new-order") == 1 and bed.proxy.count("new-account") == 1
    assert "errored" not in said.read_text() and "renewal at CA" not in bed.httpd.log()
