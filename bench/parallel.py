#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Do three domains in trouble hold up 97 others?

One domain's CA stalls, one's dns-01 script sleeps for a minute, one is rejected by its CA. The time from the start of
httpd to the last of the 97 certificates, with these three and without them, in turn; one pebble, without validation
delays, P-256 keys. Exits with 1 when the ratio of the medians is not within 20 % of one.
"""

import argparse
import shutil
import statistics
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "tests/e2e"))

from testbed import batch  # noqa: E402
from testbed.fault_proxy import FaultProxy  # noqa: E402
from testbed.httpd import Httpd  # noqa: E402
from testbed.pebble import Pebble  # noqa: E402
from testbed.pki import TestAuthority  # noqa: E402
from testbed.trouble import Trouble  # noqa: E402

TOLERANCE = 0.2
LONGEST_RUN = 300


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--domains", type=int, default=97, help="managed domains without trouble (default: 97)")
    parser.add_argument("--repetitions", type=int, default=3, help="runs of each, in turn (default: 3)")
    options = parser.parse_args()
    root = Path(tempfile.mkdtemp(prefix="md-bench-"))
    root.chmod(0o755)
    try:
        alone, among = measure(root, batch.many(options.domains), options.repetitions)
    finally:
        shutil.rmtree(root, ignore_errors=True)
    ratio = statistics.median(among) / statistics.median(alone)
    is_met = abs(ratio - 1) <= TOLERANCE
    print(f"{options.domains} certificates, from the start of httpd to the last one")
    report("alone", alone)
    report("beside three in trouble", among)
    print(f"  {'ratio':24}{ratio:8.2f} ×   (goal: 1 ± {TOLERANCE:g}, {'met' if is_met else 'MISSED'})")
    return 0 if is_met else 1


def measure(root, others, repetitions):
    authority = TestAuthority(root)
    httpd = Httpd(root / "httpd")
    pebble = Pebble(root / "pebble", authority, httpd.http_port, httpd.https_port, config=Trouble.PEBBLE_CONFIG).start()
    proxy = FaultProxy(authority, pebble.port).start()
    lines = [f"MDCertificateAuthority {pebble.url}", f"MDCACertificateFile {authority.root_file}",
             "MDCertificateAgreement accepted", "MDContactEmail admin@example.org"]
    alone, among = [], []
    try:
        for _ in range(repetitions):
            alone.append(run(httpd, others, others, lines))
            trouble = Trouble(root, proxy)
            among.append(run(httpd, [*trouble.domains, *others], others, lines))
            trouble.end()
            proxy.heal()
    finally:
        pebble.stop()
        proxy.stop()
    return alone, among


def run(httpd, domains, wanted, lines):
    try:
        return batch.obtain(httpd, domains, wanted, lines, LONGEST_RUN)
    finally:
        httpd.stop()


def report(who, seconds):
    print(f"  {who:24}{statistics.median(seconds):8.2f} s   (median of {len(seconds)}: "
          f"{min(seconds):.2f} to {max(seconds):.2f})")


if __name__ == "__main__":
    sys.exit(main())
