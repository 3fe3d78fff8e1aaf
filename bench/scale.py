#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""How much do managed domains add to a start and to a graceful restart of a server with that many TLS vhosts?

Compared are the same vhosts, each with one certificate file of its own: with the module, where each is managed, and
without it, where each names its file. The files are the very same: those that the module gave mod_ssl. Three stores:

  empty     the first start: everything is made, the fallback certificates too
  fallback  the next one: every domain still waits for its certificate
  live      every domain has a key and a certificate in its folder; the vhosts without the module use these

Ready is when httpd says so in its log. Wall time, and the CPU time that the parent has used by then, at a start also
that of processes it had beside it, which a busy machine disturbs less. What was deleted before matters: an ext4 without
a journal takes longer to create files for minutes after as many were removed. The servers alternate. Exits with 1 when
a median difference of wall time is above the limit.
"""

import argparse
import os
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "tests/e2e"))

from testbed.httpd import DEBIAN_MOD_MD, Domain, Httpd, Layout, PlainHost, module_under_test  # noqa: E402
from testbed.ports import free_port  # noqa: E402

LONGEST_START = 3600
TICKS = os.sysconf("SC_CLK_TCK")
# Fields of /proc/<pid>/stat after the name (proc(5)): utime and stime of the process, and of those it has waited for.
PARENT, BESIDE = (11, 12), (13, 14)


class Measurements:
    """Wall and CPU seconds by what was done."""

    def __init__(self):
        self._by_name = {}

    def add(self, name, seconds):
        self._by_name.setdefault(name, []).append(seconds)

    def median(self, name, which):
        return statistics.median(run[which] for run in self._by_name[name])


def main():
    options = parse_options()
    root = Path(tempfile.mkdtemp(prefix="md-bench-"))
    root.chmod(0o755)
    try:
        worst = compare_with_plain(root, options)
        if options.debian:
            compare_with_debian(root, options)
        return 1 if worst > options.limit else 0
    finally:
        shutil.rmtree(root, ignore_errors=True)


def parse_options():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("domains", type=int, nargs="?", default=10000)
    parser.add_argument("--repetitions", type=int, default=3)
    parser.add_argument("--limit", type=float, default=2, help="seconds over the plain vhosts (default: 2)")
    parser.add_argument("--keys", default="Default", help="MDPrivateKeys (default: Default, which is RSA)")
    parser.add_argument("--debian", type=int, metavar="N", default=0,
                        help="Debian's mod_md with N domains, and ours with as many: with 10000 its first start makes "
                             "keys for the better part of an hour")
    return parser.parse_args()


def compare_with_plain(root, options):
    """Prints the table and returns the largest difference of wall times."""
    seconds = Measurements()
    for repetition in range(options.repetitions):
        # New folders each time: ext4 is slow to make files for seconds after as many were removed.
        managed, plain = root / f"managed{repetition}", root / f"plain{repetition}"
        run_managed(managed, module_under_test(), options, options.domains, seconds, "ours")
        run_plain(plain, managed / "md", "fallback", options, seconds)
        run_live(managed, options, seconds)
        run_plain(plain, managed / "md", "live", options, seconds)
        print(f"# round {repetition + 1} of {options.repetitions} done", flush=True)
    print(f"{options.domains} vhosts, MDPrivateKeys {options.keys}, medians of {options.repetitions}, wall (CPU) in s")
    print(f"{'':26}{'with':>16}{'without':>18}{'difference':>18}")
    rows = [("start, store empty", "ours empty", "plain fallback"),
            ("start, store fallback", "ours fallback", "plain fallback"),
            ("start, store live", "ours live", "plain live"),
            ("graceful, store fallback", "ours fallback graceful", "plain fallback graceful"),
            ("graceful, store live", "ours live graceful", "plain live graceful")]
    return max(print_row(seconds, *row) for row in rows)


def print_row(seconds, title, with_module, without):
    wall, cpu = ([seconds.median(name, which) for name in (with_module, without)] for which in ("wall", "cpu"))
    print(f"{title:26}{wall[0]:8.2f} ({cpu[0]:5.2f}){wall[1]:10.2f} ({cpu[1]:5.2f})"
          f"{wall[0] - wall[1]:+10.2f} ({cpu[0] - cpu[1]:+5.2f})", flush=True)
    return wall[0] - wall[1]


def compare_with_debian(root, options):
    seconds = Measurements()
    run_managed(root / "debian", DEBIAN_MOD_MD, options, options.debian, seconds, "debian")
    run_managed(root / "against-debian", module_under_test(), options, options.debian, seconds, "ours")
    print(f"\n{options.debian} vhosts, Debian's mod_md and ours, once each, wall in s")
    for what in ("empty", "fallback", "fallback graceful"):
        theirs, ours = (seconds.median(f"{who} {what}", "wall") for who in ("debian", "ours"))
        print(f"{'store ' + what:26}{theirs:8.2f}{ours:10.2f}   {theirs / ours:6.1f} ×", flush=True)


def run_managed(root, module, options, count, seconds, who):
    """First start, second start, graceful restart."""
    httpd = Httpd(root, Layout(module=module))
    configure(httpd, [Domain(name) for name in names(count)], managed_lines(options))
    seconds.add(f"{who} empty", start(httpd))
    httpd.stop()
    start_and_reload(httpd, seconds, f"{who} fallback")


def run_live(root, options, seconds):
    """Fallbacks for an ordinary key become the certificates: to the start, one self-signed one is as good as any."""
    httpd = Httpd(root, Layout())
    suffix = live_suffix(options)
    if not suffix:
        # The module's own has three primes, which OpenSSL takes longer to read.
        subprocess.run(["openssl", "genrsa", "-out", root / "md/fallback-privkey.pem", "2048"], check=True,
                       stderr=subprocess.DEVNULL)
        start(httpd)
        httpd.stop()
    key = fallback_key(root / "md", suffix).read_bytes()
    for folder in (root / "md/domains").iterdir():
        certificate = next(folder.glob("fallback-pubcert*.pem"))
        certificate.rename(folder / f"pubcert{suffix}.pem")
        (folder / f"privkey{suffix}.pem").write_bytes(key)
        (folder / f"privkey{suffix}.pem").chmod(0o600)
    configure(httpd, [Domain(name) for name in names(options.domains)], managed_lines(options))
    # Once unmeasured: each md.json learns that its domain has a certificate now.
    start(httpd)
    httpd.stop()
    start_and_reload(httpd, seconds, "ours live")


def fallback_key(store, suffix):
    return store / ("fallback-privkey.p-256.pem" if suffix else "fallback-privkey.pem")


def live_suffix(options):
    return "" if options.keys in ("Default", "RSA") else "." + options.keys.lower()


def run_plain(root, managed, store, options, seconds):
    httpd = Httpd(root, Layout(module=None))
    hosts = []
    for name in names(options.domains):
        folder = managed / "domains" / name
        if store == "live":
            files = folder / f"pubcert{live_suffix(options)}.pem", folder / f"privkey{live_suffix(options)}.pem"
        else:
            files = next(folder.glob("fallback-pubcert*.pem")), fallback_key(managed, live_suffix(options))
        hosts.append(PlainHost(name, *files))
    configure(httpd, hosts, [])
    start_and_reload(httpd, seconds, f"plain {store}")


def names(count):
    return [f"host{number}.example.org" for number in range(count)]


def managed_lines(options):
    # Nobody is there: the start must not need a CA, and nothing is renewed while we measure.
    return [f"MDCertificateAuthority https://localhost:{free_port()}/dir", "MDCertificateAgreement accepted",
            "MDRenewMode manual", f"MDPrivateKeys {options.keys}"]


def configure(httpd, hosts, lines):
    httpd.configure(hosts, [*lines, "LogLevel notice", "StartServers 1"])


def start_and_reload(httpd, seconds, name):
    seconds.add(name, start(httpd))
    seconds.add(f"{name} graceful", graceful(httpd))
    httpd.stop()


def start(httpd):
    starts, began = count_of_starts(httpd), time.monotonic()
    httpd.launch()
    return until_ready(httpd, starts + 1, began, lambda: cpu_seconds(httpd.pid, PARENT + BESIDE))


def count_of_starts(httpd):
    return httpd.log().count("resuming normal operations")


def graceful(httpd):
    starts, began, used = count_of_starts(httpd), time.monotonic(), cpu_seconds(httpd.pid, PARENT)
    os.kill(httpd.pid, signal.SIGUSR1)
    # Children that have served until now and end meanwhile are no part of it.
    return until_ready(httpd, starts + 1, began, lambda: cpu_seconds(httpd.pid, PARENT) - used)


def until_ready(httpd, starts, began, cpu):
    while count_of_starts(httpd) < starts:
        if time.monotonic() - began > LONGEST_START or not httpd.is_running():
            raise RuntimeError(f"httpd does not start:\n{httpd.log()[-3000:]}{httpd.stderr()[-3000:]}")
        time.sleep(0.01)
    return {"wall": time.monotonic() - began, "cpu": cpu()}


def cpu_seconds(pid, fields):
    values = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return sum(int(values[field]) for field in fields) / TICKS


if __name__ == "__main__":
    sys.exit(main())
