# SPDX-License-Identifier: Apache-2.0
"""A running Debian in a folder (tools/debian-system): what is written there is gone with the test."""

import hashlib
import os
import shutil
import signal
import subprocess
import tempfile
import time
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[2]
TOOL = REPOSITORY / "tools/debian-system"
PACKAGE = "libapache2-mod-md-live"
MODULE = "/usr/lib/apache2/modules/mod_md.so"

# What every test's system has beside the package's own dependencies.
WANTED = ("apache2", "pebble", "python3-minimal", "libpython3-stdlib", "openssl", "man-db", "bash-completion", "procps",
          "iproute2", "lintian")

# The first process: it buries those whose parents are gone, as init does.
INIT = """
import os, time
while True:
    try:
        os.wait()
    except ChildProcessError:
        time.sleep(0.1)
"""


def libraries_of(package_file):
    """The names of the packages that it depends on and that are no interfaces."""
    depends = subprocess.run(["dpkg-deb", "-f", package_file, "Depends"], check=True, capture_output=True, text=True).stdout
    names = [part.split()[0] for part in depends.replace("\n", " ").split(",")]
    return [name for name in names if "-api-" not in name]


def base_of(suite, package_file):
    """A system of this suite that has what the package needs, made the first time."""
    base = REPOSITORY / f"build/debian/{suite}-site"
    if not base.exists():
        subprocess.run([TOOL, "make", suite, base, *WANTED, *libraries_of(package_file)], check=True)
    return base


class System:
    def __init__(self, base):
        self._base = base
        self._scratch = Path(tempfile.mkdtemp(prefix="md-system-"))
        self._process = None
        self._init = None

    def start(self):
        self._process = subprocess.Popen(
            [TOOL, "run", "--no-network", "--scratch", self._scratch, self._base, "python3", "-c", INIT],
            stdin=subprocess.DEVNULL)
        deadline = time.monotonic() + 60
        while self._init is None:
            if time.monotonic() > deadline or self._process.poll() is not None:
                raise AssertionError("The system does not start.")
            time.sleep(0.05)
            children = Path(f"/proc/{self._process.pid}/task/{self._process.pid}/children").read_text().split()
            if children and Path(f"/proc/{children[0]}/comm").read_text().strip() == "python3":
                self._init = children[0]
        # Debian asks this before a package's service is started or reloaded: here it may.
        self.run("printf '#!/bin/sh\\nexit 0\\n' >/usr/sbin/policy-rc.d; mkdir -p /tmp /run/lock; chmod 1777 /tmp")
        return self

    def stop(self):
        if self._process is not None:
            self._process.send_signal(signal.SIGKILL)  # and with it all that runs in the system (--kill-child)
            self._process.wait()
        shutil.rmtree(self._scratch, ignore_errors=True)

    def popen(self, command, **keywords):
        return subprocess.Popen(
            ["nsenter", f"--target={self._init}", "--mount", "--pid", "--net", "--root", "--wd", "env", "-i", "HOME=/root",
             "TERM=dumb", "LANG=C.UTF-8", "DEBIAN_FRONTEND=noninteractive",
             "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "bash", "-c", f"cd /root; {command}"],
            stdin=subprocess.DEVNULL, **keywords)

    def run(self, command, expect=0):
        """What a command says; `expect` None: however it ends."""
        with self.popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as process:
            said = process.communicate(timeout=300)[0]
        assert expect is None or process.returncode == expect, f"{command} ended with {process.returncode}:\n{said}"
        return said

    def path(self, inside):
        """Where a file of the system is seen from outside."""
        return Path(f"/proc/{self._init}/root") / str(inside).lstrip("/")

    def write(self, inside, text):
        self.path(inside).parent.mkdir(parents=True, exist_ok=True)
        self.path(inside).write_text(text)

    def copy_in(self, file, inside):
        shutil.copy(file, self.path(inside))

    def digests(self, folder):
        """Each file below a folder and the hash of its content, seen from inside."""
        found = {}
        for parent, _, files in os.walk(self.path(folder)):
            for name in files:
                file = Path(parent, name)
                found[os.fspath(file.relative_to(self.path("/")))] = hashlib.sha256(file.read_bytes()).hexdigest()
        return found
