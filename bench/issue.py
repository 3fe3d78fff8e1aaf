#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""How much faster does this module obtain many certificates from one CA than Debian's mod_md?

One pebble per row, asked by both modules in turn; each run begins with an empty store. A run is timed from the moment
httpd says that it is ready to the last certificate on disk. Debian's mod_md works one domain after the other, so fewer
domains tell its time per certificate as well; what is compared is the time per certificate. Exits with 1 when a ratio
is below its goal.
"""

import argparse
import shutil
import statistics
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "tests/e2e"))

from testbed.batch import certified, many  # noqa: E402
from testbed.httpd import DEBIAN_MOD_MD, Httpd, Layout, module_under_test  # noqa: E402
from testbed.pebble import Pebble  # noqa: E402
from testbed.pki import TestAuthority  # noqa: E402
from testbed.ports import free_port  # noqa: E402

LONGEST_RUN = 1200


@dataclass(frozen=True)
class Row:
    what: str
    goal: float
    no_delays: str                # pebble's PEBBLE_VA_NOSLEEP
    options: tuple = ()

    @property
    def file(self):
        return "pubcert.p-256.pem" if self.options else "pubcert.pem"


ROWS = {
    "delays": Row("pebble's default validation delays, default keys", 20, "0"),
    "ec": Row("no delays, P-256 keys", 5, "1", ("MDPrivateKeys P-256",)),
    "rsa": Row("no delays, default keys (RSA)", 2.5, "1"),
}


def main():
    options = parse_options()
    root = Path(tempfile.mkdtemp(prefix="md-bench-"))
    root.chmod(0o755)
    try:
        # Every row is run, whatever became of the one before.
        met = [compare(root / name, ROWS[name], options) for name in options.rows.split(",")]
        return 0 if all(met) else 1
    finally:
        shutil.rmtree(root, ignore_errors=True)


def parse_options():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--domains", type=int, default=200, help="managed domains of this module (default: 200)")
    parser.add_argument("--debian-domains", type=int, default=0,
                        help="managed domains of Debian's mod_md (default: as many; with delays 25 take a minute)")
    parser.add_argument("--repetitions", type=int, default=1, help="runs of each, in turn")
    parser.add_argument("--rows", default=",".join(ROWS), help=f"some of these (default: {','.join(ROWS)})")
    return parser.parse_args()


def compare(root, row, options):
    """Prints both times per certificate and their ratio; is it good enough?"""
    root.mkdir()
    root.chmod(0o755)
    ports = free_port(), free_port()
    pebble = Pebble(root / "pebble", TestAuthority(root), *ports, env={"PEBBLE_VA_NOSLEEP": row.no_delays}).start()
    counts = options.domains, options.debian_domains or options.domains
    ours, debian = [], []
    try:
        for run in range(options.repetitions):
            ours.append(issue(root / f"ours-{run}", module_under_test(), pebble, row, counts[0]) / counts[0])
            debian.append(issue(root / f"debian-{run}", DEBIAN_MOD_MD, pebble, row, counts[1]) / counts[1])
    finally:
        pebble.stop()
    ratio = statistics.median(debian) / statistics.median(ours)
    print(row.what)
    report("this module", ours, counts[0])
    report("Debian's mod_md", debian, counts[1])
    verdict = "met" if ratio >= row.goal else "MISSED"
    print(f"  {'ratio':18}{ratio:8.1f} ×   (goal: {row.goal:g} ×, {verdict})", flush=True)
    return ratio >= row.goal


def issue(root, module, pebble, row, count):
    """Seconds until `count` certificates are there, from an empty store on.

    The folder stays until the end: an ext4 without journal steps around the inodes of files that were just deleted,
    each time that one is created, and the next run would pay for that.
    """
    httpd = Httpd(root, Layout(module=module))
    httpd.http_port, httpd.https_port = pebble.challenge_ports
    httpd.configure(many(count), [
        f"MDCertificateAuthority {pebble.url}", f"MDCACertificateFile {pebble.authority.root_file}",
        "MDCertificateAgreement accepted", "MDContactEmail admin@example.org", "MDCAChallenges http-01",
        "LogLevel md:warn", *row.options])
    httpd.launch()
    try:
        httpd.wait_ready(within=LONGEST_RUN)
        started = time.monotonic()
        wait_for_certificates(httpd, row, count)
        return time.monotonic() - started
    finally:
        httpd.stop()


def wait_for_certificates(httpd, row, count):
    deadline = time.monotonic() + LONGEST_RUN
    while len(certified(httpd.store, row.file)) < count:
        if time.monotonic() > deadline or not httpd.is_running():
            raise RuntimeError(f"{len(certified(httpd.store, row.file))} of {count} certificates:\n{httpd.log()[-3000:]}")
        time.sleep(0.1)


def report(who, seconds, count):
    print(f"  {who:18}{statistics.median(seconds):8.3f} s per certificate   (median of {len(seconds)} × {count}: "
          f"{min(seconds):.3f} to {max(seconds):.3f})")


if __name__ == "__main__":
    sys.exit(main())
