# SPDX-License-Identifier: Apache-2.0
"""OCSP: a real responder (`openssl ocsp`), what stands between it and httpd, and a client that asks for staples."""

import datetime
import http.client
import re
import subprocess
import threading
import time
from base64 import b64decode
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.x509 import ocsp

from .fault_proxy import FaultProxy, Reply
from .ports import free_port
from .processes import end, spawn
from .waiting import eventually

OCSP_TYPE = (("Content-Type", "application/ocsp-response"),)
HOUR = datetime.timedelta(hours=1)


class Responder:
    """`openssl ocsp` for one issuer. It vouches for what it is asked about, unless that was revoked."""

    def __init__(self, directory: Path, issuer_pem, key_pem, minutes=60):
        """`minutes`: how long an answer is valid; None: it names no next update."""
        directory.mkdir(exist_ok=True)
        self.port = free_port()
        self._index = directory / "index.txt"
        self._issuer, self._key = directory / "issuer.pem", directory / "issuer.key"
        self._issuer.write_bytes(issuer_pem)
        self._key.write_bytes(key_pem)
        (directory / "index.txt.attr").write_text("unique_subject = no\n")
        self._log = directory / "responder.log"
        self._log.touch()
        self._lock = threading.Lock()
        self._lines = {}
        self._changed = {}  # revoked, and not asked about since
        self._write()
        self.minutes = minutes
        self._process = None

    def start(self):
        validity = ["-nmin", str(self.minutes)] if self.minutes else []
        starts = self._starts()
        with open(self._log, "ab") as log:
            self._process = spawn(["openssl", "ocsp", "-index", self._index, "-port", str(self.port), "-rsigner",
                                   self._issuer, "-rkey", self._key, "-CA", self._issuer, *validity], log)
        eventually(lambda: self._starts() > starts, "the responder runs")
        return self

    def stop(self):
        end(self._process)

    def vouch_for(self, serial):
        """Whether that was news."""
        with self._lock:
            return self._changed.pop(serial, False) or self._set(serial, "V\t400101000000Z\t")

    def revoke(self, serial):
        with self._lock:
            self._lines.pop(serial, None)
            self._set(serial, "R\t400101000000Z\t250101000000Z")
            self._changed[serial] = True

    def _set(self, serial, line):
        if serial in self._lines:
            return False
        self._lines[serial] = line
        self._write()
        return True

    def _write(self):
        """In one step: the responder reads its index anew when it finds another file."""
        new = self._index.with_suffix(".new")
        new.write_text("".join(f"{line}\t{_even(f'{serial:X}')}\tunknown\t/CN=n{serial}\n"
                               for serial, line in self._lines.items()))
        new.rename(self._index)

    def _starts(self):
        # It ends on whatever is no question, so it cannot be tried out.
        return self._log.read_text(errors="replace").count("waiting for OCSP client connections")


class OcspProxy(FaultProxy):
    """Between httpd and the responder. Its faults' endpoint is the first part of the path that a certificate's URL has,
    or "ocsp" where it has none."""

    def __init__(self):
        super().__init__(None, None)
        self.responder = None

    @property
    def url(self):
        return f"http://127.0.0.1:{self.port}"

    def url_of(self, endpoint):
        return f"{self.url}/{endpoint}"

    def handle(self, exchange):
        first = exchange.path.split("/")[1]
        exchange.endpoint = first if re.fullmatch("[a-z-]+", first) else "ocsp"
        return super().handle(exchange)

    def _server_context(self):
        return None

    def _forward(self, exchange):
        # It looks for a new index before it waits for a question: the next one is answered by that.
        if self.responder.vouch_for(asked_about(exchange)):
            self._ask(exchange)
        return self._ask(exchange)

    def _ask(self, exchange):
        path = exchange.path if exchange.endpoint == "ocsp" else "/" + exchange.path.split("/", 2)[-1]
        upstream = http.client.HTTPConnection("127.0.0.1", self.responder.port, timeout=30)
        try:
            upstream.request(exchange.method, path, exchange.body or None,
                             {"Content-Type": exchange.headers.get("Content-Type", "application/ocsp-request")})
            answer = upstream.getresponse()
            return Reply(answer.status, OCSP_TYPE, answer.read())
        except ConnectionRefusedError:
            return Reply(502, (), b"the responder is away")
        finally:
            upstream.close()


def asked_about(exchange):
    """The serial number in a question, by GET or by POST."""
    question = exchange.body or b64decode(unquote(exchange.path.rpartition("/")[2]))
    return ocsp.load_der_ocsp_request(question).serial_number


def _even(digits):
    return digits.zfill(len(digits) + len(digits) % 2)


# -- answers that no responder should give, made without one

def forged(issuer, key, about, **changes):
    """An answer signed by `key` about a certificate. `this`, `next`: distances from now; `status`."""
    now = datetime.datetime.utcnow().replace(microsecond=0)
    next_update = changes.get("next", HOUR)
    builder = ocsp.OCSPResponseBuilder().add_response(
        cert=about, issuer=issuer, algorithm=hashes.SHA1(), cert_status=changes.get("status", ocsp.OCSPCertStatus.GOOD),
        this_update=now + changes.get("this", -HOUR), next_update=None if next_update is None else now + next_update,
        revocation_time=changes.get("revoked_at"), revocation_reason=None)
    signed = builder.responder_id(ocsp.OCSPResponderEncoding.HASH, issuer).sign(key, hashes.SHA256())
    return signed.public_bytes(serialization.Encoding.DER)


def refusal(status):
    return ocsp.OCSPResponseBuilder.build_unsuccessful(status).public_bytes(serialization.Encoding.DER)


def says(body):
    """A fault: this instead of the responder's answer."""
    return lambda exchange, reply: Reply(200, OCSP_TYPE, body)


def drips(every=1.0):
    """A byte now and then."""
    def drip(stream):
        for _ in range(120):
            stream.write(b"\x30")
            stream.flush()
            time.sleep(every)  # the peer's pace, not a test's wait
    return says(drip)


# -- the client

@dataclass(frozen=True)
class Staple:
    """What `openssl s_client -status` saw. `status`: "good", "revoked"; None: no staple was sent."""
    status: str | None
    serial: int | None
    certificate: x509.Certificate


def staple(port, name, *arguments):
    """One handshake that asks for a staple; `arguments` are s_client's: "-tls1_2", "-cipher", …"""
    done = subprocess.run(["openssl", "s_client", "-connect", f"127.0.0.1:{port}", "-servername", name, "-status",
                           *arguments], input=b"", capture_output=True, timeout=20)
    text = done.stdout.decode(errors="replace")
    found = re.search(r"Server certificate\n(-----BEGIN CERTIFICATE-----.*?-----END CERTIFICATE-----)", text, re.DOTALL)
    assert found, f"no handshake: {text[-500:]}{done.stderr.decode()[-500:]}"
    certificate = x509.load_pem_x509_certificate(found.group(1).encode())
    if "OCSP response: no response sent" in text:
        return Staple(None, None, certificate)
    assert "OCSP Response Status: successful" in text, text[:2000]
    status = re.search(r"Cert Status: (\w+)", text).group(1)
    serial = int(re.search(r"Serial Number: ([0-9A-F]+)", text).group(1), 16)
    return Staple(status, serial, certificate)


def good_staple(port, name, *arguments):
    """The staple, once it is good and about the certificate that came with it; else an assertion."""
    seen = staple(port, name, *arguments)
    assert seen.status == "good", seen
    assert seen.serial == seen.certificate.serial_number, seen
    return seen
