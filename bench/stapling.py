#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""What does a staple cost the server, and what do thousands of certificates cost its start?

Handshakes: one httpd, hosts that differ in their stapling alone: none (twice: the second series shows the noise), ours
with the answer known, ours while none is known, and mod_ssl's own. They take short turns, each time in another order; the CPU
time of the children, by the kernel's count, is divided by the handshakes. What a series costs over none is the median
of the ratios within each turn, so that what else the machine does meanwhile weighs on both sides. Every client asks for
a staple.

Start: as many certificates as asked for, without stapling, with it for the first time, and with the answers kept.

Exits with 1 when a known staple costs more than the limit, or not all answers are fetched.
"""

import argparse
import ctypes
import ctypes.util
import shutil
import socket
import statistics
import sys
import tempfile
import threading
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "tests/e2e"))

from cryptography import x509  # noqa: E402

from testbed import tls  # noqa: E402
from testbed.fault_proxy import Reply  # noqa: E402
from testbed.httpd import Httpd, PlainHost  # noqa: E402
from testbed.ocsp import OCSP_TYPE, OcspProxy, asked_about, forged, staple  # noqa: E402
from testbed.pki import TestAuthority  # noqa: E402
from testbed.waiting import eventually  # noqa: E402

SERIES = {"none": ["MDStapling off"], "none, again": ["MDStapling off"], "ours, known": ["MDStapling on"],
          "ours, unknown": ["MDStapling on"], "mod_ssl's own": ["MDStapling off", "SSLUseStapling on"]}
OPTIONS = ["LogLevel warn md:info", "SSLStaplingCache shmcb:logs/staples(512000)"]

DISTANCE = 0.02  # seconds that a responder takes


def main():
    options = parse_options()
    root = Path(tempfile.mkdtemp(prefix="md-bench-"))
    root.chmod(0o755)
    try:
        fine = compare_handshakes(root / "handshakes", options)
        return 0 if compare_starts(root / "starts", options) and fine else 1
    finally:
        shutil.rmtree(root, ignore_errors=True)


def parse_options():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--turns", type=int, default=60, help="alternations (default: 60)")
    parser.add_argument("--handshakes", type=int, default=100, help="in each turn of each series (default: 100)")
    parser.add_argument("--limit", type=float, default=2.0, help="percent over none (default: 2)")
    parser.add_argument("--certificates", type=int, default=2000)
    return parser.parse_args()


class QuickResponder(OcspProxy):
    """Answers from memory, and counts how many ask at once."""

    def __init__(self, authority):
        super().__init__()
        self.authority = authority
        self.answers = {}
        self.most_at_once = self._at_once = 0

    def host(self, name, endpoint, lines):
        """A TLS host with a certificate that names this responder."""
        aia = x509.AuthorityInformationAccess([x509.AccessDescription(
            x509.oid.AuthorityInformationAccessOID.OCSP, x509.UniformResourceIdentifier(self.url_of(endpoint)))])
        certificate, key = self.authority.server_files(name, (name,), (aia,))
        leaf = x509.load_pem_x509_certificate(certificate.read_bytes())
        certificate.write_bytes(certificate.read_bytes() + self.authority.root_file.read_bytes())
        self.answers[leaf.serial_number] = forged(self.authority.root, self.authority.key, leaf)
        return PlainHost(name, certificate, key, tuple(lines))

    def _forward(self, exchange):
        with self._lock:
            self._at_once += 1
            self.most_at_once = max(self.most_at_once, self._at_once)
        try:
            time.sleep(DISTANCE)
            if exchange.endpoint == "unknown":
                return Reply(503, (), b"")
            return Reply(200, OCSP_TYPE, self.answers[asked_about(exchange)])
        finally:
            with self._lock:
                self._at_once -= 1


class Client:
    """Handshakes by OpenSSL itself: Python's ssl cannot ask for a staple."""

    def __init__(self, port):
        self._port = port
        self._ssl = ctypes.CDLL(ctypes.util.find_library("ssl"))
        for function in ("TLS_client_method", "SSL_CTX_new", "SSL_new"):
            getattr(self._ssl, function).restype = ctypes.c_void_p
        self._context = ctypes.c_void_p(self._ssl.SSL_CTX_new(ctypes.c_void_p(self._ssl.TLS_client_method())))

    def handshakes(self, name, count):
        for _ in range(count):
            with socket.create_connection(("127.0.0.1", self._port)) as connection:
                session = ctypes.c_void_p(self._ssl.SSL_new(self._context))
                self._ssl.SSL_ctrl(session, 55, 0, name.encode())  # SSL_set_tlsext_host_name
                self._ssl.SSL_ctrl(session, 65, 1, None)           # SSL_set_tlsext_status_type: ocsp
                connection.setblocking(True)
                self._ssl.SSL_set_fd(session, connection.fileno())
                done = self._ssl.SSL_connect(session)
                self._ssl.SSL_free(session)
                if done != 1:
                    raise RuntimeError(f"a handshake with {name} failed")


def compare_handshakes(root, options):
    root.mkdir()
    root.chmod(0o755)
    authority = TestAuthority(root)
    responder = QuickResponder(authority).start()
    hosts = {series: responder.host(f"host{number}.example.org", "unknown" if "unknown" in series else "known", lines)
             for number, (series, lines) in enumerate(SERIES.items())}
    httpd = Httpd(root / "httpd")
    httpd.configure(hosts.values(), [*OPTIONS, "StartServers 1", "MaxConnectionsPerChild 0"])
    httpd.start()
    try:
        for series, host in hosts.items():
            expected = "good" if series in ("ours, known", "mod_ssl's own") else None
            eventually(lambda: staple(httpd.https_port, host.name).status == expected, f"{series} is ready")
        return report(measure(httpd, hosts, options), options)
    finally:
        httpd.stop()
        responder.stop()


def measure(httpd, hosts, options):
    """Per series: (CPU microseconds, wall microseconds) per handshake, a pair for each turn."""
    client = Client(httpd.https_port)
    costs = {series: [] for series in hosts}
    for turn in range(-1, options.turns):  # the first warms up
        names = list(hosts)
        first = turn % len(names)
        for series in names[first:] + names[:first]:
            host = hosts[series]
            cpu, wall = cpu_seconds(httpd), time.monotonic()
            client.handshakes(host.name, options.handshakes)
            spent = (cpu_seconds(httpd) - cpu, time.monotonic() - wall)
            if turn >= 0:
                costs[series].append([seconds * 1e6 / options.handshakes for seconds in spent])
    return costs


def cpu_seconds(httpd):
    """Of all threads of all children, to the nanosecond."""
    total = 0
    for pid in httpd.serving_children():
        for thread in Path(f"/proc/{pid}/task").glob("*/schedstat"):
            total += int(thread.read_text().split()[0])
    return total / 1e9


def report(costs, options):
    plain = [cpu for cpu, _ in costs["none"]]
    over = {}
    print(f"{'stapling':16}{'CPU µs/handshake':>18}{'over none':>11}{'handshakes/s':>14}   "
          f"(medians of {options.turns} turns of {options.handshakes}, one client)")
    for series, turns in costs.items():
        cpu = statistics.median(cpu for cpu, _ in turns)
        over[series] = (statistics.median(cost / none for (cost, _), none in zip(turns, plain)) - 1) * 100
        rate = 1e6 / statistics.median(wall for _, wall in turns)
        print(f"{series:16}{cpu:18.1f}{over[series]:+10.2f}%{rate:14.0f}   "
              f"({min(cpu for cpu, _ in turns):.1f} to {max(cpu for cpu, _ in turns):.1f})", flush=True)
    print(f"a known staple costs {over['ours, known']:+.2f} % (limit {options.limit} %)")
    return over["ours, known"] < options.limit


def compare_starts(root, options):
    root.mkdir()
    root.chmod(0o755)
    responder = QuickResponder(TestAuthority(root)).start()
    hosts = [responder.host(f"host{number}.example.org", "known", []) for number in range(options.certificates)]
    httpd = Httpd(root / "httpd")
    try:
        for what, lines in (("without stapling", []), ("stapling, nothing kept", ["MDStapling on"]),
                            ("stapling, all kept", ["MDStapling on"])):
            httpd.configure(hosts, [*OPTIONS, *lines])
            started = time.monotonic()
            httpd.start()
            print(f"start with {len(hosts)} certificates, {what:24}{time.monotonic() - started:8.2f} s", flush=True)
            if what == "stapling, nothing kept":
                eventually(lambda: len(list(httpd.store.glob("ocsp/other/ocsp-*.json"))) == len(hosts),
                           "all answers are fetched", within=120, every=0.2)
                print(f"{'all fetched after':50}{time.monotonic() - started:8.2f} s, "
                      f"at most {responder.most_at_once} at once", flush=True)
            httpd.stop()
        return True
    finally:
        httpd.stop()
        responder.stop()


if __name__ == "__main__":
    sys.exit(main())
