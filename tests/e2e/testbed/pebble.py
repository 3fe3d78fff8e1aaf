# SPDX-License-Identifier: Apache-2.0
"""Pebble, a real ACME server, and the DNS it asks: every name is at 127.0.0.1.

Debian 12's pebble is the usual one. A newer one knows renewal information and profiles as well, and reads the same
configuration: `Pebble(…, newer=True)`, for tests that are marked `newer_pebble`.
"""

import json
import os
import re
import ssl
import urllib.request
from pathlib import Path

from .ports import free_port
from .processes import end, spawn
from .waiting import eventually


TOOL = Path(__file__).resolve().parents[3] / "build/tools/newer-pebble"
NEWER_PEBBLE = TOOL / "root/usr/bin/pebble"


def why_no_newer_pebble():
    """Empty if there is one; tools/fetch-newer-pebble puts it there."""
    if NEWER_PEBBLE.exists():
        return ""
    reason = TOOL / "unavailable"
    return reason.read_text().strip() if reason.exists() else "no newer pebble: run tools/fetch-newer-pebble"


class Pebble:
    def __init__(self, directory: Path, authority, http_port, https_port, *, nonce_reject=0, authz_reuse=0,
                 port=None, env=None, newer=False, config=None, dns_server=None):
        """Validates at `http_port` and `https_port`. The percentages are pebble's own settings of these names.

        `config`: more members of pebble's configuration. `dns_server`: the one to ask instead of pebble-challtestsrv.
        """
        self.directory = directory
        self.authority = authority
        self.challenge_ports = (http_port, https_port)
        self.port = port or free_port()
        self._management_port = free_port()
        self._dns_port = free_port()
        self._dns_management_port = free_port()
        self._env = {"PEBBLE_VA_NOSLEEP": "1", "PEBBLE_WFE_NONCEREJECT": str(nonce_reject),
                     "PEBBLE_AUTHZREUSE": str(authz_reuse), **(env or {})}
        self._binary = os.fspath(NEWER_PEBBLE) if newer else "pebble"
        self._config = config or {}
        self._dns_server = dns_server or f"127.0.0.1:{self._dns_port}"
        self._log_file = directory / "pebble.log"
        self._processes = []

    @property
    def url(self):
        return f"https://localhost:{self.port}/dir"

    def start(self):
        self.directory.mkdir(exist_ok=True)
        log = open(self._log_file, "ab")
        self._processes = [
            spawn(["pebble-challtestsrv", "-dns01", f"127.0.0.1:{self._dns_port}", "-http01", "", "-https01", "",
                   "-tlsalpn01", "", "-management", f"127.0.0.1:{self._dns_management_port}", "-defaultIPv6", ""],
                  log),
            spawn([self._binary, "-config", self._write_config(), "-dnsserver", self._dns_server], log, env=self._env)]
        log.close()
        eventually(lambda: self._get(self.port, "/dir"), "pebble answers")
        eventually(lambda: f"127.0.0.1:{self._dns_port}" in self.log(), "pebble's DNS server runs")
        return self

    def stop(self):
        for process in self._processes:
            end(process)
        self._processes = []

    def log(self):
        return self._log_file.read_text(errors="replace")

    @property
    def dns_management_url(self):
        """Where pebble-challtestsrv takes records: POST /set-txt, /clear-txt."""
        return f"http://127.0.0.1:{self._dns_management_port}"

    def accounts(self):
        """How many accounts this CA has made."""
        return _highest(r"There are now (\d+) accounts", self.log())

    def orders(self):
        """How many orders this CA has taken."""
        return _highest(r"There are now (\d+) orders", self.log())

    def roots(self):
        """The root below which this CA issues, PEM."""
        return self._get(self._management_port, "/roots/0").decode()

    def intermediate(self):
        """The CA that signs, PEM, and its key: with them an OCSP responder can be run."""
        return self._get(self._management_port, "/intermediates/0"), self._get(self._management_port,
                                                                               "/intermediate-keys/0")

    def manage(self, path, document):
        """Asks the management interface to do something."""
        return self._ask(self._management_port, path, json.dumps(document).encode())

    def _get(self, port, path):
        return self._ask(port, path)

    def _ask(self, port, path, body=None):
        context = ssl.create_default_context(cafile=self.authority.root_file)
        with urllib.request.urlopen(f"https://localhost:{port}{path}", body, context=context, timeout=5) as answer:
            return answer.read()

    def _write_config(self):
        certificate, key = self.authority.server_files("pebble")
        config = self.directory / "pebble.json"
        config.write_text(json.dumps({"pebble": {
            "listenAddress": f"127.0.0.1:{self.port}", "managementListenAddress": f"127.0.0.1:{self._management_port}",
            "certificate": os.fspath(certificate), "privateKey": os.fspath(key),
            "httpPort": self.challenge_ports[0], "tlsPort": self.challenge_ports[1], **self._config}}))
        return config


def _highest(pattern, text):
    return max((int(number) for number in re.findall(pattern, text)), default=0)
