#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""How much longer does the first start take with 100 new managed domains than without any?

Both configurations load the module and have the same TLS vhosts; one has them managed, with default keys and an empty
store, the other gives them certificate files. They alternate. Ready is when a TLS handshake is answered. Exits with 1
when the medians differ by more than the limit.
"""

import argparse
import shutil
import statistics
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "tests/e2e"))

from testbed import tls  # noqa: E402
from testbed.httpd import DEBIAN_MOD_MD, Domain, Httpd, Layout, PlainHost, module_under_test  # noqa: E402
from testbed.pki import TestAuthority  # noqa: E402
from testbed.ports import free_port  # noqa: E402

LONGEST_START = 120


def main():
    options = parse_options()
    root = Path(tempfile.mkdtemp(prefix="md-bench-"))
    root.chmod(0o755)
    try:
        return 1 if compare(root, options) > options.limit else 0
    finally:
        shutil.rmtree(root, ignore_errors=True)


def parse_options():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--domains", type=int, default=100)
    parser.add_argument("--repetitions", type=int, default=7)
    parser.add_argument("--limit", type=float, default=0.3, help="seconds (default: 0.3)")
    parser.add_argument("--debian", action="store_true", help="Debian's mod_md too, once: it takes its time")
    return parser.parse_args()


def compare(root, options):
    """Prints both medians and returns their difference."""
    hosts = plain_hosts(root, options.domains)
    domains = [Domain(host.name) for host in hosts]
    managed, plain = [], []
    for _ in range(options.repetitions):
        plain.append(first_start(root / "plain", module_under_test(), hosts))
        managed.append(first_start(root / "managed", module_under_test(), domains))
    report("no managed domain", plain)
    report(f"{options.domains} new managed domains", managed)
    difference = statistics.median(managed) - statistics.median(plain)
    print(f"{'difference':32}{difference:8.3f} s   (limit {options.limit} s)")
    if options.debian:
        debian = first_start(root / "debian", DEBIAN_MOD_MD, domains)
        print(f"{'with Debian’s mod_md':32}{debian:8.3f} s   ({debian / statistics.median(managed):.1f} × ours)")
    return difference


def plain_hosts(root, count):
    authority = TestAuthority(root)
    names = [f"host{number}.example.org" for number in range(count)]
    return [PlainHost(name, *authority.server_files(name, [name])) for name in names]


def first_start(root, module, hosts):
    """Seconds from exec to the first handshake, with an empty store."""
    shutil.rmtree(root, ignore_errors=True)
    httpd = Httpd(root, Layout(module=module))
    # Nobody is there: the start must not need a CA.
    httpd.configure(hosts, [f"MDCertificateAuthority https://localhost:{free_port()}/dir",
                            "MDCertificateAgreement accepted"])
    started = time.monotonic()
    httpd.launch()
    try:
        wait_for_handshake(httpd, hosts[-1].name)
        return time.monotonic() - started
    finally:
        httpd.stop()


def wait_for_handshake(httpd, name):
    deadline = time.monotonic() + LONGEST_START
    while True:
        try:
            return tls.served_certificate(httpd.https_port, name)
        except OSError:
            if time.monotonic() > deadline or not httpd.is_running():
                raise RuntimeError(f"httpd does not start:\n{httpd.log()[-3000:]}{httpd.stderr()[-3000:]}")
            time.sleep(0.002)


def report(what, seconds):
    print(f"{what:32}{statistics.median(seconds):8.3f} s   (median of {len(seconds)}, "
          f"{min(seconds):.3f} to {max(seconds):.3f})", flush=True)


if __name__ == "__main__":
    sys.exit(main())
