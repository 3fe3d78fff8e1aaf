# SPDX-License-Identifier: Apache-2.0
"""Reloads under load: no child aborts, and no process grows more than it does with plain mod_ssl."""

import subprocess

import pytest

from testbed import processes
from testbed.bed import Domain, Layout, PlainHost
from testbed.load import Load
from testbed.pki import pem

RESTARTS = 20
SETTLED = 10  # the first restarts add memory in any httpd
# The parent is steady; what a child needs depends on the requests that happened to come to it.
PARENT_NOISE_KB, CHILD_NOISE_KB = 512, 4096
DOMAIN = Domain("reload.example.org", settings=("MDPrivateKeys P-256", "MDCAChallenges http-01"))


def plain_host(bed):
    certificate, key = bed.authority.server_files("plain", [DOMAIN.name])
    return PlainHost(DOMAIN.name, certificate, key)


def growth_over_restarts(bed, roots):
    """kB by which the parent and the mean child grow from the SETTLED-th restart to the last."""
    sizes = []
    with Load(bed.httpd.https_port, DOMAIN.name, roots, http1=2, h2=2, survives_restarts=True) as load:
        for restart in range(1, RESTARTS + 1):
            bed.httpd.graceful()
            if restart in (SETTLED, RESTARTS):
                sizes.append((processes.rss_kb(bed.httpd.pid), mean_child_kb(bed.httpd)))
    assert load.failures == []
    assert load.requests > RESTARTS
    (parent_early, child_early), (parent_late, child_late) = sizes
    return parent_late - parent_early, child_late - child_early


def mean_child_kb(httpd):
    sizes = []
    for pid in httpd.serving_children():
        try:
            sizes.append(processes.rss_kb(pid))
        except ProcessLookupError:  # of the old generation, gone meanwhile
            continue
    return sum(sizes) // len(sizes)


def test_twenty_reloads_under_load(make_bed):
    managed, plain = make_bed(), make_bed(Layout(module=None))
    managed.serve(DOMAIN)
    managed.obtain(DOMAIN, specs=("p-256",))
    parent, child = growth_over_restarts(managed, managed.roots)

    plain.httpd.configure([plain_host(plain)])
    plain.httpd.start()
    plain_parent, plain_child = growth_over_restarts(plain, pem(plain.authority.root).decode())

    print(f"growth in kB over {RESTARTS - SETTLED} restarts: parent {parent} (plain {plain_parent}), "
          f"child {child} (plain {plain_child})")
    assert parent <= plain_parent + PARENT_NOISE_KB
    assert child <= plain_child + CHILD_NOISE_KB
    assert managed.pebble.orders() == 1


@pytest.mark.ours
def test_the_module_exports_one_symbol():
    listed = subprocess.run(["nm", "-D", "--defined-only", Layout().module], capture_output=True, text=True, check=True)
    assert [line.split()[-1] for line in listed.stdout.splitlines()] == ["md_module"]
