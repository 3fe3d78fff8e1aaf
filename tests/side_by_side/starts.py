# SPDX-License-Identifier: Apache-2.0
"""
What is seen of a server that starts, is reloaded and is started again, while no CA is asked.

Looked at: what it logs, the store with modes and owners, each md.json, the status documents and pages, and the answers that
its hosts give.
"""

import grp
import http.client
import json
import os
import pwd
import re
import shutil
import stat
from functools import partial

import layouts
import server_root
from observing import Case, compare, flat, observe_log, without
from testbed import tls
from testbed.httpd import CHILD_USER, Httpd, Layout
from testbed.ports import free_port
from testbed.waiting import eventually

NO_CA = ["MDCertificateAuthority https://127.0.0.1:1/directory", "MDInitialDelay 1h", "MDStoreDir md",
         "MDPortMap http:@HTTP@ https:@HTTPS@", "SSLSessionCache shmcb:logs/sessions(512000)"]
# A host of its own, whatever the others do. Sections of server-status are on, for the sake of those where they are not.
STATUS = ["MDServerStatus on", "<VirtualHost 127.0.0.1:@STATUS@>", "ServerName status.example.net", "SSLEngine off",
          '<Location "/md-status">', "SetHandler md-status", "</Location>",
          '<Location "/server-status">', "SetHandler server-status", "</Location>", "</VirtualHost>"]
HEADERS = ("Location", "Strict-Transport-Security", "Retry-After", "Content-Type", "Allow", "Connection", "Cache-Control")
CHALLENGE = "/.well-known/acme-challenge"
TOKEN, ANSWER = "token-1", "token-1.thumbprint"
REQUESTS = [("GET", "/index.html"), ("HEAD", "/index.html"), ("POST", "/index.html"), ("GET", "/if/x?y=z"), ("OPTIONS", "/"),
            ("GET", f"{CHALLENGE}/{TOKEN}"), ("HEAD", f"{CHALLENGE}/{TOKEN}"), ("POST", f"{CHALLENGE}/{TOKEN}"),
            ("GET", f"{CHALLENGE}/gone"), ("GET", f"{CHALLENGE}/"), ("GET", CHALLENGE), ("GET", f"{CHALLENGE}/a/b"),
            ("GET", "/.httpd/certificate-status"), ("HEAD", "/.httpd/certificate-status"), ("POST", "/.httpd/certificate-status"),
            ("GET", "/.httpd/"), ("GET", "/.httpd/other")]
# That mod_ssl was built with another OpenSSL; what httpd says of itself, before or after a look at the log.
OF_THE_MACHINE = ("log AH01882", "log AH00094", "log AH00098")
DATE = re.compile(r"\b\w{3}, \d\d \w{3} \d{4} \d\d:\d\d:\d\d GMT\b")


class Server(Httpd):
    """httpd with one text of configuration, and a port that no virtual host listens on."""

    def __init__(self, module, text):
        super().__init__(server_root.make(module), Layout(module=module))
        self.status_port = free_port()
        self.text = text

    def write(self):
        user = [f"User {CHILD_USER}", f"Group {CHILD_USER}"] if os.getuid() == 0 else []
        ports = [f"Listen 127.0.0.1:{port}" for port in (self.http_port, self.https_port, self.status_port)]
        preamble = server_root.preamble(self.root, self.layout.module, ports)
        access = ['<Directory "@ROOT@/htdocs">', "Require all granted", "</Directory>"]
        text = "\n".join([*user, *access, "StartServers 1", "GracefulShutdownTimeout 2", *NO_CA, self.text, *STATUS, ""])
        for name, value in {"@HTTPS@": self.https_port, "@HTTP@": self.http_port, "@STATUS@": self.status_port, "@ROOT@": self.root}.items():
            text = text.replace(name, str(value))
        (self.root / "httpd.conf").write_text(preamble + text)

    def begins(self):
        """Whether it starts; if not, it has ended."""
        self.launch()
        eventually(lambda: not self.is_running() or self._count_of_starts() > self._starts, "httpd starts, or refuses to", 60)
        return self.is_running()

    def names(self):
        """What differs between two servers by chance."""
        return {str(self.root): "@ROOT@", str(self.layout.module): "@MODULE@"}

    def told(self, text):
        """`text` without what differs by chance."""
        text = without(text, self.names())
        for port, name in ((self.http_port, "@HTTP@"), (self.https_port, "@HTTPS@"), (self.status_port, "@STATUS@")):
            text = re.sub(rf"\b{port}\b", name, text)
        return DATE.sub("@DATE@", text)


def cases():
    for name in layouts.LAYOUTS:
        yield Case(f"start/{name}", partial(observe, text=layouts.text(name, "@HTTP@", "@HTTPS@")), seconds=8, compare=compare_starts)


def compare_starts(case, stock, ours):
    """Of a server that starts with one module only, there is no more to say than why the other did not."""
    if stock["start begins"] != ours["start begins"]:
        stock, ours = ({what: value for what, value in seen.items() if what == "start begins"} for seen in (stock, ours))
    return compare(case, stock, ours)


def observe(module, text):
    server = Server(module, text)
    server.write()
    seen = {}
    try:
        begins = server.begins()
        seen |= prefixed("start", {"begins": str(begins), **logged(server, 0)})
        if begins:
            seen |= prefixed("start", {**store(server), **documents(server), **answers(server)})
            mark = server.mark()
            server.graceful()
            seen |= prefixed("reload", {**logged(server, mark), **store(server), **documents(server)})
            server.stop()
            mark = server.mark()
            seen |= prefixed("again", {"begins": str(server.begins()), **logged(server, mark), **store(server), **documents(server)})
    finally:
        server.stop()
        shutil.rmtree(server.root, ignore_errors=True)
    return seen


def prefixed(phase, seen):
    return {f"{phase} {what}": value for what, value in seen.items()}


def logged(server, mark):
    """What the log says, each message once: how many passes a start has is not what is compared."""
    seen = observe_log(server.told(server.log_since(mark)), ("emerg", "alert", "crit", "error", "warn", "notice"))
    said = observe_log(server.told(server.stderr())) if mark == 0 else {}
    return {what: sorted(set(values)) for what, values in {**said, **seen}.items() if what not in OF_THE_MACHINE}


# -- the store

def store(server):
    seen = {}
    for path in sorted(server.store.rglob("*")):
        inside = path.relative_to(server.store)
        seen[f"file {inside}"] = described(path)
        if path.name == "md.json":
            seen |= {f"{inside} {member}": server.told(value) for member, value in flat(json.loads(path.read_text())).items()}
    if server.store.exists():
        seen["file ."] = described(server.store)
    return seen


def described(path):
    found = path.lstat()
    return f"{stat.filemode(found.st_mode)} {pwd.getpwuid(found.st_uid).pw_name}:{grp.getgrgid(found.st_gid).gr_name}"


# -- status

def documents(server):
    names = [md["name"] for md in json.loads(ask(server.status_port, "GET", "/md-status")[2])["managed-domains"]]
    seen = {}
    for place in ("", *names):
        status, headers, body = ask(server.status_port, "GET", f"/md-status/{place}" if place else "/md-status")
        what = f"md-status {place or 'whole'}"
        seen[what] = f"{status} {headers.get('Content-Type')}"
        if status == 200:
            seen |= {f"{what} {member}": server.told(value) for member, value in flat(json.loads(body)).items()}
    for place in (*(f"x.{name}" for name in names[:1]), "unknown.example.org"):
        status, headers, body = ask(server.status_port, "GET", f"/md-status/{place}")
        about = "of all" if "managed-domains" in body else "of one" if status == 200 else "of none"
        seen[f"md-status {place}"] = f"{status} {headers.get('Content-Type')} {about}"
    return {**seen, **status_pages(server)}


def status_pages(server):
    seen = {}
    for line in ask(server.status_port, "GET", "/server-status?auto")[2].splitlines():
        key, _, value = line.partition(": ")
        if key.startswith("Managed"):
            is_moment = key.endswith(("ActivityRenew", "ActivityRefresh", "ActivityNextRun"))
            seen[f"auto {key}"] = "@SECONDS@" if is_moment and value.isdigit() else server.told(value)
    page = ask(server.status_port, "GET", "/server-status")[2]
    for section in re.findall(r"<h3>Managed.*?</table>", page, re.DOTALL):
        title = re.search(r"<h3>(.*?)</h3>", section)[1]
        seen[f"html {title} headings"] = " ".join(re.findall(r"<th[^>]*>(.*?)</th>", section))
        seen[f"html {title} classes"] = " ".join(sorted(set(re.findall(r'class="([^"]*)"', section))))
        seen[f"html {title} rows"] = str(section.count("<tr"))
    return seen


# -- answers of hosts

def answers(server):
    seen = {}
    hosts = [name for name in ("a.example.org", "b.example.org", "static.example.org") if name in server.text] + ["unknown.example.org"]
    for host in hosts:
        take_away = plant_challenge(server, host)
        for method, path in REQUESTS:
            seen[f"http {host} {method} {path}"] = over_http(server, method, path, host)
            seen[f"https {host} {method} {path}"] = over_tls(server, method, path, host)
        seen |= certificate(server, host)
        take_away()
    return seen


def plant_challenge(server, host):
    """The answer of an http-01 challenge, where an order would put it; it tells how to take it away again."""
    folder = server.store / "challenges" / host
    folder.mkdir()
    (folder / "acme-http-01.txt").write_text(ANSWER)
    return partial(shutil.rmtree, folder)


def over_http(server, method, path, host):
    try:
        return answer(server, *ask(server.http_port, method, path, host))
    except (OSError, http.client.HTTPException) as failed:
        return type(failed).__name__


def over_tls(server, method, path, host):
    try:
        with tls.connect(server.https_port, host, tls.client_context()) as connection:
            return answer(server, *ask(server.https_port, method, path, host, connection))
    except (OSError, http.client.HTTPException) as failed:
        return type(failed).__name__


def certificate(server, host):
    """What is told by the certificate that a host serves before it has one."""
    try:
        leaf = tls.served_certificate(server.https_port, host)
    except OSError as failed:
        return {f"certificate {host}": type(failed).__name__}
    return {f"certificate {host} subject": leaf.subject.rfc4514_string(), f"certificate {host} issuer": leaf.issuer.rfc4514_string(),
            f"certificate {host} names": " ".join(sorted(tls.names_in(leaf))), f"certificate {host} key": type(leaf.public_key()).__name__,
            f"certificate {host} days": str((leaf.not_valid_after - leaf.not_valid_before).days)}


def answer(server, status, headers, body):
    headers = {name: value if name != "Allow" else ",".join(sorted(value.split(","))) for name, value in headers.items()}
    told = " ".join(f"{name}: {headers[name]};" for name in HEADERS if name in headers)
    page = re.search(r"<title>(.*?)</title>", body)
    return server.told(f"{status} {told} {page[1] if page else body}")


def ask(port, method, path, host="status.example.net", connection=None):
    """One request: status, headers, body."""
    client = http.client.HTTPConnection("127.0.0.1", port, timeout=tls.TIMEOUT)
    client.sock = connection
    client.request(method, path, headers={"Host": host, "Connection": "close"})
    reply = client.getresponse()
    try:
        return reply.status, dict(reply.headers), reply.read().decode(errors="replace")
    finally:
        client.close()
