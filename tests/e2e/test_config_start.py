# SPDX-License-Identifier: Apache-2.0
"""The two passes of a start, and what a configuration test says of one that would fail."""

import re

import pytest

from testbed import tls
from testbed.bed import Domain
from testbed.waiting import eventually

SETTINGS = ("MDPrivateKeys P-256", "MDCAChallenges http-01")


def configured_files(log):
    """Which files mod_ssl took for which host, once for each pass, in order."""
    taken = re.findall(r"Certificate and private key (\S+) configured from (\S+) and (\S+)", log)
    half = len(taken) // 2
    assert taken and len(taken) == 2 * half
    return taken[:half], taken[half:]


@pytest.mark.ours
def test_trial_and_real_pass_take_the_same_files(bed):
    """VH-14, PM-04: a renamed domain, a staged set, a new one and a live one in one start"""
    live, old, waiting = (Domain(f"{name}.example.org", settings=SETTINGS) for name in ("live", "old", "waiting"))
    bed.serve(live, old)
    bed.wait_served(live, old)
    bed.configure(live, old, waiting, options=bed.wait_for_restart())
    bed.httpd.restart()
    bed.wait_staged(waiting, specs=("p-256",))
    bed.httpd.stop()
    renamed = Domain("renamed.example.org", aliases=(old.name,), settings=SETTINGS)
    new = Domain("new.example.org", settings=(*SETTINGS, "MDRenewMode manual"))
    bed.configure(live, renamed, waiting, new, options=["MDRenewMode manual"])
    mark = bed.httpd.mark()
    bed.httpd.start()
    trial, real = configured_files(bed.httpd.log_since(mark))
    assert trial == real
    chosen = {host.split(":")[0]: certificate.removeprefix(f"{bed.httpd.store}/domains/")
              for host, certificate, _ in real}
    assert chosen == {live.name: f"{live.name}/pubcert.p-256.pem", renamed.name: f"{renamed.name}/pubcert.p-256.pem",
                      waiting.name: f"{waiting.name}/pubcert.p-256.pem",
                      new.name: f"{new.name}/fallback-pubcert.p-256.pem"}
    assert bed.fetch(live.name).status == bed.fetch(waiting.name).status == 200


@pytest.mark.ours
def test_a_store_that_cannot_be_made_ends_the_start_with_its_reason(bed):
    """PM-05"""
    (bed.httpd.root / "file").write_text("no folder")
    bed.configure(Domain("a.example.org", settings=SETTINGS), options=["MDStoreDir file/md"])
    bed.httpd.launch()
    eventually(lambda: not bed.httpd.is_running(), "httpd refuses to start")
    said = bed.httpd.log() + bed.httpd.stderr()
    assert "mod_md cannot start" in said and "file" in said


def test_the_order_of_modules_does_not_matter(bed):
    """PM-03"""
    domain = Domain("early.example.org", settings=SETTINGS)
    bed.configure(domain)
    conf = bed.httpd.root / "httpd.conf"
    lines = conf.read_text().splitlines()
    ours = next(line for line in lines if line.startswith("LoadModule md_module"))
    lines.remove(ours)
    first = next(index for index, line in enumerate(lines) if line.startswith("LoadModule"))
    conf.write_text("\n".join([*lines[:first], ours, *lines[first:]]) + "\n")
    bed.httpd.start()
    eventually(lambda: tls.fetch(bed.httpd.https_port, domain.name).status in (200, 503), "the host answers")
    bed.obtain(domain, specs=("p-256",))
