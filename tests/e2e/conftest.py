# SPDX-License-Identifier: Apache-2.0
"""Fixtures: a bed per test."""

import os

import pytest

from testbed.fixtures import make_bed, pytest_runtest_makereport  # noqa: F401: pytest finds them here
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
