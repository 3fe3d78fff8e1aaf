# SPDX-License-Identifier: Apache-2.0
"""A real forward proxy that wants a password, over http and https: httpd with mod_proxy_connect and mod_proxy_http."""

import base64
import hashlib
import re

from .httpd import DEBIAN_MODULES, Httpd, Layout, PlainHost

USER, PASSWORD = "mod-md", "proxy-secret"


class ForwardProxy:
    def __init__(self, directory, authority):
        """`authority` vouches for its https side."""
        self._httpd = Httpd(directory, Layout(module=None, preload=None))
        self._authority = authority

    def start(self):
        digest = base64.b64encode(hashlib.sha1(PASSWORD.encode()).digest()).decode()
        users = self._httpd.root / "users"
        users.write_text(f"{USER}:{{SHA}}{digest}\n")
        users.chmod(0o644)
        modules = ("proxy", "proxy_connect", "proxy_http", "authn_core", "authn_file", "auth_basic", "authz_user")
        tls_side = PlainHost("localhost", *self._authority.server_files("forward-proxy"))
        self._httpd.configure([tls_side], [
            *(f"LoadModule {name}_module {DEBIAN_MODULES}/mod_{name}.so" for name in modules),
            "LogLevel proxy:debug proxy_connect:debug proxy_http:trace1", "ProxyRequests on", "AllowCONNECT 1-65535",
            '<Proxy "*">', "AuthType Basic", "AuthName e2e", f"AuthUserFile {users}", "Require valid-user", "</Proxy>"])
        self._httpd.start()
        return self

    def stop(self):
        self._httpd.stop()

    @property
    def address(self):
        return f"localhost:{self._httpd.http_port}"

    @property
    def tls_address(self):
        return f"localhost:{self._httpd.https_port}"

    def url(self, password=PASSWORD):
        return f"http://{USER}:{password}@{self.address}"

    def tls_url(self, password=PASSWORD):
        return f"https://{USER}:{password}@{self.tls_address}"

    def asked(self):
        """Where it was asked to connect to, "host:port"."""
        tunnels = re.findall(r"AH01019: connecting \S+ to (\S+)", self._httpd.log())
        plain = re.findall(r"HTTP: serving URL http://([^/\s]+)", self._httpd.log())
        return set(tunnels) | set(plain)
