# SPDX-License-Identifier: Apache-2.0
"""kill -9 at any step of a renewal: afterwards the domain gets its certificate, no file is truncated, and the CA has
seen one account."""

import itertools
import threading

import pytest

from testbed import batch, processes, tls
from testbed.bed import Domain
from testbed.fault_proxy import hold, then
from testbed.processes import kill_9
from testbed.tracing import KilledAt
from testbed.waiting import eventually

# Debian's mod_md keeps the account key only after the CA has answered, and so makes a second account.
NEW_ACCOUNT = pytest.param("new-account", marks=pytest.mark.ours)
STEPS = ["directory", "new-nonce", NEW_ACCOUNT, "new-order", "authorization", "challenge", "finalize", "certificate"]
before_and_after = pytest.mark.parametrize("before", [True, False], ids=["before", "after"])

DOMAIN = Domain("crash.example.org", ("www.crash.example.org",), ("MDPrivateKeys P-256", "MDCAChallenges http-01"))
SPECS = ("p-256",)


def assert_nothing_is_lost(bed):
    bed.wait_staged(DOMAIN, specs=SPECS)
    bed.httpd.graceful()
    bed.wait_served(DOMAIN)
    assert bed.store.damage() == []
    assert bed.pebble.accounts() == 1
    assert len(bed.store.accounts()) == 1


class WorkerKilled:
    """The child that talks to the CA dies at a step."""

    def __init__(self, bed, step, before):
        self.pid = None
        self._bed = bed
        self._fault = bed.proxy.inject(step, then(self._strike), before=before)

    def _strike(self, exchange):
        self.pid = self._bed.httpd.child_behind(exchange.client_port)
        kill_9(self.pid)

    def wait(self):
        eventually(lambda: self.pid and not processes.is_alive(self.pid), "the worker child is dead")


@pytest.mark.root
@before_and_after
@pytest.mark.parametrize("step", STEPS)
def test_worker_killed_then_reloaded(bed, step, before):
    worker = WorkerKilled(bed, step, before)
    bed.serve(DOMAIN)
    worker.wait()
    bed.httpd.graceful()
    assert_nothing_is_lost(bed)


def test_worker_killed_and_another_child_takes_over(bed):
    worker = WorkerKilled(bed, "finalize", before=False)
    bed.serve(DOMAIN)
    worker.wait()
    assert_nothing_is_lost(bed)


def test_worker_killed_at_a_renewal_keeps_the_live_certificate(bed):
    bed.serve(DOMAIN)
    bed.obtain(DOMAIN, specs=SPECS)
    live = bed.serial(DOMAIN.name)
    worker = WorkerKilled(bed, "finalize", before=False)
    gate = threading.Event()
    bed.proxy.inject("directory", hold(gate), times=None)
    grown = DOMAIN.grown("more.crash.example.org")
    bed.configure(grown)
    bed.httpd.restart()
    gate.set()
    worker.wait()
    assert bed.serial(DOMAIN.name) == live
    bed.httpd.graceful()
    bed.wait_staged(grown, specs=SPECS)
    bed.httpd.graceful()
    bed.wait_served(grown)
    assert bed.store.damage() == []
    assert bed.pebble.accounts() == 1


@before_and_after
@pytest.mark.parametrize("step", [NEW_ACCOUNT, "new-order", "finalize", "certificate"])
def test_whole_server_killed(bed, step, before):
    reached, gate = threading.Event(), threading.Event()
    bed.proxy.inject(step, then(lambda exchange: (reached.set(), gate.wait(30))), before=before)
    bed.serve(DOMAIN)
    eventually(reached.is_set, f"the worker is at {step}")
    bed.httpd.kill()
    gate.set()
    bed.httpd.start()
    assert_nothing_is_lost(bed)


@pytest.mark.ours
@pytest.mark.root
@pytest.mark.parametrize("calls", ["rename(at2?)?", "f(data)?sync", "(unlink(at)?|rmdir)", "mkdir(at)?", "p?write(64|v)?"],
                         ids=["rename", "sync", "remove", "mkdir", "write"])
@pytest.mark.parametrize("first", [1, 2], ids=["odd", "even"])
def test_activator_killed_at_each_of_its_file_system_steps(bed, calls, first):
    """One domain more per step; the respawned activator has to finish what its predecessor began."""
    domains, previous = [], None
    for step in itertools.count(first, 2):
        domains.append(Domain(f"step{step}.example.org", settings=("MDPrivateKeys P-256", "MDCAChallenges http-01")))
        gate = threading.Event()
        bed.proxy.inject("certificate", hold(gate))
        bed.configure(*domains)
        bed.httpd.graceful() if step > first else bed.httpd.start()
        activator = eventually(lambda: bed.httpd.activator() not in (None, previous) and bed.httpd.activator(),
                               "an activator runs")
        with KilledAt(activator, calls, step):
            gate.set()
            bed.wait_served(domains[-1])
            was_killed = not processes.is_alive(activator)
        assert bed.store.damage() == []
        if not was_killed:
            break
        previous = bed.httpd.activator()
    assert len(domains) > 1, "the activator was never killed"
    bed.httpd.restart()
    bed.wait_served(*domains)
    assert bed.pebble.orders() == len(domains)
    assert bed.pebble.accounts() == 1


@pytest.mark.ours
def test_the_process_beside_the_first_start_killed(bed):
    """It makes the fallback certificates; what it leaves undone the parent does."""
    domains = batch.many(500)
    bed.configure(*domains, options=["MDPrivateKeys P-256", "MDRenewMode manual"])
    bed.httpd.launch()
    kill_9(eventually(bed.httpd.side_process, "there is such a process", every=0.002))
    bed.httpd.wait_ready()
    assert bed.httpd.side_process() is None
    for file in ("fallback-pubcert.p-256.pem", "md.json"):
        assert {path.parent.name for path in bed.store.path.glob(f"domains/*/{file}")} == {d.name for d in domains}
    assert bed.store.damage() == []
    assert tls.fetch(bed.httpd.https_port, domains[-1].name).status == 503
