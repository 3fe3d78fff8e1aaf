# SPDX-License-Identifier: Apache-2.0
"""A new certificate goes live: no reload, no failed handshake, no failed request, within 2 s of its issue."""

import threading
import time
from dataclasses import replace

import pytest

from testbed import tls
from testbed.bed import Domain
from testbed.fault_proxy import hold
from testbed.load import Load
from testbed.waiting import PATIENCE, eventually, never

GOES_LIVE_WITHIN = 2.0 * PATIENCE


class HeldOrders:
    """Orders wait at the CA's door until they are let in."""

    def __init__(self, bed):
        self._gate = threading.Event()
        bed.proxy.inject("new-order", hold(self._gate), times=None)

    def let_in(self):
        self._gate.set()


@pytest.mark.ours
@pytest.mark.parametrize("keys", ["RSA", "P-256 RSA"])
def test_a_renewed_certificate_goes_live_under_load(bed, keys):
    domain = Domain("live.example.org", settings=(f"MDPrivateKeys {keys}",))
    bed.serve(domain)
    bed.wait_served(domain)
    old = {exchange[0] for exchange in bed.proxy.issued(domain.name)}

    orders = HeldOrders(bed)
    bed.configure(domain.grown("www.live.example.org"))
    bed.httpd.restart()
    with Load(bed.httpd.https_port, domain.name, bed.roots, http1=4, h2=4) as load:
        eventually(lambda: {kind for kind, _ in load.kinds} == {"Http1", "Http2"}, "the load runs")
        orders.let_in()
        new = eventually(lambda: load.first_seen.keys() - old, "a new certificate is served")
        eventually(lambda: {kind for kind, serial in load.kinds if serial in new} == {"Http1", "Http2"},
                   "requests are answered with the new certificate")
    assert load.failures == []
    issued = dict(bed.proxy.issued(domain.name))
    last_issue = max(issued[serial] for serial in issued.keys() - old)
    assert max(load.first_seen[serial] for serial in new) - last_issue < GOES_LIVE_WITHIN
    assert load.requests > 100


@pytest.mark.ours
def test_a_first_certificate_goes_live(bed):
    domain = Domain("first.example.org")
    orders = HeldOrders(bed)
    bed.serve(domain)
    assert tls.fetch(bed.httpd.https_port, domain.name).status == 503
    orders.let_in()
    issued = eventually(lambda: bed.proxy.issued(domain.name), "the CA issues")[0][1]
    eventually(lambda: bed.fetch(domain.name).status == 200, "the certificate is served", every=0.02)
    assert time.monotonic() - issued < GOES_LIVE_WITHIN


@pytest.mark.ours
def test_what_went_live_stays_after_reload_and_restart(bed):
    domain = Domain("stays.example.org", settings=("MDPrivateKeys RSA secp384r1",))
    bed.serve(domain)
    bed.wait_served(domain)
    # Each child takes the new set up by itself, within a moment of the others.
    live = eventually(lambda: {ciphers: bed.serial(domain.name, ciphers=ciphers)
                               for ciphers in (tls.RSA_ONLY, tls.EC_ONLY)}, "all children serve it")
    for happens in (bed.httpd.graceful, bed.httpd.restart):
        happens()
        assert {ciphers: bed.serial(domain.name, ciphers=ciphers) for ciphers in live} == live
    assert bed.pebble.orders() == 2
    assert {bed.store.serial(domain.name), bed.store.serial(domain.name, "secp384r1")} == set(live.values())
    assert bed.store.damage() == []


@pytest.mark.ours
def test_sessions_and_other_domains_are_left_alone(bed):
    settled, newcomer = Domain("settled.example.org"), Domain("newcomer.example.org")
    bed.serve(settled)
    bed.wait_served(settled)
    serial = bed.serial(settled.name)
    orders = HeldOrders(bed)
    bed.configure(settled, newcomer)
    bed.httpd.restart()
    with tls.connect(bed.httpd.https_port, settled.name, tls.client_context(bed.roots)) as connection:
        orders.let_in()
        bed.wait_served(newcomer)
        connection.sendall(f"GET /index.html HTTP/1.1\r\nHost: {settled.name}\r\n\r\n".encode())
        assert connection.recv(15).startswith(b"HTTP/1.1 200")
    assert bed.serial(settled.name) == serial
    assert bed.pebble.orders() == 2


def test_without_live_activation_a_restart_activates(bed):
    domain = Domain("reload.example.org")
    bed.serve(domain, options=bed.wait_for_restart())
    bed.wait_staged(domain)
    never(lambda: bed.store.has_set(domain.name), "activated without a restart", during=2.5)
    assert tls.fetch(bed.httpd.https_port, domain.name).status == 503
    bed.httpd.graceful()
    bed.wait_served(domain)
    assert bed.serial(domain.name) == bed.store.serial(domain.name)


@pytest.mark.ours
def test_a_key_type_that_is_added_is_the_only_one_ordered(bed):
    """VH-20"""
    domain = Domain("types.example.org", settings=("MDPrivateKeys RSA",))
    bed.serve(domain)
    bed.wait_served(domain)
    old = bed.store.serial(domain.name)
    gate = threading.Event()
    bed.proxy.inject("finalize", hold(gate))
    bed.configure(replace(domain, settings=("MDPrivateKeys RSA P-256",)))
    bed.httpd.graceful()
    eventually(lambda: bed.proxy.count("finalize") == 2, "the other type is ordered")
    assert bed.serial(domain.name, ciphers=tls.RSA_ONLY) == old
    gate.set()
    new = eventually(lambda: bed.serial(domain.name, ciphers=tls.EC_ONLY), "it is live")
    assert bed.serial(domain.name, ciphers=tls.RSA_ONLY) == old != new
    assert (bed.store.serial(domain.name), bed.store.serial(domain.name, "p-256")) == (old, new)
    assert bed.proxy.count("new-order") == 2
    bed.httpd.restart()
    assert bed.serial(domain.name, ciphers=tls.RSA_ONLY) == old
    assert bed.serial(domain.name, ciphers=tls.EC_ONLY) == new
    assert bed.proxy.count("new-order") == 2 and bed.store.damage() == []


@pytest.mark.ours
def test_a_connection_that_negotiates_anew_keeps_its_certificate(bed):  # L8
    """TLS 1.2 and SSLVerifyClient of a directory: many clients refuse another certificate there."""
    name = "again.example.org"
    domain = Domain(name, settings=("MDPrivateKeys P-256",), protocols="http/1.1 acme-tls/1",
                    vhost=("<Location /secret>", "SSLVerifyClient optional_no_ca", "</Location>"))
    bed.serve(domain, options=["MDInitialDelay 2s"])
    context = tls.client_context(version=tls.TLS_1_2)
    with tls.connect(bed.httpd.https_port, name, context) as connection:
        before = connection.getpeercert(binary_form=True)
        bed.wait_served(domain)
        connection.sendall(f"GET /secret HTTP/1.1\r\nHost: {name}\r\nConnection: close\r\n\r\n".encode())
        answer = b"".join(iter(lambda: connection.recv(4096), b""))
        assert answer.startswith(b"HTTP/1.1 404")  # past the negotiation: it is the file that is missing
        assert connection.getpeercert(binary_form=True) == before
    assert bed.serial(name) == bed.store.serial(name, "p-256")
    assert "AH02226" in bed.httpd.log()  # mod_ssl performed it
