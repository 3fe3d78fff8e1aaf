# SPDX-License-Identifier: Apache-2.0
"""A server switches from Debian's mod_md to ours, back, and to ours again: nothing is ordered or changed at the CA for it,
the same certificates are served, no file of value changes, and both say the same of the domains."""

import inspect
import shutil
import subprocess

import pytest

from differences import DOCUMENT, Difference, read, sort_out
from looking import OURS, STOCK, look
from observing import flat
from stores import BY_OURS, NEWER_CA, SETTLED, UNFINISHED
from testbed.pebble import why_no_newer_pebble

EXPLAINED = read(DOCUMENT.read_text(), bench="exchange")


@pytest.fixture
def make(make_bed, request):
    """Makes a store by its name."""
    def make(stores, name):
        if name in NEWER_CA and why_no_newer_pebble():
            pytest.skip(why_no_newer_pebble())
        wanted = inspect.signature(stores[name]).parameters
        more = {"ocsp": request.getfixturevalue("ocsp")} if "ocsp" in wanted else {}
        return stores[name](make_bed, **more)
    return make


@pytest.mark.parametrize("store", SETTLED)
def test_nothing_is_ordered_and_nothing_else_is_said(make, store):
    made = make(SETTLED, store)
    before = look_at_a_copy(made, STOCK)
    assert not before.changes, f"Debian's module itself goes on: {before.changes}"
    seen = {"ours": look(made, OURS), "back": look(made, STOCK), "again": look(made, OURS)}
    for which, one in seen.items():
        assert not one.changes, f"{which}: at the CA: {one.changes}"
        assert one.served == before.served, which
        assert one.files == before.files, which
        assert one.accounts == before.accounts, which
        assert one.damage == [], which
        assert one.asked_ocsp <= before.asked_ocsp, which
    said_otherwise = unexplained(made, store, before, seen)
    assert not said_otherwise, "\n".join(["differences that docs/differences.md does not explain:", *said_otherwise])


@pytest.mark.parametrize("store", UNFINISHED)
def test_no_more_is_ordered_than_by_debians_module(make, store):
    """What ours has finished, neither orders again; and the CA hears of no other contact."""
    alone = make(UNFINISHED, store)
    finish(alone, STOCK)
    made = make(UNFINISHED, store)
    finish(made, OURS)
    assert_no_more(made, alone)
    finished = look_at_a_copy(made, OURS)
    for module in (STOCK, OURS):
        seen = look(made, module)
        assert not seen.changes, seen.changes
        assert (seen.served, seen.files, seen.damage) == (finished.served, finished.files, []), module
        assert seen.accounts.keys() == finished.accounts.keys()


@pytest.mark.parametrize("store", BY_OURS)
def test_what_ours_has_begun_debians_module_finishes(make, store):
    alone, made = make(BY_OURS, store), make(BY_OURS, store)
    finish(alone, OURS)
    finish(made, STOCK)
    assert_no_more(made, alone)
    assert not look(made, OURS).changes
    assert made.bed.store.damage() == []


def look_at_a_copy(made, module):
    """What it finds, and leaves, is not what the others find."""
    store, aside = made.bed.httpd.store, made.bed.root / "aside"
    subprocess.run(["cp", "-a", store, aside], check=True)
    seen = look(made, module)
    shutil.rmtree(store)
    aside.rename(store)
    return seen


def finish(made, module):
    """To the end of the renewals, retries among them, and until what they have brought is in use."""
    for _ in range(6):
        seen = look(made, module)
        if not seen.changes and "fallback" not in seen.served.values():
            return
    raise AssertionError(f"{module} comes to no end: {seen.changes}, {seen.served}")


def assert_no_more(made, alone):
    assert 0 < made.bed.pebble.orders() <= alone.bed.pebble.orders()
    assert 0 < made.bed.pebble.accounts() <= alone.bed.pebble.accounts()
    assert contacts_told(made) == contacts_told(alone)


def contacts_told(made):
    """To the CA, by registrations and changes of accounts."""
    exchanges = made.bed.proxy.requests("new-account") + made.bed.proxy.requests("account")
    told = [(exchange.payload() or {}).get("contact") for exchange in exchanges]
    return {tuple(contacts) for contacts in told if contacts}


# -- what they say

def unexplained(made, store, before, seen):
    """What ours says otherwise than Debian's module does, and what that one says otherwise afterwards."""
    found = []
    for which, one in seen.items():
        found += differences(made, f"{store} {which}", "md-status", before.status, one.status)
    found += differences(made, f"{store} again", "a2md list", seen["ours"].listed, seen["again"].listed)
    return [str(difference) for difference in sort_out(EXPLAINED, found)[0]]


def differences(made, case, where, before, after):
    def said(value):
        return (value or "-").replace(str(made.bed.root), "ROOT")
    return [Difference(case, f"{where} {member}", said(one), said(other))
            for name in sorted({*before, *after})
            for member, one, other in differing(flat(before.get(name)), flat(after.get(name)))
            if member not in made.by_itself]


def differing(before, after):
    return [(member, before.get(member), after.get(member)) for member in sorted({**before, **after})
            if before.get(member) != after.get(member)]
