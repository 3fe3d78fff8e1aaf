# SPDX-License-Identifier: Apache-2.0
"""A ServerRoot that is configured and never started: what `apache2 -t` says of it."""

import re
import shutil
import subprocess
import tempfile
from pathlib import Path

from observing import observe_log, without
from testbed.httpd import APACHE, DEBIAN_MODULES
from testbed.pki import TestAuthority

MODULES = ("mpm_event", "authz_core", "socache_shmcb", "ssl", "http2", "macro", "alias", "rewrite", "status")
FILES = {
    "eab.json": '{"kid": "kid-1", "hmac": "aGVsbG8gd29ybGQhISEhISE"}',
    "no-kid.json": '{"hmac": "aGk"}',
    "no-hmac.json": '{"kid": "k"}',
    "broken.json": '{"kid": ',
    "empty.json": "",
    "htdocs/index.html": "served\n",
}

_templates = {}


def make(module):
    """A new folder with all that configurations name. Its certificates are the same in each of them."""
    if "root" not in _templates:
        _templates["root"] = _make_template()
    root = Path(tempfile.mkdtemp(prefix="md-sbs-"))
    shutil.copytree(_templates["root"], root, dirs_exist_ok=True)
    root.chmod(0o755)
    return root


def prepare():
    """Makes what all have in common, before workers are forked."""
    _templates["root"] = _make_template()


def _make_template():
    root = Path(tempfile.mkdtemp(prefix="md-sbs-template-"))
    for name in ("logs", "htdocs"):
        (root / name).mkdir()
    for name, content in FILES.items():
        (root / name).write_text(content)
    authority = TestAuthority(root)
    authority.server_files("static", ["static.example.org"])
    return root


def remove_template():
    shutil.rmtree(_templates.pop("root"), ignore_errors=True)


def preamble(root, module, listens=("Listen 80", "Listen 443")):
    return "\n".join([f"ServerRoot {root}", "PidFile logs/httpd.pid", "DefaultRuntimeDir logs", "ErrorLog logs/error_log",
                      "LogLevel info",
                      *(f"LoadModule {name}_module {DEBIAN_MODULES}/mod_{name}.so" for name in MODULES),
                      f"LoadModule md_module {module}", f"DocumentRoot {root}/htdocs", *listens, ""])


def directives(module):
    """What the module knows, as `apache2 -L` lists it: (name, whether it is a section)."""
    root = make(module)
    try:
        (root / "httpd.conf").write_text(preamble(root, module) + "ServerName localhost\n")
        listed = _apache(root, "-L").stdout
    finally:
        shutil.rmtree(root)
    return [(name.lstrip("<"), name.startswith("<")) for name in re.findall(r"^(\S+) \(mod_md\.c\)$", listed, re.MULTILINE)]


def test_configuration(module, text, names=None):
    """What a test of the configuration shows: its exit code, all it says, and files it leaves."""
    root = make(module)
    try:
        (root / "httpd.conf").write_text(preamble(root, module) + text.replace("@ROOT@", str(root)))
        before = set(root.rglob("*"))
        done = _apache(root, "-t")
        log = root / "logs/error_log"
        said = done.stdout + done.stderr + (log.read_text(errors="replace") if log.exists() else "")
        left = sorted(str(path.relative_to(root)) for path in set(root.rglob("*")) - before if path != log)
    finally:
        shutil.rmtree(root)
    return {"exit": str(done.returncode), "files": left,
            **observe_log(without(said, {str(root): "@ROOT@", str(module): "@MODULE@", **(names or {})}))}


def _apache(root, *options):
    return subprocess.run([APACHE, "-d", str(root), "-f", str(root / "httpd.conf"), *options], capture_output=True,
                          text=True, errors="replace", timeout=60)
