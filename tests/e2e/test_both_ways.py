# SPDX-License-Identifier: Apache-2.0
"""A server switches between Debian's mod_md and ours by exchanging the .so: no certificate is ordered for it."""

import pytest

from testbed import tls
from testbed.bed import Domain, Layout
from testbed.httpd import DEBIAN_MOD_MD, module_under_test
from testbed.waiting import eventually

DIRECTIONS = [pytest.param(DEBIAN_MOD_MD, module_under_test(), id="to-ours"),
              pytest.param(module_under_test(), DEBIAN_MOD_MD, id="from-ours")]
BOTH_KEYS = Domain("keys.example.org", ("www.keys.example.org",), ("MDPrivateKeys RSA secp384r1",))
RSA = Domain("rsa.example.org")
EC = Domain("ec.example.org", settings=("MDPrivateKeys P-256", "MDCAChallenges http-01"))


def served(bed):
    return {(domain.name, ciphers): bed.serial(domain.name, ciphers=ciphers)
            for domain, types in ((BOTH_KEYS, (tls.RSA_ONLY, tls.EC_ONLY)), (RSA, (tls.RSA_ONLY,)),
                                  (EC, (tls.EC_ONLY,)))
            for ciphers in types}


@pytest.mark.parametrize("maker, heir", DIRECTIONS)
def test_an_active_store_is_taken_over(make_bed, maker, heir):
    bed = make_bed(Layout(module=maker))
    bed.serve(BOTH_KEYS, RSA, EC)
    bed.wait_staged(BOTH_KEYS, specs=("", "secp384r1"))
    bed.wait_staged(RSA)
    bed.wait_staged(EC, specs=("p-256",))
    bed.httpd.graceful()
    bed.wait_served(BOTH_KEYS, RSA, EC)
    before, orders = served(bed), bed.pebble.orders()
    assert orders == 4

    bed.use_module(heir)
    bed.configure(BOTH_KEYS, RSA, EC)
    bed.httpd.restart()
    assert served(bed) == before

    # The heir's worker has looked at all domains once it has renewed the one that needs it: only that one was ordered,
    # and with the account that the maker had made.
    grown = RSA.grown("www.rsa.example.org")
    bed.configure(BOTH_KEYS, grown, EC)
    bed.httpd.restart()
    bed.obtain(grown)
    assert bed.serial(RSA.name) != before[RSA.name, tls.RSA_ONLY]
    assert bed.pebble.orders() == orders + 1
    assert bed.pebble.accounts() == 1
    assert bed.store.damage() == []


@pytest.mark.parametrize("bits", [2048, 4096])
@pytest.mark.parametrize("when", ["live", "staged"])
def test_C2_an_rsa_key_of_another_size_is_taken_over(make_bed, bits, when):
    domain = Domain("size.example.org", settings=("MDPrivateKeys RSA 3072",))
    bed = make_bed(Layout(module=DEBIAN_MOD_MD))
    bed.serve(domain)
    bed.wait_staged(domain)
    if when == "live":
        bed.httpd.graceful()
        bed.wait_served(domain)
    made = bed.store.chain(domain.name, "domains" if when == "live" else "staging")[0].serial_number
    bed.use_module(module_under_test())
    bed.configure(Domain(domain.name, settings=(f"MDPrivateKeys RSA {bits}",)))
    bed.httpd.restart()
    bed.wait_served(domain)
    assert bed.serial(domain.name) == made
    eventually(lambda: "not due before" in bed.httpd.log(), "the worker has looked")
    assert bed.md_status(domain.name)["state"] == 2
    assert bed.pebble.orders() == 1


@pytest.mark.parametrize("maker, heir", DIRECTIONS)
def test_a_staged_store_is_taken_over(make_bed, maker, heir):
    bed = make_bed(Layout(module=maker))
    bed.serve(BOTH_KEYS, options=bed.wait_for_restart())
    bed.wait_staged(BOTH_KEYS, specs=("", "secp384r1"))
    staged = {bed.store.chain(BOTH_KEYS.name, "staging", spec)[0].serial_number for spec in ("", "secp384r1")}
    bed.httpd.stop()

    bed.use_module(heir)
    bed.configure(BOTH_KEYS)
    bed.httpd.start()
    bed.wait_served(BOTH_KEYS)
    assert {bed.serial(BOTH_KEYS.name, ciphers=ciphers) for ciphers in (tls.RSA_ONLY, tls.EC_ONLY)} == staged
    assert bed.pebble.orders() == 2
    assert len(bed.store.accounts()) == 1
    assert bed.store.damage() == []


@pytest.mark.ours
def test_what_debians_module_staged_after_a_live_set_of_ours_is_taken(make_bed):
    """Ours, Debian's, ours again: no certificate is ordered twice."""
    bed = make_bed()
    bed.serve(EC)
    bed.wait_served(EC)
    bed.httpd.stop()
    grown = EC.grown("www.ec.example.org")
    bed.use_module(DEBIAN_MOD_MD)
    bed.configure(grown)
    bed.httpd.start()
    bed.wait_staged(grown, specs=("p-256",))
    staged = bed.store.chain(EC.name, "staging", "p-256")[0].serial_number
    bed.httpd.stop()
    orders = bed.pebble.orders()

    bed.use_module(module_under_test())
    bed.configure(grown)
    bed.httpd.start()
    bed.wait_served(grown)
    assert bed.serial(EC.name) == staged and bed.pebble.orders() == orders
    assert bed.store.damage() == []


@pytest.mark.ours
def test_a_staged_set_of_a_domain_that_gets_another_name_goes_live(bed):
    old = Domain("old.example.org", ("new.example.org",), EC.settings)
    bed.serve(old, options=bed.wait_for_restart())
    bed.wait_staged(old, specs=("p-256",))
    staged = bed.store.chain(old.name, "staging", "p-256")[0].serial_number
    renamed = Domain("new.example.org", (old.name,), EC.settings)
    bed.configure(renamed)
    bed.httpd.restart()
    bed.wait_served(renamed)
    assert bed.serial(renamed.name) == staged and bed.pebble.orders() == 1
