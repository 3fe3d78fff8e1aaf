# SPDX-License-Identifier: Apache-2.0
"""Clients that keep making verified requests, and remember everything that went wrong and every certificate they saw."""

import http.client
import ssl
import threading
import time

import h2.connection
import h2.events
import h2.exceptions

from .tls import client_context, connect, leaf

REQUESTS_PER_CONNECTION = 10
PAUSE = 0.02  # between the requests of one connection
LONGEST = 120  # seconds; no load goes on forever


class GoingAway(Exception):
    """The server announced the end of an h2 connection. It would still answer, but python-h2 does not listen then."""


# What httpd does to connections at a reload, with or without us: clients try again on a new one.
CLOSED_BY_SERVER = (GoingAway, ConnectionError, http.client.RemoteDisconnected, ssl.SSLEOFError)


class Load:
    """`http1` + `h2` connections at a time, each replaced by a new one after a few requests."""

    def __init__(self, port, name, roots, *, http1=4, h2=4, path="/index.html", survives_restarts=False):
        self._where = (port, name, path)
        self._roots = roots
        self._survives_restarts = survives_restarts
        self._done = threading.Event()
        self._lock = threading.Lock()
        self._threads = [threading.Thread(target=self._keep_going, args=(kind,), daemon=True)
                         for kind in [Http1] * http1 + [Http2] * h2]
        self.failures = []
        self.requests = 0
        self.handshakes = 0
        self.first_seen = {}   # serial -> time.monotonic() of its first handshake
        self.kinds = set()     # (protocol, serial) that answered a request

    def __enter__(self):
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_):
        self._done.set()
        for thread in self._threads:
            thread.join(15)

    def _keep_going(self, kind):
        end = time.monotonic() + LONGEST
        while not self._done.is_set() and time.monotonic() < end:
            try:
                self._one_connection(kind)
            except Exception as failure:  # whatever it is, it is what the test asks for
                if not (self._survives_restarts and isinstance(failure, CLOSED_BY_SERVER)):
                    with self._lock:
                        self.failures.append(f"{kind.__name__}: {failure!r}")
                self._done.wait(PAUSE)

    def _one_connection(self, kind):
        port, name, path = self._where
        with connect(port, name, client_context(self._roots, alpn=[kind.ALPN])) as connection:
            serial = leaf(connection).serial_number
            with self._lock:
                self.handshakes += 1
                self.first_seen.setdefault(serial, time.monotonic())
            client = kind(connection, name)
            for _ in range(REQUESTS_PER_CONNECTION):
                status = client.get(path)
                if status != 200:
                    raise AssertionError(f"status {status}")
                with self._lock:
                    self.requests += 1
                    self.kinds.add((kind.__name__, serial))
                if self._done.wait(PAUSE):
                    return


class Http1:
    ALPN = "http/1.1"

    def __init__(self, connection, name):
        self._connection, self._name = connection, name

    def get(self, path):
        self._connection.sendall(f"GET {path} HTTP/1.1\r\nHost: {self._name}\r\n\r\n".encode())
        reply = http.client.HTTPResponse(self._connection)
        reply.begin()
        reply.read()
        return reply.status


class Http2:
    ALPN = "h2"

    def __init__(self, connection, name):
        if connection.selected_alpn_protocol() != self.ALPN:
            raise AssertionError("h2 was not negotiated")
        self._connection, self._name = connection, name
        self._state = h2.connection.H2Connection()
        self._state.initiate_connection()
        self._flush()

    def get(self, path):
        self._check_open()
        stream = self._state.get_next_available_stream_id()
        self._state.send_headers(stream, [(":method", "GET"), (":path", path), (":scheme", "https"),
                                          (":authority", self._name)], end_stream=True)
        self._flush()
        status = None
        while True:
            for event in self._receive():
                if isinstance(event, h2.events.ResponseReceived):
                    status = int(dict(event.headers)[b":status"])
                elif isinstance(event, h2.events.DataReceived):
                    self._state.acknowledge_received_data(event.flow_controlled_length, event.stream_id)
                elif isinstance(event, h2.events.StreamEnded):
                    self._flush()
                    return status
                elif isinstance(event, h2.events.StreamReset):
                    raise ConnectionResetError(repr(event))
            self._check_open()
            self._flush()

    def _check_open(self):
        if self._state.state_machine.state is h2.connection.ConnectionState.CLOSED:
            raise GoingAway

    def _receive(self):
        data = self._connection.recv(65536)
        if not data:
            raise ConnectionResetError("closed")
        try:
            return self._state.receive_data(data)
        except h2.exceptions.ProtocolError:
            self._check_open()
            raise

    def _flush(self):
        data = self._state.data_to_send()
        if data:
            self._connection.sendall(data)
