#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""How long do the status documents of many domains take, and does a child grow by answering?

Managed domains without virtual hosts, so that httpd's own start is short. Prints the median of each document, and the memory
of the children before and after many requests for one domain.
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
from testbed.httpd import Httpd  # noqa: E402


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--domains", type=int, default=10000)
    parser.add_argument("--requests", type=int, default=10000)
    options = parser.parse_args()
    root = Path(tempfile.mkdtemp(prefix="md-bench-"))
    root.chmod(0o755)
    httpd = Httpd(root / "httpd")
    names = [f"d{number}.example.org" for number in range(options.domains)]
    httpd.configure(options=["LogLevel error", "MDRenewMode manual", *(f"MDomain {name}" for name in names)])
    try:
        begun = time.monotonic()
        httpd.start()
        print(f"start with {options.domains} managed domains without hosts: {time.monotonic() - begun:.2f} s")
        for path in ("/md-status", "/server-status?auto", "/server-status", "/md-metrics"):
            report(httpd, path)
        grow(httpd, f"/md-status/{names[-1]}", options.requests)
    finally:
        httpd.stop()
        shutil.rmtree(root, ignore_errors=True)


def report(httpd, path):
    times = []
    for _ in range(7):
        begun = time.monotonic()
        status, body = tls.get(httpd.http_port, path)
        times.append(time.monotonic() - begun)
        assert status == 200
    print(f"{path:24}{statistics.median(times):8.3f} s  {len(body) / 1e6:6.2f} MB")


def grow(httpd, path, requests):
    for _ in range(requests // 10):
        tls.get(httpd.http_port, path)
    before = memory(httpd)
    begun = time.monotonic()
    for _ in range(requests):
        status, _ = tls.get(httpd.http_port, path)
        assert status == 200
    took = time.monotonic() - begun
    after = memory(httpd)
    print(f"{requests} requests for one domain: {took / requests * 1000:.2f} ms each; children's memory {before} kB before, "
          f"{after} kB after")


def memory(httpd):
    """Anonymous memory of all children, in kB."""
    total = 0
    for pid in httpd.serving_children():
        status = Path(f"/proc/{pid}/status").read_text()
        total += int(next(line for line in status.splitlines() if line.startswith("RssAnon")).split()[1])
    return total


if __name__ == "__main__":
    main()
