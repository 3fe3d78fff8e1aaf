# SPDX-License-Identifier: Apache-2.0
"""The whole set-up of a test: httpd with managed domains, a CA that validates at its ports, faults in between."""

import json
import shutil
import tempfile
from pathlib import Path

from . import tls
from .fault_proxy import FaultProxy
from .httpd import DEBIAN_MOD_MD, Domain, Httpd, Layout, PlainHost
from .pebble import Pebble
from .pki import TestAuthority
from .store import Store
from .waiting import eventually

__all__ = ["Bed", "Domain", "Layout", "PlainHost"]


class Bed:
    def __init__(self, layout=None, **pebble_settings):
        # Not pytest's tmp_path: the children run as another user, and must get there.
        self.root = Path(tempfile.mkdtemp(prefix="md-e2e-"))
        self.root.chmod(0o755)
        self.authority = TestAuthority(self.root)
        self.httpd = Httpd(self.root / "httpd", layout)
        self.pebble = Pebble(self.root / "pebble", self.authority, self.httpd.http_port, self.httpd.https_port,
                             **pebble_settings).start()
        self.proxy = FaultProxy(self.authority, self.pebble.port).start()
        self.roots = self.pebble.roots()
        self.store = Store(self.httpd.store)

    # -- httpd

    def configure(self, *domains, options=()):
        self.httpd.configure(domains, [*self.ca_options(), *options])

    def serve(self, *domains, options=()):
        self.configure(*domains, options=options)
        self.httpd.start()

    def ca_options(self):
        return [f"MDCertificateAuthority {self.proxy.url}", f"MDCACertificateFile {self.authority.root_file}",
                "MDCertificateAgreement accepted", "MDContactEmail admin@example.org", "MDRetryDelay 1s"]

    def wait_for_restart(self):
        """Lines that leave activation to the next restart, so that a test can meddle with the staged set."""
        return ["MDLiveActivation off"] if self.httpd.layout.module != DEBIAN_MOD_MD else []

    def use_module(self, path):
        """The next start is with another module."""
        self.httpd.layout.module = path

    # -- certificates

    def wait_staged(self, *domains, specs=("",), within=30):
        """Until a complete set for all names waits in staging, or is already past it."""
        for domain in domains:
            eventually(lambda: self._is_finished(domain, specs), f"{domain.name} is renewed", within)

    def wait_served(self, *domains, within=30):
        """Until each name of the domains answers verified requests, of one child as of the other."""
        for domain in domains:
            for name in domain.names:
                eventually(lambda: all(self.fetch(name).status == 200 for _ in range(10)),
                           f"{name} answers with its certificate", within)

    def obtain(self, *domains, specs=("",)):
        """From the start of httpd to certificates in use, by a graceful restart: this works with any mod_md."""
        self.wait_staged(*domains, specs=specs)
        self.httpd.graceful()
        self.wait_served(*domains)

    def fetch(self, name, path="/index.html", **how):
        return tls.fetch(self.httpd.https_port, name, path, roots=self.roots, **how)

    def fetch_any(self, name, path, **how):
        """The same, whoever vouches for the certificate."""
        return tls.fetch(self.httpd.https_port, name, path, **how)

    def serial(self, name, **how):
        return self.fetch(name, **how).serial

    def md_status(self, name=""):
        status, body = tls.get(self.httpd.http_port, f"/md-status/{name}" if name else "/md-status")
        assert status == 200, f"md-status: {status}"
        return json.loads(body)

    def _is_finished(self, domain, specs):
        staged = self._covers("staging", domain, specs) and self.store.job(domain.name).get("finished")
        return staged or self._covers("domains", domain, specs)

    def _covers(self, group, domain, specs):
        """Whether the set there is complete and is for all names of the domain."""
        return self.store.has_set(domain.name, specs, group) and all(
            set(domain.names) <= tls.names_in(self.store.chain(domain.name, group, spec)[0]) for spec in specs)

    # -- end

    def close(self):
        self.httpd.stop()
        self.proxy.stop()
        self.pebble.stop()

    def remove(self):
        shutil.rmtree(self.root, ignore_errors=True)
