# SPDX-License-Identifier: Apache-2.0
"""What newer CAs offer: certificate profiles, and renewal information (RFC 9773)."""

import datetime
import json

import pytest

from testbed.bed import Domain
from testbed.fault_proxy import problem
from testbed.waiting import eventually

pytestmark = [pytest.mark.ours, pytest.mark.newer_pebble]
SETTINGS = ("MDPrivateKeys P-256", "MDCAChallenges http-01")
SPEC = "p-256"
DAY = datetime.timedelta(days=1)
PROFILES = {"shortlived": {"description": "six days", "validityPeriod": 6 * 86400},
            "classic": {"description": "ninety days", "validityPeriod": 90 * 86400}}


@pytest.fixture
def bed(make_bed):
    return make_bed(newer=True, config={"profiles": PROFILES})


def failed_job(bed, domain):
    def has_failed():
        job = bed.store.job(domain.name)
        return job if job.get("errors", 0) > 0 and job.get("next-run") else None
    return eventually(has_failed, f"{domain.name} has failed")


def orders(bed):
    """What was asked of the CA, and its answers' status."""
    return [(exchange.payload(), exchange.status) for exchange in bed.proxy.requests("new-order")]


def test_profiles(bed):  # AC-39
    def asking_for(name, *lines):
        return Domain(f"{name}.example.org", settings=(*SETTINGS, *lines))
    offered = asking_for("offered", "MDProfile shortlived", "MDProfileMandatory on")
    optional = asking_for("optional", "MDProfile tlsserver")
    mandatory = asking_for("mandatory", "MDProfile tlsserver", "MDProfileMandatory on")
    bed.serve(offered, optional, mandatory)
    bed.wait_served(offered, optional)
    leaf = bed.store.chain(offered.name, spec=SPEC)[0]
    assert abs(leaf.not_valid_after - leaf.not_valid_before - 6 * DAY) < DAY / 24
    last = failed_job(bed, mandatory)["last"]
    assert last["activity"] == "Creating new order, key-spec=ec-P-256, profile=tlsserver, replacing-cert=none"  # C7
    assert "problem" not in last
    detail = last["detail"]
    assert all(word in detail for word in ("'tlsserver'", "shortlived", "classic")), detail
    asked = {order["identifiers"][0]["value"]: order.get("profile") for order, _ in orders(bed)}
    assert asked == {offered.name: "shortlived", optional.name: None}
    warned = [line for line in bed.httpd.log().splitlines() if "[md:warn]" in line and f" {optional.name}: " in line]
    assert len(warned) == 1 and "'tlsserver'" in warned[0] and "shortlived" in warned[0], warned


def advise(bed, name, start, end, explanation=None):
    """The CA advises so about the live certificate from now on; a full start asks it, whatever it said before."""
    pem = (bed.httpd.store / "domains" / name / f"pubcert.{SPEC}.pem").read_text()
    leaf = pem[:pem.index("-----END CERTIFICATE-----")] + "-----END CERTIFICATE-----\n"
    now = datetime.datetime.utcnow()
    start, end = (f"{now + moment:%Y-%m-%dT%H:%M:%SZ}" for moment in (start, end))
    advice = {"suggestedWindow": {"start": start, "end": end}}
    if explanation:
        advice["explanationURL"] = explanation
    bed.pebble.manage("/set-renewal-info/", {"certificate": leaf, "ariResponse": json.dumps(advice)})
    asked = bed.proxy.count("renewal-info")
    bed.httpd.restart()
    eventually(lambda: bed.proxy.count("renewal-info") > asked, "it is asked again")


def test_C4_a_full_start_asks_once_more(bed):
    """Reloads and checks keep to the CA's Retry-After, of hours."""
    domain = Domain("asked.example.org", settings=SETTINGS)
    bed.serve(domain, options=["MDCheckInterval 1s"])
    bed.wait_served(domain)
    eventually(lambda: bed.proxy.count("renewal-info"), "the CA is asked")

    def checks_after(change):
        mark = bed.httpd.mark()
        change()
        eventually(lambda: bed.httpd.log_since(mark).count("not due before") > 2, "it has looked")
    asked = bed.proxy.count("renewal-info")
    checks_after(bed.httpd.graceful)
    assert bed.proxy.count("renewal-info") == asked
    checks_after(bed.httpd.restart)
    assert bed.proxy.count("renewal-info") == asked + 1
    checks_after(bed.httpd.graceful)
    assert bed.proxy.count("renewal-info") == asked + 1


def chosen_moment(bed, name):
    def moments():
        kept = bed.store.json("renewal-info", f"{name}.json")
        return [one["renew-at"] for one in kept["certificates"] if one.get("renew-at")]
    return eventually(moments, "a moment is chosen")[0]


def test_renewal_information(bed):
    """AC-36, AC-37, AC-38: a window to come, of which a moment is kept over restarts; then one that has passed: the new
    order names what it replaces, and the one after a failure does, until the CA says that it has been replaced."""
    domain = Domain("advised.example.org", settings=SETTINGS)
    bed.serve(domain, options=["MDCheckInterval 1s"])
    bed.wait_served(domain)
    first = bed.store.serial(domain.name, SPEC)
    eventually(lambda: bed.proxy.count("renewal-info"), "the CA is asked")

    advise(bed, domain.name, 2 * DAY, 3 * DAY)
    moment = chosen_moment(bed, domain.name)
    mark = bed.httpd.mark()
    asked = bed.proxy.count("renewal-info")
    bed.httpd.graceful()
    eventually(lambda: bed.httpd.log_since(mark).count("not due before"), "it has looked")
    assert chosen_moment(bed, domain.name) == moment
    assert bed.proxy.count("renewal-info") == asked and len(orders(bed)) == 1

    # The CA has issued, and counts the old certificate as replaced, when its certificate is not handed out.
    bed.proxy.inject("certificate", problem(404, "malformed", "not this time"), before=False, times=4)
    advise(bed, domain.name, -2 * DAY, -DAY, explanation="https://ca.example.org/incident-7")
    eventually(lambda: bed.store.serial(domain.name, SPEC) != first, "it is renewed", within=40)
    told = [line for line in bed.httpd.log().splitlines() if "[md:notice]" in line and "incident-7" in line]
    assert len(told) == 1, told
    replaced = [order.get("replaces") for order, _ in orders(bed)]
    assert replaced[0] is None and replaced[1] and replaced[1:] == [replaced[1], replaced[1], None], replaced
    assert [status for _, status in orders(bed)] == [201, 201, 409, 201]
