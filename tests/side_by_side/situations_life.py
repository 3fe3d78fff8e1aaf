# SPDX-License-Identifier: Apache-2.0
"""
One module's life in a situation: a bed with that module, how the situation is brought about, and what is seen of it then.

A situation gets a Life, configures and starts it, and waits for a condition that holds with either module. Whatever differs from
run to run (times, serials, ports, paths, tokens) is given a name before two lives are compared.
"""

import grp
import http.client
import json
import pwd
import re
import stat
import time
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from email.utils import parsedate_to_datetime
from itertools import groupby

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import NameOID

from observing import LOGGED, flat, without
from testbed import tls
from testbed.bed import Bed, Domain, Layout
from testbed.httpd import DEBIAN_MOD_MD
from testbed.ocsp import Responder
from testbed.pki import pem
from testbed.ports import free_port
from testbed.store import certificates
from testbed.waiting import eventually

NAME = "a.example.org"
ALL_IS_WELL = {"MDCertificateAgreement": "accepted", "MDContactEmail": "admin@example.org", "MDRetryDelay": "30mi"}
# Groups of the store that both modules have; what is beside them is looked at where starts are compared.
SHARED = ("accounts", "archive", "challenges", "domains", "ocsp", "staging")
# Notes of an order that is under way, each module's own.
WORK = re.compile(r"^staging/.*/order\.json$|^challenges/|^ocsp/")
SECONDS = ("NextRun", "ActivityRenew", "ActivityActivated", "ActivityRefresh")
SETTLED_FOR = 2.0
LEVELS = ("emerg", "alert", "crit", "error", "warn", "notice", "info")
DATE = re.compile(r"\b\w{3}, \d\d \w{3} \d{4} \d\d:\d\d:\d\d (?:GMT|\+0000)")
# Of pebble: URLs of its objects, its issuers' names, nonces and tokens.
BY_CHANCE = ((re.compile(r"(/(?:my-account|my-order|authZ|chalZ|finalize-order|certZ)/)[\w-]+"), r"\1<id>"),
             (re.compile(r"(Pebble (?:Root|Intermediate) CA )[0-9a-f]{6}"), r"\1<id>"),
             (re.compile(r"(?<![\w-])[\w-]{27}\.[\w-]{8,}"), "<token>"),
             # In no order of its own.
             (re.compile(r"(offered for domain )(?:[a-z]+-[a-z0-9-]+ )+"), r"\1<types> "),
             (re.compile(r"(?<![\w-])(?=[\w-]*\d)[A-Za-z0-9_-]{20,}(?:\.[\w-]+)?(?![\w-])"), "<token>"),
             (re.compile(r"\b(?:\d+ (?:minutes?|hours?|seconds?) ?)+"), "<time> "))


def collector(situations):
    """A decorator for functions that bring a situation about. `needs`: settings of pebble; `ocsp`: a responder is named."""
    def situation(name, **needs):
        def add(function):
            situations.append((name, function, tuple(needs.items())))
            return function
        return add
    return situation


@dataclass(frozen=True)
class Lines:
    """A piece of configuration other than a managed domain with its TLS host."""
    text: tuple
    names: tuple = ()

    def render(self, https_port):
        return "\n".join([*self.text, ""]).replace("@HTTPS@", str(https_port))


class Life:
    def __init__(self, module, ocsp=None, **pebble_settings):
        """`ocsp`: an OcspProxy whose URL this CA's certificates name, if they name any."""
        self.ocsp = ocsp
        self.bed = Bed(Layout(module=module), **pebble_settings)
        self.ours = module != DEBIAN_MOD_MD
        self.live_activation = False
        self.domains, self.also_seen = (), []
        self.responder = None
        self._gates, self._closed_port = [], 0
        self._events = self._file("events", "", 0o666)
        self.settings = {"MDCertificateAuthority": self.bed.proxy.url, "MDCACertificateFile": self.bed.authority.root_file,
                         "MDServerStatus": "on", **ALL_IS_WELL, "MDMessageCmd": f"{self.command('listener')} argument"}

    # -- parts of the situation

    @property
    def proxy(self):
        return self.bed.proxy

    @property
    def httpd(self):
        return self.bed.httpd

    @property
    def store(self):
        return self.bed.store

    def at_the_ca(self, endpoint, action, before=True, times=None, **when):
        """From now on the CA's endpoint answers so."""
        return self.proxy.inject(endpoint, action, before=before, times=times, **when)

    def configure(self, *domains, options=(), **settings):
        """`settings` are added to those of a server that is well; None takes one away."""
        self.settings.update(settings)
        live = ["MDLiveActivation off"] if self.ours and not self.live_activation else []
        self.domains = domains
        lines = [f"{name} {value}" for name, value in self.settings.items() if value is not None]
        text = [str(line).replace("@HTTP@", str(self.httpd.http_port)).replace("@HTTPS@", str(self.httpd.https_port))
                for line in (*lines, *live, *options)]
        self.httpd.configure(domains, text)

    def serve(self, *domains, options=(), **settings):
        self.configure(*domains, options=options, **settings)
        self.start()

    def start(self):
        assert self.begins(), "httpd starts"

    def begins(self):
        """Starts httpd; whether it does, and does not refuse to."""
        self.httpd.launch()
        self.wait(lambda: self.httpd.has_started() or not self.httpd.is_running(), "httpd starts, or refuses to", 60)
        return self.httpd.is_running()

    def again(self, *domains, options=(), **settings):
        """A full restart with another configuration."""
        self.httpd.stop()
        self.serve(*domains, options=options, **settings)

    def reload(self):
        self.httpd.graceful()

    def command(self, name, fails_for="none", code=1):
        """A command that notes how it is called, and fails when its second argument begins so."""
        return self._file(name, f'#!/bin/sh\necho "$(id -un) {name} $*" >> {self._events}\n'
                                f'case "$2" in {fails_for}*) exit {code};; esac\n', 0o755)

    def listen(self, fails_for):
        """The events' command, failing for one of them."""
        self.settings["MDMessageCmd"] = f"{self.command('listener', fails_for)} argument"

    def file(self, name, content="", mode=0o644):
        return self._file(name, content, mode)

    def writable(self, name):
        """A folder for what a command writes, as whatever user it runs."""
        path = self.bed.root / name
        path.mkdir()
        path.chmod(0o777)
        return path

    def with_stapling(self, **responder):
        """A responder for what this CA issues."""
        self.responder = Responder(self.bed.root / "responder", *self.bed.pebble.intermediate(), **responder).start()
        self.ocsp.responder = self.responder
        return self.responder

    def own_set(self, name, days=60, names=None, key="rsa2048", group="domains"):
        """Puts a certificate of 90 days, that many of them left, and its key into the store. Its CA is the bed's own authority."""
        folder = self.store.path / group / name
        for made, mode in ((self.store.path, 0o755), (folder.parent, 0o700), (folder, 0o700)):
            made.mkdir(exist_ok=True)
            made.chmod(mode)
        private = ec.generate_private_key(ec.SECP256R1()) if key == "ec" else rsa.generate_private_key(65537, int(key[3:]))
        chain = pem(self._issue(names or [name], private.public_key(), days)) + pem(self.bed.authority.root)
        for file, content in (("privkey.pem", pem(private)), ("pubcert.pem", chain)):
            (folder / file).write_bytes(content)
            (folder / file).chmod(0o600)

    def _issue(self, names, public_key, days):
        authority, until = self.bed.authority, datetime.utcnow() + timedelta(days=days)
        builder = (x509.CertificateBuilder().issuer_name(authority.name).public_key(public_key)
                   .subject_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, names[0])]))
                   .serial_number(x509.random_serial_number()).not_valid_before(until - timedelta(days=90)).not_valid_after(until)
                   .add_extension(x509.SubjectAlternativeName([x509.DNSName(name) for name in names]), critical=False))
        return builder.sign(authority.key, hashes.SHA256())

    def closed_port(self):
        """One on which nobody listens."""
        self._closed_port = self._closed_port or free_port()
        return self._closed_port

    def until_closed(self, gate):
        """An event that is set when the situation ends."""
        self._gates.append(gate)
        return gate

    # -- conditions

    def wait(self, probe, what, within=60):
        return eventually(probe, what, within)

    def job(self, name=NAME):
        return self.store.job(name)

    def wait_failed(self, name=NAME, errors=1):
        self.wait(lambda: self.job(name).get("errors", 0) >= errors and self.job(name).get("next-run"), f"{name} fails")

    def wait_staged(self, *names):
        for name in names or (NAME,):
            self.wait(lambda: self.job(name).get("finished"), f"{name} is staged")

    def wait_staged_and_told(self, *names):
        self.wait_staged(*names)
        for name in names or (NAME,):
            told = "notified-renewed" if self.settings["MDMessageCmd"] else "finished"
            self.wait(lambda: self.job(name).get(told), f"{name} is told of")

    def wait_asked(self, endpoint, times=1):
        self.wait(lambda: self.proxy.count(endpoint) >= times, f"{endpoint} is asked")

    def wait_live(self, *names):
        """Served with a certificate, and by each child: without one the answer is 503."""
        for name in names or (NAME,):
            self.wait(lambda: self.is_live(name), f"{name} is served")

    def is_live(self, name=NAME):
        return all(tls.fetch(self.httpd.https_port, name).status == 200 for _ in range(5))

    def wait_logged(self, text):
        self.wait(lambda: text in self.httpd.log(), f"{text} is logged")

    def events(self):
        return self._events.read_text().splitlines()

    def wait_event(self, event, times=1):
        self.wait(lambda: sum(f" {event}" in line for line in self.events()) >= times, f"the event {event}")

    def obtain(self, *names):
        """From the start to certificates in use, by a graceful restart."""
        self.wait_staged_and_told(*names)
        self.reload()
        self.wait_live(*names)
        if "listener" in (self.settings["MDMessageCmd"] or ""):
            for name in names or (NAME,):
                self.wait_event(f"argument installed {name}")

    def settle(self):
        """Until neither the store, nor log, events or status change: what follows from the last condition is done."""
        seen, since = None, time.monotonic()
        deadline = since + 40
        while time.monotonic() - since < SETTLED_FOR and time.monotonic() < deadline:
            now = (self._stamps(), self.events(), sorted(self._logged()), self._overview())
            if now != seen:
                seen, since = now, time.monotonic()
            time.sleep(0.05)

    def _overview(self):
        """server-status without its numbers, which are of this second."""
        return re.sub(r"\d", "", self.ask("/server-status?auto")[2].partition("ManagedCert")[2]) if self.httpd.is_running() else ""

    def _stamps(self):
        return sorted((str(path), self._stamp(path)) for path in self.store.path.rglob("*"))

    @staticmethod
    def _stamp(path):
        try:
            found = path.lstat()
            return found.st_mtime_ns if stat.S_ISREG(found.st_mode) else 0
        except OSError:
            return None

    # -- what is seen

    def observe(self):
        if not self.httpd.is_running():
            return {"httpd": "refuses to start", **self._log_ids()}
        return {**self._documents(), **self._files(), **self._answers(), **self._log_ids(),
                "events": self.told("; ".join(_in_order(self.events())))}

    def _documents(self):
        _, _, whole = self.ask("/md-status")
        seen = {f"md-status whole {what}": value for what, value in self._members(
            {key: value for key, value in whole.items() if key != "managed-domains"})}
        listed = {md["name"]: md for md in whole["managed-domains"]}
        seen["md-status whole names"] = " ".join(listed)
        for name in listed:
            status, _, document = self.ask(f"/md-status/{name}")
            seen[f"md-status {name}"] = f"{status}, {'the same' if document == listed.get(name) else 'not the same'} as in the whole"
            seen.update((f"md-status {name} {what}", value) for what, value in self._members(document))
        for line in self.ask("/server-status?auto")[2].splitlines():
            key, _, value = line.partition(": ")
            if key.startswith("Managed"):
                seen[f"auto {key}"] = "<seconds>" if key.endswith(SECONDS) else self.told(value)
        return seen

    def _files(self):
        seen = {}
        for path in sorted(self.store.path.rglob("*")):
            inside = self.told(str(path.relative_to(self.store.path)))
            if path.is_dir() or inside.split("/")[0] not in SHARED or WORK.search(inside):
                continue
            found = path.lstat()
            seen[f"file {inside}"] = (f"{stat.filemode(found.st_mode)} {pwd.getpwuid(found.st_uid).pw_name}:"
                                      f"{grp.getgrgid(found.st_gid).gr_name}")
            if path.suffix == ".json" and path.name != "md_store.json":
                try:
                    seen.update((f"{inside} {what}", value) for what, value in self._members(json.loads(path.read_text())))
                except ValueError:
                    seen[f"{inside}"] = "no JSON"
        return seen

    def _members(self, document):
        """Members by their path; of a job's log the details of each type of entry, without its steps."""
        entries = {}

        def without_log(value):
            if isinstance(value, dict):
                keep(value.get("log"))
                return {key: without_log(inner) for key, inner in value.items() if key != "log"}
            return [without_log(inner) for inner in value] if isinstance(value, list) else value

        def keep(log):
            for entry in log["entries"] if isinstance(log, dict) else []:
                if entry["type"] != "progress":
                    entries.setdefault(f"log {entry['type']}", []).append(self.told(entry.get("detail") or ""))
        return [*((what, self.told(value)) for what, value in flat(without_log(document)).items()), *entries.items()]

    def _answers(self):
        """What hosts answer: the page, who issued the certificate, and certificate-status."""
        seen = {}
        for name in dict.fromkeys([name for domain in self.domains if isinstance(domain, Domain) for name in domain.names]):
            name = name.replace("*.", "any.")
            seen[f"http {name} /"] = self._answer(name, self.httpd.http_port, None)
            seen[f"https {name} /"] = self._answer(name, self.httpd.https_port, tls.client_context())
            seen[f"certificate {name}"] = self._served(name)
            seen.update(self._certificate_status(name))
        for name in self.also_seen:
            seen[f"http {name} /"] = self._answer(name, self.httpd.http_port, None)
        return seen

    def _answer(self, name, port, context, path="/index.html"):
        try:
            status, headers, body = self._request(name, port, context, path)
        except (OSError, http.client.HTTPException) as failed:
            return type(failed).__name__
        page = re.search(r"<title>(.*?)</title>", body)
        told = " ".join(f"{key}: {headers[key]};" for key in ("Location", "Retry-After", "Strict-Transport-Security") if key in headers)
        return self.told(f"{status} {told} {page[1] if page else body}")

    def _served(self, name):
        try:
            leaf = tls.served_certificate(self.httpd.https_port, name)
        except OSError as failed:
            return type(failed).__name__
        names = " ".join(sorted(tls.names_in(leaf)))
        kind = type(leaf.public_key()).__name__.strip("_")
        return self.told(f"{leaf.issuer.rfc4514_string()} for {names}, {kind}, {self._of_store(leaf)}")

    def _of_store(self, leaf):
        return self._certificates().get(f"{leaf.serial_number:x}", "not in the store")

    def _certificate_status(self, name):
        try:
            status, _, body = self._request(name, self.httpd.https_port, tls.client_context(), "/.httpd/certificate-status")
        except (OSError, http.client.HTTPException) as failed:
            return {f"certificate-status {name}": type(failed).__name__}
        seen = {f"certificate-status {name}": str(status)}
        if status == 200:
            seen.update((f"certificate-status {name} {what}", value) for what, value in self._members(json.loads(body)))
        return seen

    def ask(self, path):
        status, headers, body = self._request("localhost", self.httpd.http_port, None, path)
        return status, headers, json.loads(body) if path.startswith("/md-status") and status == 200 else body

    def _request(self, name, port, context, path):
        client = http.client.HTTPConnection("127.0.0.1", port, timeout=tls.TIMEOUT)
        if context:
            client.sock = tls.connect(port, name, context)
        try:
            client.request("GET", path, headers={"Host": name, "Connection": "close"})
            reply = client.getresponse()
            return reply.status, dict(reply.headers), reply.read().decode(errors="replace")
        finally:
            client.close()

    def _log_ids(self):
        seen = {}
        for level, id_ in self._logged():
            if level in LEVELS and id_:
                seen.setdefault(f"said {id_}", set()).add(level)
        return {what: " ".join(sorted(levels)) for what, levels in seen.items()}

    def _logged(self):
        found = set()
        for line in self.httpd.log().splitlines():
            logged = LOGGED.match(line)
            if logged and (logged["module"] == "md" or (logged["id"] or "").startswith("AH10")):
                found.add((logged["level"], logged["id"] or ""))
        return found

    # -- what differs from run to run

    def told(self, text):
        text = without(str(text), {str(self.bed.root): "@ROOT@", str(self.httpd.layout.module): "@MODULE@"})
        ports = {"@HTTP@": self.httpd.http_port, "@HTTPS@": self.httpd.https_port, "@CA@": self.proxy.port,
                 "@OCSP@": self.ocsp.port if self.ocsp else 0, "@CLOSED@": self._closed_port}
        for name, port in ((name, port) for name, port in ports.items() if port):
            text = re.sub(rf"\b{port}\b", name, text)
        text = DATE.sub(lambda found: how_far(found[0]), text)
        text = re.sub(r"\b[0-9A-Fa-f]{14,}\b", lambda found: self._named(found[0]), text)
        for pattern, name in BY_CHANCE:
            text = pattern.sub(name, text)
        return text

    def _named(self, digits):
        return f"<of {self._certificates().get(digits.lower().lstrip('0'), 'something else')}>"

    def _certificates(self):
        """Serial numbers and fingerprints of what is in the store, by the file they are in."""
        known = {}
        for path in [*self.store.path.rglob("pubcert*.pem"), *self.bed.root.glob("*.cert.pem")]:
            try:
                leaf = certificates(path.read_bytes())[0]
            except (ValueError, OSError):
                continue
            inside = str(path.relative_to(self.bed.root))
            for number in (f"{leaf.serial_number:x}", leaf.fingerprint(hashes.SHA256()).hex().lstrip("0")):
                known.setdefault(number, inside)
        return known

    def _file(self, name, content, mode):
        path = self.bed.root / name
        path.write_text(content)
        path.chmod(mode)
        return path

    # -- end

    def close(self):
        for gate in self._gates:
            gate.set()
        self.bed.close()
        if self.responder:
            self.responder.stop()
        if self.ocsp:
            self.ocsp.stop()
        self.bed.remove()


def _in_order(events):
    """Challenges are set up in the order in which a CA names them, which is a new one each time; responders are asked beside all else."""
    def kind(event):
        return "setup" if "challenge-setup" in event else "start" if "installed" in event or "ocsp-" in event else ""
    return [event for together, group in groupby(events, key=kind) for event in (sorted(group) if together else group)]


def how_far(date):
    """A moment by its distance from now, in steps that no slow machine leaves."""
    hours = (parsedate_to_datetime(date) - datetime.now(timezone.utc)).total_seconds() / 3600
    for limit, name in ((-36, "<days ago>"), (-1.5, "<hours ago>"), (0.1, "<now>"), (1, "<in an hour>"), (40, "<in hours>")):
        if hours < limit:
            return name
    return f"<in {round(hours / 24)} days>" if hours < 24 * 400 else "<in years>"
