# SPDX-License-Identifier: Apache-2.0
"""Servers that share a store: with MDStoreLocks one activates what is staged, and nobody waits for the dead."""

import fcntl

import pytest

from testbed import tls
from testbed.bed import Domain
from testbed.httpd import Httpd, Layout
from testbed.waiting import eventually

DOMAIN = Domain("shared.example.org", settings=("MDPrivateKeys P-256", "MDCAChallenges http-01"))
SPECS = ("p-256",)


@pytest.fixture
def staged(bed):
    """A stopped server with a staged set that the next start would activate."""
    bed.serve(DOMAIN, options=bed.wait_for_restart())
    bed.wait_staged(DOMAIN, specs=SPECS)
    bed.httpd.stop()
    return bed


def archived(bed):
    return sorted(path.name for path in bed.httpd.store.glob("archive/*"))


def test_of_two_servers_that_start_together_one_activates_and_both_serve(staged):
    """ST-25"""
    other = Httpd(staged.root / "other", Layout())
    options = [*staged.ca_options(), *staged.wait_for_restart(), f"MDStoreDir {staged.httpd.store}", "MDStoreLocks 30s"]
    for httpd in (staged.httpd, other):
        httpd.configure([DOMAIN], options)
    mark = staged.httpd.mark()
    try:
        for httpd in (staged.httpd, other):
            httpd.launch()
        for httpd in (staged.httpd, other):
            httpd.wait_ready()
        serials = {tls.fetch(httpd.https_port, DOMAIN.name, roots=staged.roots).serial
                   for httpd in (staged.httpd, other)}
    finally:
        other.stop()
    assert serials == {staged.store.serial(DOMAIN.name, spec="p-256")}
    assert archived(staged) == [f"{DOMAIN.name}.1"]
    logs = staged.httpd.log_since(mark) + other.log()
    assert logs.count("the new certificate is activated") == 1
    assert "[md:error]" not in logs


@pytest.mark.ours
def test_a_lock_that_is_never_given_back_ends_no_start(staged):
    """ST-26"""
    staged.configure(DOMAIN, options=[*staged.wait_for_restart(), "MDStoreLocks 1s"])
    mark = staged.httpd.mark()
    with open(staged.httpd.store / "store.lock", "w") as hung:
        fcntl.flock(hung, fcntl.LOCK_EX)
        staged.httpd.start()
        assert "AH10398" in staged.httpd.log_since(mark)
        assert tls.fetch(staged.httpd.https_port, DOMAIN.name).status == 503
        assert archived(staged) == []
        assert staged.store.has_set(DOMAIN.name, SPECS, "staging")
    staged.httpd.graceful()
    eventually(lambda: staged.fetch(DOMAIN.name).status == 200, "the next reload activates it")


@pytest.mark.ours
def test_the_activator_waits_for_the_lock(bed):
    """ST-25"""
    (bed.httpd.store).mkdir()
    with open(bed.httpd.store / "store.lock", "w") as busy:
        bed.serve(DOMAIN, options=["MDStoreLocks 20s"])
        fcntl.flock(busy, fcntl.LOCK_EX)
        eventually(lambda: bed.store.has_set(DOMAIN.name, SPECS, "staging"), "a set is staged", 30)
        assert not bed.store.has_set(DOMAIN.name, SPECS)
    bed.wait_served(DOMAIN)
