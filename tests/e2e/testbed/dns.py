# SPDX-License-Identifier: Apache-2.0
"""Commands for MDChallengeDns01 as administrators write them, and BIND 9, a real name server, for those of nsupdate."""

import shutil
import subprocess
import tempfile
from pathlib import Path

from .ports import free_port
from .processes import end, spawn
from .waiting import eventually

ZONE = "example.org"

_CHALLTESTSRV = """
import json, urllib.request
record = {{"host": f"_acme-challenge.{{name}}."}}
if action == "setup":
    record["value"] = value[0]
path = {{"setup": "/set-txt", "teardown": "/clear-txt"}}[action]
urllib.request.urlopen("{url}" + path, json.dumps(record).encode(), timeout=10)
"""

_NSUPDATE = """
import subprocess
txt = f"_acme-challenge.{{name}}."
if action == "setup":
    change = f'update add {{txt}} 1 TXT "{{value[0]}}"'
else:
    change = f"update delete {{txt}} TXT" + "".join(f' "{{digest}}"' for digest in value)
done = subprocess.run(["nsupdate", "-k", "{key}"], input=f"server 127.0.0.1 {port}\\n{{change}}\\nsend\\n", text=True)
sys.exit(done.returncode)
"""

_FRAME = """#!/usr/bin/python3
import sys
with open("{calls}", "a") as calls:
    calls.write(" ".join(sys.argv[1:]) + "\\n")
words = sys.argv[1 + {own_words}:]
action, name, value = words[0], words[1], words[2:]
"""

_NAMED = """
options {{
  directory "{directory}"; listen-on port {port} {{ 127.0.0.1; }}; listen-on-v6 {{ none; }};
  recursion no; dnssec-validation no; pid-file "named.pid"; lock-file none;
}};
controls {{ }};
{key}
zone "{zone}" {{ type primary; file "{zone}.zone"; update-policy {{ grant e2e subdomain {zone}. TXT; }}; }};
"""


class DnsCommand:
    """A script that notes how it is called, and then does its work; the first `own_words` arguments are its own."""

    def __init__(self, path: Path, work, own_words=0):
        self.path = path
        self._calls = path.with_suffix(".calls")
        self._calls.touch()
        self._calls.chmod(0o666)  # httpd's children write to it
        self.changes(work, own_words)

    @classmethod
    def for_challtestsrv(cls, path, pebble, own_words=0):
        return cls(path, _CHALLTESTSRV.format(url=pebble.dns_management_url), own_words)

    @classmethod
    def for_bind(cls, path, bind):
        return cls(path, bind.update_work())

    def changes(self, work, own_words=0):
        """From now on it does this."""
        self.path.write_text(_FRAME.format(calls=self._calls, own_words=own_words) + work)
        self.path.chmod(0o755)

    def calls(self, action=""):
        """The arguments of each call so far, oldest first."""
        calls = [tuple(line.split()) for line in self._calls.read_text().splitlines()]
        return [call for call in calls if action in call or not action]


class Bind:
    """The primary server of one zone, which takes updates of TXT records that are signed with its TSIG key."""

    def __init__(self):
        self.directory = Path(tempfile.mkdtemp(prefix="md-e2e-bind-"))
        self.directory.chmod(0o755)
        self.port = free_port()
        self.key = self.make_key("key")
        (self.directory / f"{ZONE}.zone").write_text(
            f"$TTL 1\n@ SOA ns root 1 3600 600 86400 1\n@ NS ns\n@ A 127.0.0.1\nns A 127.0.0.1\n* A 127.0.0.1\n")
        (self.directory / "named.conf").write_text(_NAMED.format(
            directory=self.directory, port=self.port, zone=ZONE, key=self.key.read_text()))
        self._log = self.directory / "named.log"
        self._process = None

    @property
    def address(self):
        return f"127.0.0.1:{self.port}"

    def make_key(self, name):
        """The file of another key of the same name, such as the server knows only the first of."""
        path = self.directory / name
        path.write_bytes(subprocess.run(["/usr/sbin/tsig-keygen", "e2e"], capture_output=True, check=True).stdout)
        path.chmod(0o644)
        return path

    def start(self):
        with open(self._log, "ab") as log:
            self._process = spawn(["/usr/sbin/named", "-g", "-n", "1", "-c", self.directory / "named.conf"], log)
        eventually(lambda: self.look_up(ZONE, "SOA"), f"BIND answers; its log is {self._log}")
        return self

    def stop(self):
        end(self._process)
        shutil.rmtree(self.directory, ignore_errors=True)

    def update_work(self, key=None):
        return _NSUPDATE.format(port=self.port, key=key or self.key)

    def update(self, change):
        """One change of the zone, in nsupdate's words."""
        subprocess.run(["nsupdate", "-k", self.key], input=f"server 127.0.0.1 {self.port}\n{change}\nsend\n", text=True,
                       check=True, timeout=20)

    def look_up(self, name, kind="TXT"):
        """What the server says about a name, a line for each record."""
        done = subprocess.run(["dig", "@127.0.0.1", "-p", str(self.port), "+short", "+tries=1", "+time=2", name, kind],
                              capture_output=True, text=True, timeout=20)
        return sorted(line.strip('"') for line in done.stdout.splitlines() if not line.startswith(";"))
