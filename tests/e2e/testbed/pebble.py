# SPDX-License-Identifier: Apache-2.0
"""Pebble, a real ACME server, and the DNS it asks: every name is at 127.0.0.1."""

import json
import os
import re
import ssl
import urllib.request
from pathlib import Path

from .ports import free_port
from .processes import end, spawn
from .waiting import eventually


class Pebble:
    def __init__(self, directory: Path, authority, http_port, https_port, *, nonce_reject=0, authz_reuse=0,
                 port=None, env=None):
        """Validates at `http_port` and `https_port`. The percentages are pebble's own settings of these names."""
        self.directory = directory
        self.authority = authority
        self.challenge_ports = (http_port, https_port)
        self.port = port or free_port()
        self._management_port = free_port()
        self._dns_port = free_port()
        self._dns_management_port = free_port()
        self._env = {"PEBBLE_VA_NOSLEEP": "1", "PEBBLE_WFE_NONCEREJECT": str(nonce_reject),
                     "PEBBLE_AUTHZREUSE": str(authz_reuse), **(env or {})}
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
            spawn(["pebble", "-config", self._write_config(), "-dnsserver", f"127.0.0.1:{self._dns_port}"],
                  log, env=self._env)]
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

    def accounts(self):
        """How many accounts this CA has made."""
        return _highest(r"There are now (\d+) accounts", self.log())

    def orders(self):
        """How many orders this CA has taken."""
        return _highest(r"There are now (\d+) orders", self.log())

    def roots(self):
        """The root below which this CA issues, PEM."""
        return self._get(self._management_port, "/roots/0").decode()

    def _get(self, port, path):
        context = ssl.create_default_context(cafile=self.authority.root_file)
        with urllib.request.urlopen(f"https://localhost:{port}{path}", context=context, timeout=5) as answer:
            return answer.read()

    def _write_config(self):
        certificate, key = self.authority.server_files("pebble")
        config = self.directory / "pebble.json"
        config.write_text(json.dumps({"pebble": {
            "listenAddress": f"127.0.0.1:{self.port}", "managementListenAddress": f"127.0.0.1:{self._management_port}",
            "certificate": os.fspath(certificate), "privateKey": os.fspath(key),
            "httpPort": self.challenge_ports[0], "tlsPort": self.challenge_ports[1]}}))
        return config


def _highest(pattern, text):
    return max((int(number) for number in re.findall(pattern, text)), default=0)
