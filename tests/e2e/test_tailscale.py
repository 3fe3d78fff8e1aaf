# SPDX-License-Identifier: Apache-2.0
"""Certificates from tailscaled, or rather from a stand-in for it (testbed/tailscaled.py)."""

import pytest

from testbed import tls
from testbed.bed import Domain
from testbed.pki import DAY
from testbed.tailscaled import Tailscaled
from testbed.waiting import eventually

pytestmark = pytest.mark.ours  # Debian's is built without it
NAME = "host.tailnet.ts.net"


@pytest.fixture
def make_daemon(bed):
    daemons = []

    def make(**how):
        daemons.append(Tailscaled(bed.authority, bed.root / f"tailscaled-{len(daemons)}.sock", **how).start())
        daemons[-1].names.add(NAME)
        return daemons[-1]

    yield make
    for daemon in daemons:
        daemon.stop()


def domain_of(daemon, *settings):
    return Domain(NAME, settings=("MDCertificateProtocol tailscale", f"MDCertificateAuthority {daemon.url}", *settings))


def served(bed):
    return tls.served_certificate(bed.httpd.https_port, NAME).serial_number


@pytest.mark.parametrize("generation", ["today", "older"])
def test_a_certificate_of_the_daemon_goes_live(bed, make_daemon, generation):
    daemon = make_daemon(knows_pairs=generation == "today")
    bed.serve(domain_of(daemon))
    eventually(lambda: served(bed) == daemon.serial(NAME), "the daemon's certificate is served")
    types = [query["type"] for query in daemon.queries()]
    assert types == (["pair"] if generation == "today" else ["pair", "crt", "key"])
    status = bed.md_status(NAME)
    assert (status["ca"]["proto"], status["ca"]["urls"], status["state"]) == ("tailscale", [daemon.url], 2)
    assert not bed.store.damage()


def test_the_daemon_renews_when_we_want_it_to(bed, make_daemon):
    daemon = make_daemon(lasts=10 * DAY)
    bed.serve(domain_of(daemon, "MDRenewWindow 5d"))
    eventually(lambda: served(bed) == daemon.serial(NAME), "the daemon's certificate is served")
    first, daemon.lasts = daemon.serial(NAME), 90 * DAY
    bed.configure(domain_of(daemon, "MDRenewWindow 10d"), options=["MDCheckInterval 1s"])
    bed.httpd.graceful()
    eventually(lambda: served(bed) == daemon.serial(NAME) != first, "a new one is served")


def test_what_is_wrong_is_said(bed, make_daemon):
    daemon = make_daemon()
    daemon.refusal = (403, "cert access denied")
    bed.serve(domain_of(daemon))

    def problem():
        return bed.md_status(NAME).get("renewal", {}).get("last", {}).get("detail", "")

    eventually(lambda: "cert access denied; let the user" in problem(), "the daemon's words")
    daemon.refusal = (500, "acme: no such luck")
    eventually(lambda: "answers 500: acme: no such luck" in problem(), "its other words")
    daemon.stop()
    eventually(lambda: "is tailscaled running" in problem(), "that it is gone")
    daemon.refusal = None
    daemon.start()
    eventually(lambda: served(bed) == daemon.serial(NAME), "it works in the end")


@pytest.mark.root
def test_a_socket_that_is_closed_to_the_children_is_named(bed, make_daemon):
    daemon = make_daemon()
    daemon.socket_path.chmod(0o600)
    bed.serve(domain_of(daemon))
    eventually(lambda: "may not use the socket of tailscaled" in bed.httpd.log(), "what is to be done")
    daemon.socket_path.chmod(0o666)
    eventually(lambda: served(bed) == daemon.serial(NAME), "it works in the end")
