# SPDX-License-Identifier: Apache-2.0
"""Stands between httpd and the CA: counts what is asked, and injects the faults a test describes.

The Host header is passed on, so the CA's own URLs lead back here. A fault names an endpoint, whether it strikes before
or after the CA saw the request, and an action: a function from the exchange and the CA's reply (None before) to the
reply to send instead, or None to go on.
"""

import http.client
import json
import ssl
import threading
import time
from base64 import urlsafe_b64decode
from dataclasses import dataclass, field, replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from cryptography import x509

from .pki import pem
from .ports import free_port
from .store import certificates
from .tls import names_in

# Pebble's path prefixes in the words of RFC 8555.
ENDPOINTS = {"/dir": "directory", "/nonce-plz": "new-nonce", "/sign-me-up": "new-account", "/my-account": "account",
             "/order-plz": "new-order", "/my-order": "order", "/authZ": "authorization", "/chalZ": "challenge",
             "/finalize-order": "finalize", "/certZ": "certificate",
             "/draft-ietf-acme-ari-03": "renewal-info"}
ENDLESS = object()


@dataclass(frozen=True)
class Reply:
    status: int
    headers: tuple = ()
    body: object = b""            # bytes, ENDLESS, or a function that writes to the stream it gets
    announced: int | None = None  # a Content-Length other than that of the body


@dataclass
class Exchange:
    """One request that came in, and what became of it. Times are time.monotonic()."""
    endpoint: str
    method: str
    path: str
    client_port: int
    headers: dict
    body: bytes
    started: float = field(default_factory=time.monotonic)
    answered: float | None = None
    status: int | None = None
    reply_body: bytes = b""

    def payload(self):
        encoded = json.loads(self.body)["payload"]
        return json.loads(_unbase64(encoded)) if encoded else None

    def csr(self):
        return x509.load_der_x509_csr(_unbase64(self.payload()["csr"]))


class Dropped(Exception):
    """The connection ends here, without an answer."""


@dataclass
class Fault:
    endpoint: str
    action: object
    before: bool = True
    skip: int = 0                 # this many requests pass first
    times: int | None = 1         # then it strikes so often; None: always
    struck: int = 0


class FaultProxy:
    def __init__(self, authority, ca_port):
        self.port = free_port()
        self.exchanges = []
        self._authority = authority
        self._ca_port = ca_port
        self._faults = []
        self._lock = threading.Lock()
        # Debian's pebble stops for ever when it is asked for an authorization and for a new order while it adds a
        # certificate: each holds the lock that the next one waits for. Requests that come one by one cannot do that.
        self._one_by_one = threading.Lock()
        self._server = _Server(("127.0.0.1", self.port), _Handler)
        self._server.proxy = self
        self._server.tls = self._server_context()

    @property
    def url(self):
        return f"https://localhost:{self.port}/dir"

    def start(self):
        threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
        return self

    def stop(self):
        self._server.shutdown()
        self._server.server_close()

    # -- faults

    def inject(self, endpoint, action, **when):
        """Adds a fault and returns it; its `struck` counts."""
        fault = Fault(endpoint, action, **when)
        with self._lock:
            self._faults.append(fault)
        return fault

    def heal(self):
        """Takes all faults away."""
        with self._lock:
            self._faults.clear()

    # -- what was asked

    def requests(self, endpoint):
        with self._lock:
            return [exchange for exchange in self.exchanges if exchange.endpoint == endpoint]

    def count(self, endpoint):
        return len(self.requests(endpoint))

    def issued(self, name):
        """Certificates handed out for a name: (serial number, time), oldest first."""
        found = []
        for exchange in self.requests("certificate"):
            if exchange.status == 200 and exchange.answered:
                certificate = certificates(exchange.reply_body)[0]
                if name in names_in(certificate):
                    found.append((certificate.serial_number, exchange.answered))
        return found

    # -- serving

    def handle(self, exchange):
        with self._lock:
            self.exchanges.append(exchange)
        reply = self._struck(exchange, None, before=True)
        if reply is None:
            with self._one_by_one:
                answer = self._forward(exchange)
            reply = self._struck(exchange, answer, before=False) or answer
        exchange.status = reply.status
        exchange.reply_body = reply.body if isinstance(reply.body, bytes) else b""
        return reply

    def _struck(self, exchange, reply, before):
        for fault in self._due(exchange, before):
            changed = fault.action(exchange, reply)
            if changed is not None:
                return changed
        return None

    def _due(self, exchange, before):
        due = []
        with self._lock:
            for fault in self._faults:
                if fault.before != before or fault.endpoint not in (exchange.endpoint, "any"):
                    continue
                if fault.skip:
                    fault.skip -= 1
                elif fault.times is None or fault.struck < fault.times:
                    fault.struck += 1
                    due.append(fault)
        return due

    def _forward(self, exchange):
        context = ssl.create_default_context(cafile=self._authority.root_file)
        upstream = http.client.HTTPSConnection("localhost", self._ca_port, context=context, timeout=30)
        try:
            upstream.request(exchange.method, exchange.path, exchange.body or None, exchange.headers)
            answer = upstream.getresponse()
            body = answer.read()
            kept = [(name, value) for name, value in answer.getheaders()
                    if name.lower() not in ("connection", "content-length", "transfer-encoding")]
            return Reply(answer.status, tuple(kept), body)
        finally:
            upstream.close()

    def _server_context(self):
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(*self._authority.server_files("fault-proxy"))
        return context


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 64

    def finish_request(self, request, client_address):
        try:
            if self.tls is None:
                super().finish_request(request, client_address)
                return
            with self.tls.wrap_socket(request, server_side=True) as connection:
                super().finish_request(connection, client_address)
        except (OSError, Dropped):  # the client went away, or was made to
            pass


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = -1
    timeout = 60

    def do_GET(self):
        length = int(self.headers.get("Content-Length") or 0)
        prefix = "/" + self.path.split("/")[1]
        exchange = Exchange(ENDPOINTS.get(prefix, prefix), self.command, self.path, self.client_address[1],
                            dict(self.headers), self.rfile.read(length))
        self._send(self.server.proxy.handle(exchange))
        self.wfile.flush()
        exchange.answered = time.monotonic()

    do_POST = do_HEAD = do_GET

    def _send(self, reply):
        self.send_response(reply.status)
        for name, value in reply.headers:
            self.send_header(name, value)
        if reply.body is ENDLESS:
            self._send_endlessly()
            return
        if callable(reply.body):
            self.end_headers()
            self.close_connection = True
            reply.body(self.wfile)
            return
        self.send_header("Content-Length", str(len(reply.body) if reply.announced is None else reply.announced))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(reply.body)
        if reply.announced is not None:
            self.close_connection = True

    def _send_endlessly(self):
        """As much as the client takes; bounded, should it take everything."""
        self.end_headers()
        self.close_connection = True
        for _ in range(1024):
            self.wfile.write(b" " * 65536)

    def log_message(self, *_):
        pass


# -- actions

def answer(status, body=b"", content_type="text/html", **headers):
    fields = (("Content-Type", content_type), *((name.replace("_", "-"), value) for name, value in headers.items()))
    return lambda exchange, reply: Reply(status, fields, body)


def problem(status, kind, detail, **headers):
    body = json.dumps({"type": f"urn:ietf:params:acme:error:{kind}", "detail": detail, "status": status}).encode()
    return answer(status, body, "application/problem+json", **headers)


def half_body(exchange, reply):
    return replace(reply, body=reply.body[:len(reply.body) // 2], announced=len(reply.body))


def endless_body(exchange, reply):
    return Reply(200, (("Content-Type", "application/json"),), ENDLESS)


def drop(exchange, reply):
    raise Dropped


def hold(gate, at_most=60):
    """Keeps the request waiting until the gate (a threading.Event) opens."""
    def wait(exchange, reply):
        gate.wait(at_most)
    return wait


def then(effect):
    """Something happens elsewhere while the client waits; the exchange goes on."""
    def strike(exchange, reply):
        effect(exchange)
    return strike


def certificate_of_another_key(proxy, authority):
    """The right names, a key that nobody asked for."""
    def swap(exchange, reply):
        csr = proxy.requests("finalize")[-1].csr()
        return replace(reply, body=pem(authority.issue(sorted(names_in(csr)), authority.key.public_key())))
    return swap


def certificate_of_another_name(proxy, authority):
    """The right key, names that nobody asked for."""
    def swap(exchange, reply):
        csr = proxy.requests("finalize")[-1].csr()
        return replace(reply, body=pem(authority.issue(["someone-else.example.org"], csr.public_key())))
    return swap


def _unbase64(text):
    return urlsafe_b64decode(text + "=" * (-len(text) % 4))
