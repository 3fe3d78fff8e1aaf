# SPDX-License-Identifier: Apache-2.0
"""A CA that wants to be left alone for a while, and one that another steps in for."""

import json
import time
from email.utils import formatdate, parsedate_to_datetime

import pytest

from testbed import tls
from testbed.bed import Domain
from testbed.fault_proxy import answer, problem
from testbed.pebble import Pebble
from testbed.waiting import eventually

pytestmark = pytest.mark.ours
DOMAIN = Domain("busy.example.org", settings=("MDPrivateKeys P-256", "MDCAChallenges http-01"))


def in_seconds(seconds):
    return str(seconds)


def as_date(seconds):
    """Whole seconds: up to one less than that."""
    return formatdate(time.time() + seconds, usegmt=True)


# Made when the CA is asked.
BUSY = {
    "new-nonce 503": ("new-nonce", lambda: answer(503, b"", Retry_After=in_seconds(4))),
    "new-order 503": ("new-order", lambda: answer(503, b"<html>busy</html>", Retry_After=as_date(5))),
    "new-order 429": ("new-order", lambda: problem(429, "rateLimited", "too many orders", Retry_After=as_date(5))),
}


@pytest.mark.parametrize("case", BUSY)
def test_retry_after_is_obeyed_to_the_second(bed, case):
    """AC-48: no request of any kind comes earlier, though MDRetryDelay is 1 s; then one comes, and all goes well."""
    endpoint, make_answer = BUSY[case]
    refusal = bed.proxy.inject(endpoint, lambda *exchange: make_answer()(*exchange))
    bed.serve(DOMAIN)
    # Each child has a picture of its own, one a moment older than the other.
    told = eventually(lambda: refusal.struck and bed.md_status(DOMAIN.name).get("renewal", {}).get("next-run"), "it is told")
    next_run = parsedate_to_datetime(told).timestamp()
    assert "it asks to wait" in bed.httpd.log()
    bed.wait_served(DOMAIN)
    refused = next(exchange for exchange in bed.proxy.requests(endpoint) if exchange.status in (429, 503))
    earlier = [exchange.endpoint for exchange in bed.proxy.exchanges
               if refused.started < exchange.started < refused.answered + 3]
    assert earlier == [], earlier
    assert next_run >= time.time() - (time.monotonic() - refused.answered) + 3
    assert refusal.struck == 1 and bed.pebble.accounts() == 1


def test_another_ca_steps_in(bed):
    """AC-24: after two errors in a row the next CA is asked; a success resets the counter, so that the renewal after
    that asks the first one, with the account that it knows."""
    second = Pebble(bed.root / "second", bed.authority, bed.httpd.http_port, bed.httpd.https_port).start()
    try:
        refusal = bed.proxy.inject("new-order", problem(500, "serverInternal", "not today"), times=None)
        options = [f"MDCertificateAuthority {bed.proxy.url} {second.url}", "MDRetryFailover 2"]
        bed.serve(DOMAIN, options=options)
        roots = second.roots()
        eventually(lambda: tls.fetch(bed.httpd.https_port, DOMAIN.name, roots=roots).status == 200,
                   "the second's certificate is served")
        assert (refusal.struck, second.orders(), second.accounts()) == (2, 1, 1)
        assert "not today" in bed.httpd.log()

        bed.proxy.heal()
        jobs = bed.httpd.store.glob(f"*/{DOMAIN.name}/job.json")
        assert {json.loads(job.read_text()).get("errors", 0) for job in jobs} == {0}
        grown = DOMAIN.grown("more.busy.example.org")
        bed.configure(grown, options=options)
        bed.httpd.graceful()
        bed.wait_served(grown)
        assert (bed.pebble.orders(), bed.pebble.accounts(), second.orders()) == (1, 1, 1)
        assert len(bed.store.accounts()) == 2
        assert bed.store.damage() == []
    finally:
        bed.httpd.stop()
        second.stop()


def test_a_change_of_the_ca_is_followed(bed):
    """A certificate is renewed when its CA is not configured any more: once, whatever is restarted after that."""
    second = Pebble(bed.root / "second", bed.authority, bed.httpd.http_port, bed.httpd.https_port).start()
    try:
        bed.serve(DOMAIN)
        bed.wait_served(DOMAIN)
        bed.configure(DOMAIN, options=[f"MDCertificateAuthority {second.url}"])
        bed.httpd.graceful()
        roots = second.roots()
        eventually(lambda: tls.fetch(bed.httpd.https_port, DOMAIN.name, roots=roots).status == 200,
                   "the second's certificate is served")
        for again in (lambda: None, bed.httpd.graceful, bed.httpd.restart):
            again()
            status = eventually(lambda: (md := bed.md_status(DOMAIN.name))["state"] == 2 and md, "the set is complete")
            assert not status.get("renew"), status
            assert status["ca"]["urls"] == [second.url]
        assert (bed.pebble.orders(), second.orders()) == (1, 1)
        assert bed.store.damage() == []
    finally:
        bed.httpd.stop()
        second.stop()
