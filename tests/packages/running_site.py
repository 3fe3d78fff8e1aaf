# SPDX-License-Identifier: Apache-2.0
"""A CA in a test's system, the server there, and a client that asks it all the while."""

import json
import re
import time
from dataclasses import dataclass
from pathlib import Path

from system import MODULE

NAME = "example.org"
STORE = "/etc/apache2/md"
PEBBLE = {"pebble": {"listenAddress": "127.0.0.1:14000", "managementListenAddress": "127.0.0.1:15000",
                     "certificate": "/root/ca/server.pem", "privateKey": "/root/ca/server.key",
                     "httpPort": 80, "tlsPort": 443}}
# The server's own CA: whom pebble's TLS is checked against.
AUTHORITY = """
mkdir -p ca && cd ca
openssl req -x509 -newkey rsa:2048 -nodes -days 30 -keyout root.key -out root.pem -subj '/CN=Authority of this test'
openssl req -newkey rsa:2048 -nodes -keyout server.key -out server.csr -subj /CN=localhost
printf 'subjectAltName=DNS:localhost,IP:127.0.0.1\nauthorityKeyIdentifier=keyid\nsubjectKeyIdentifier=hash\n' >extensions
openssl x509 -req -in server.csr -CA root.pem -CAkey root.key -CAcreateserial -days 30 -extfile extensions -out server.pem
"""
# What a server that trusts a CA of the world does not need.
TEST_CA = """MDCertificateAuthority https://localhost:14000/dir
MDCACertificateFile /etc/apache2/test-ca.pem
"""
SITE = f"""MDomain {NAME}
MDCertificateAgreement accepted
MDContactEmail webmaster@{NAME}
<VirtualHost *:443>
  ServerName {NAME}
  SSLEngine on
  DocumentRoot /var/www/html
</VirtualHost>
"""


def eventually(look, what, patience=60):
    deadline = time.monotonic() + patience
    while not (found := look()):
        if time.monotonic() > deadline:
            raise AssertionError(f"It does not come true that {what}.")
        time.sleep(0.1)
    return found


@dataclass
class Answer:
    at: float
    took: float
    outcome: str

    @property
    def is_good(self):
        return self.outcome.startswith("ok ")


class Site:
    def __init__(self, system):
        self.system = system
        self._client = None

    def start_ca(self):
        """Pebble, with the names of the site in /etc/hosts; the server is told of it in conf-enabled."""
        self.system.run(AUTHORITY)
        self.system.write("/root/pebble.json", json.dumps(PEBBLE))
        self.system.run(f"echo 127.0.0.1 localhost {NAME} >/etc/hosts; cp ca/root.pem /etc/apache2/test-ca.pem")
        self.system.write("/etc/apache2/conf-enabled/test-ca.conf",
                          "ServerName localhost\n<IfModule md_module>\n" + TEST_CA + "</IfModule>\n")
        self.system.run("PEBBLE_VA_NOSLEEP=1 PEBBLE_WFE_NONCEREJECT=0 setsid pebble -config pebble.json >pebble.log 2>&1 &")
        self.system.write("/root/roots.py", "import ssl, sys, urllib.request\n"
                          "context = ssl.create_default_context(cafile='/root/ca/root.pem')\n"
                          "sys.stdout.write(urllib.request.urlopen('https://localhost:15000/roots/0', context=context)"
                          ".read().decode())\n")
        eventually(lambda: "BEGIN CERTIFICATE" in self.system.run("python3 roots.py | tee roots.pem", None), "pebble answers")

    def orders(self):
        counts = re.findall(r"There are now (\d+) orders", self.system.path("/root/pebble.log").read_text(errors="replace"))
        return max(map(int, counts), default=0)

    def served(self):
        """The site's answer with a certificate of this CA, or nothing."""
        said = self.system.run(f"echo | openssl s_client -connect 127.0.0.1:443 -servername {NAME} -CAfile roots.pem "
                               "-verify_return_error 2>&1", None)
        return "Verify return code: 0 (ok)" in said

    def loaded_module(self):
        """The file that the server has in memory as its module: (inode in memory, inode on disk)."""
        pid = self.system.path("/run/apache2/apache2.pid").read_text().strip()
        maps = self.system.run(f"cat /proc/{pid}/maps")
        loaded = {int(line.split()[4]) for line in maps.splitlines() if "/mod_md.so" in line}
        return loaded, int(self.system.run(f"stat -c %i {MODULE}"))

    def wait_for_module(self):
        """The server has what is on disk."""
        def is_there():
            loaded, on_disk = self.loaded_module()
            return loaded == {on_disk}
        eventually(is_there, "the server has the module that is on disk")

    def is_ours(self):
        return b"MDLiveActivation" in self.system.path(MODULE).read_bytes()

    def start_client(self):
        self.system.copy_in(Path(__file__).with_name("client.py"), "/root/client.py")
        self._client = self.system.popen(f"exec python3 client.py {NAME} roots.pem answers")
        eventually(lambda: self.system.path("/root/answers").exists() and len(self.answers()) > 5, "the client has answers")

    def answers(self):
        lines = self.system.path("/root/answers").read_text().splitlines()
        return [Answer(float(at), float(took), outcome) for at, took, outcome in (line.split(" ", 2) for line in lines)]

    def failures(self, begin=0.0, end=float("inf")):
        return [answer for answer in self.answers() if begin <= answer.at < end and not answer.is_good]
