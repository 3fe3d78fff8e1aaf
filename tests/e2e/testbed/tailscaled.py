# SPDX-License-Identifier: Apache-2.0
"""A stand-in for tailscaled: the part of its LocalAPI that hands out certificates, on a unix socket.

The real daemon is not packaged for Debian and needs an account at tailscale, so this is written from its documented
behaviour. Today's generation answers `type=pair` with key and chain and honours `min_validity`; the older one knows
`type=crt` and `type=key` alone. Certificates are signed by the test's own authority."""

import datetime
import threading
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from socketserver import ThreadingMixIn, UnixStreamServer
from urllib.parse import parse_qs, urlsplit

from cryptography.hazmat.primitives.asymmetric import ec

from .pki import DAY, pem

PREFIX = "/localapi/v0/cert/"


class Tailscaled:
    def __init__(self, authority, socket_path: Path, knows_pairs=True, lasts=90 * DAY):
        self.authority, self.socket_path = authority, socket_path
        self.knows_pairs, self.lasts = knows_pairs, lasts
        self.names = set()           # the machine's names: others are refused
        self.refusal = None          # (status, words) for every request
        self.requests = []           # (path, query, headers)
        self._pairs = {}             # name → (key PEM, chain PEM, end)
        self._lock = threading.Lock()
        self._server = None

    @property
    def url(self):
        return f"file://localhost{self.socket_path}"

    def start(self):
        daemon = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self):
                status, body = daemon.answer(self.path, dict(self.headers))
                self.send_response(status)
                self.send_header("Content-Type", "text/plain")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_):
                pass

            def address_string(self):
                return "unix"

        class Server(ThreadingMixIn, UnixStreamServer):
            daemon_threads = True

        self._server = Server(str(self.socket_path), Handler)
        self.socket_path.chmod(0o666)
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        return self

    def stop(self):
        if self._server:
            self._server.shutdown()
            self._server.server_close()
            self.socket_path.unlink(missing_ok=True)
            self._server = None

    def serial(self, name):
        """Of the newest certificate; None before the first."""
        return self._pairs[name][3] if name in self._pairs else None

    def queries(self):
        return [query for _, query, _ in self.requests]

    def answer(self, target, headers):
        parts = urlsplit(target)
        query = {key: values[0] for key, values in parse_qs(parts.query).items()}
        self.requests.append((parts.path, query, headers))
        if self.refusal:
            return self.refusal[0], self.refusal[1].encode()
        if headers.get("Host") != "local-tailscaled.sock" or "Origin" in headers or "Referer" in headers:
            return 403, b"invalid localapi request\n"
        name = parts.path.removeprefix(PREFIX)
        if not parts.path.startswith(PREFIX) or name not in self.names:
            return 500, f"invalid domain {name!r}; must be one of {sorted(self.names)}\n".encode()
        return self._certificate(name, query)

    def _certificate(self, name, query):
        kind = query.get("type", "crt")
        if kind not in ("crt", "key", *(["pair"] if self.knows_pairs else [])):
            return 400, b"invalid type; want \"crt\" (default) or \"key\"\n"
        wanted = seconds(query.get("min_validity", "0s")) if self.knows_pairs else 0
        with self._lock:
            key, chain = self._pair(name, datetime.timedelta(seconds=wanted))[:2]
        return 200, {"pair": key + chain, "crt": chain, "key": key}[kind]

    def _pair(self, name, wanted):
        known = self._pairs.get(name)
        if known and known[2] >= datetime.datetime.utcnow() + wanted:
            return known
        key = ec.generate_private_key(ec.SECP256R1())
        certificate = self.authority.issue([name], key.public_key(), self.lasts)
        self._pairs[name] = (pem(key), pem(certificate) + pem(self.authority.root), certificate.not_valid_after,
                             certificate.serial_number)
        return self._pairs[name]


def seconds(text):
    """A duration as Go writes it, of one unit."""
    return float(text[:-1]) * {"s": 1, "m": 60, "h": 3600}[text[-1]]
