# SPDX-License-Identifier: Apache-2.0
"""Fixtures: a bed per test. What holds after every test is checked here once: no crash, no sanitizer report."""

import os

import pytest

from testbed.bed import Bed, Layout
from testbed.httpd import DEBIAN_MOD_MD, module_under_test
from testbed.ocsp import OcspProxy, Responder
from testbed.pebble import why_no_newer_pebble

OURS = module_under_test() != DEBIAN_MOD_MD.resolve()


def pytest_configure(config):
    config.addinivalue_line("markers", "root: needs root to start httpd as root, mount, or attach to its processes")
    config.addinivalue_line("markers", "ours: what Debian's mod_md does not do")
    config.addinivalue_line("markers", "newer_pebble: needs a CA that knows renewal information and profiles")
    if not module_under_test().exists():
        raise pytest.UsageError(f"{module_under_test()} does not exist: build it, or set MD_MODULE")


def pytest_collection_modifyitems(items):
    no_newer_pebble = why_no_newer_pebble()
    for item in items:
        if item.get_closest_marker("newer_pebble") and no_newer_pebble:
            item.add_marker(pytest.mark.skip(reason=no_newer_pebble))
        if item.get_closest_marker("root") and os.getuid() != 0:
            item.add_marker(pytest.mark.skip(reason="not root"))
        if item.get_closest_marker("ours") and not OURS:
            item.add_marker(pytest.mark.skip(reason="Debian's mod_md does not do this"))


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item):
    outcome = yield
    report = outcome.get_result()
    setattr(item, f"report_{report.when}", report)


@pytest.fixture
def make_bed(request):
    """Makes beds: make_bed(Layout(...), nonce_reject=50)."""
    beds = []

    def make(layout=None, **pebble_settings):
        beds.append(Bed(layout or Layout(), **pebble_settings))
        return beds[-1]

    yield make
    called = getattr(request.node, "report_call", None)
    failed = called is None or called.failed
    crashes = []
    for bed in beds:
        bed.close()
        crashes += crashes_of_ours(bed.httpd)
        if failed or crashes:
            print(f"kept: {bed.root}\n--- end of the error log\n{bed.httpd.log()[-6000:]}\n--- stderr\n"
                  f"{bed.httpd.stderr()[-2000:]}")
        else:
            bed.remove()
    assert not crashes


def crashes_of_ours(httpd):
    """Debian's mod_md now and then crashes children at a reload; nothing follows from that for us."""
    return [] if DEBIAN_MOD_MD in httpd.modules_run else httpd.crashes()


@pytest.fixture
def bed(make_bed):
    return make_bed()


@pytest.fixture
def ocsp():
    proxy = OcspProxy().start()
    yield proxy
    proxy.stop()
    if proxy.responder:
        proxy.responder.stop()


@pytest.fixture
def ocsp_bed(make_bed, ocsp):
    """A CA whose certificates name a responder, and that responder."""
    bed = make_bed(config={"ocspResponderURL": ocsp.url})
    ocsp.responder = Responder(bed.root / "responder", *bed.pebble.intermediate()).start()
    return bed
