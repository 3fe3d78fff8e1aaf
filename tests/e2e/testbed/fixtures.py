# SPDX-License-Identifier: Apache-2.0
"""What a conftest.py imports. What holds after every test is checked here once: no crash, no sanitizer report."""

import pytest

from .bed import Bed, Layout
from .httpd import DEBIAN_MOD_MD


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
