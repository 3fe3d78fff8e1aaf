# SPDX-License-Identifier: Apache-2.0
"""The testbed of the end-to-end tests, and the bench's reader of docs/differences.md."""

import sys
from pathlib import Path

import pytest

TESTS = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(TESTS / "e2e"), str(TESTS / "side_by_side")]

from testbed.fixtures import make_bed, pytest_runtest_makereport  # noqa: E402,F401: pytest finds them here
from testbed.httpd import module_under_test  # noqa: E402
from testbed.ocsp import OcspProxy  # noqa: E402


def pytest_configure():
    if not module_under_test().exists():
        raise pytest.UsageError(f"{module_under_test()} does not exist: build it, or set MD_MODULE")


@pytest.fixture
def ocsp():
    proxy = OcspProxy().start()
    yield proxy
    proxy.stop()
    if proxy.responder:
        proxy.responder.stop()
