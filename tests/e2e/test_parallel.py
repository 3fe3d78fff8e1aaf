# SPDX-License-Identifier: Apache-2.0
"""Domains that hang, sleep or are rejected hold back themselves and nobody else."""

import pytest

from testbed import batch
from testbed.fault_proxy import FaultProxy
from testbed.trouble import HANGING, REJECTED, SLEEPING, Trouble
from testbed.waiting import eventually

ROUND = 120  # of patience, for 97 certificates that take six seconds


@pytest.mark.ours
def test_ninety_seven_of_a_hundred_do_not_wait_for_the_three_in_trouble(make_bed):
    """Both rounds are measured, the three first in the configuration; bench/parallel.py prints the ratio. That nobody
    waited shows in the three themselves: when the others are done, none of them has got any further."""
    bed = make_bed(config=Trouble.PEBBLE_CONFIG)
    stalling = FaultProxy(bed.authority, bed.pebble.port).start()
    trouble = Trouble(bed.root, stalling)
    options = bed.ca_options()
    others = batch.many(97)
    try:
        alone = batch.obtain(bed.httpd, others, others, options, ROUND)
        bed.httpd.stop()
        among = batch.obtain(bed.httpd, [*trouble.domains, *others], others, options, ROUND)
        assert trouble.is_asleep()
        assert trouble.stalled.struck >= 1
        assert stalling.exchanges[0].answered is None
        assert not {HANGING, SLEEPING, REJECTED} & batch.certified(bed.httpd.store)
        job = eventually(lambda: bed.store.job(REJECTED).get("errors") and bed.store.job(REJECTED), "one is rejected")
        assert "rejectedIdentifier" in job["last"]["problem"]
        assert bed.store.job(SLEEPING).get("errors", 0) == 0
        assert among < 2 * alone + 3, f"{among:.1f} s among the three, {alone:.1f} s without"
        bed.httpd.stop()  # and none of them keeps the server from its end
    finally:
        trouble.end()
        stalling.stop()
