#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Command lines of mod_md 2.6.11's own tool, and what became of them: ours has to do the same.

    run_cases.py A2MD [NAME…]     all cases, or these, with each of their differences

tests/data/a2md/cases.json has the lines: each case begins with an empty store, in which `before` is run, then `argv`.
expected.json has what was recorded: exit code, standard output, whether there was anything on standard error after a
failure, the files of the store with some members of md.json and account.json. `says` are words that scripts look for.
"""

import contextlib
import json
import re
import subprocess
import sys
import tempfile
from pathlib import Path

TESTS = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(TESTS / "e2e"))

from testbed.pebble import Pebble  # noqa: E402
from testbed.pki import TestAuthority  # noqa: E402
from testbed.ports import free_port  # noqa: E402

DATA = TESTS / "data/a2md"
GROUPS = {"domains", "accounts", "staging", "archive", "challenges"}
PATIENCE = 120
NOTHING = ["nothing is there"]
MANAGED_DOMAIN = {"name", "domains", "contacts", "state", "renew", "ca"}
ACCOUNT = {"status", "url", "ca-url", "registration"}
NESTED = {"ca": {"proto", "urls", "account", "agreement"}, "registration": {"contact"}}


def only(members, document):
    """`document` with these members, and of objects in it with those that are compared."""
    kept = {name: value for name, value in document.items() if name in members}
    for name, inner in NESTED.items():
        if isinstance(kept.get(name), dict):
            kept[name] = only(inner, kept[name])
    return kept


def compared(value):
    """What is compared of a document, wherever managed domains and accounts stand in it."""
    if isinstance(value, list):
        return [compared(one) for one in value]
    if not isinstance(value, dict):
        return value
    if {"domains", "name"} <= value.keys():
        return only(MANAGED_DOMAIN, value)
    if value.keys() & {"registration", "ca-url"}:
        return only(ACCOUNT, value)
    return {name: compared(one) for name, one in value.items()}


class Case:
    """A case in a store of its own."""

    def __init__(self, tool, pebble, folder, description):
        self._tool = tool
        self._pebble = pebble
        self._folder = folder
        self._store = folder / "md"
        self._store.mkdir(parents=True)
        self._description = description

    def outcome(self):
        for words in self._description.get("before", []):
            self._run(words)
        done = self._run(self._description["argv"])
        outcome = {"code": done.returncode, "out": self._document(done.stdout), "files": self._files()}
        if done.returncode != 0:
            outcome["says why"] = bool(done.stderr.strip())
        for words in self._description.get("says", []):
            outcome[f"says '{words}'"] = words in done.stderr
        return outcome

    def _run(self, words):
        roots = str(self._pebble.authority.root_file)
        line = [word.replace("$DIR", str(self._store)).replace("$CA", self._pebble.url).replace("$ROOTS", roots)
                for word in words]
        return subprocess.run([self._tool, *line], capture_output=True, text=True, cwd=self._folder,
                              stdin=subprocess.DEVNULL, timeout=PATIENCE, check=False)

    def _without_places(self, text):
        """The same, wherever store and CA are."""
        ca = f"localhost:{self._pebble.port}"
        text = text.replace(str(self._store), "$DIR").replace(self._pebble.url, "$CA")
        text = re.sub(rf"https://{ca}/my-account/\w+", "$ACCOUNT", text)
        return text.replace(ca, "localhost:$PORT")

    def _document(self, text):
        text = self._without_places(text)
        with contextlib.suppress(ValueError):
            return compared(json.loads(text))
        return text

    def _files(self):
        paths = (path for path in self._store.rglob("*") if path.is_file())
        names = {str(path.relative_to(self._store)): path for path in paths}
        return {name: self._file(name, path) for name, path in names.items() if name.split("/")[0] in GROUPS}

    def _file(self, name, path):
        if path.name not in ("md.json", "account.json") or name.startswith("archive/"):
            return "present"
        document = self._document(path.read_text())
        if not isinstance(document, dict):
            return "present"
        document.pop("state", None)  # whoever reads the file finds it out anew
        return document


def differences(expected, found, where=""):
    """A line for each place where the two are not the same."""
    if isinstance(expected, dict) and isinstance(found, dict):
        for name in sorted(expected.keys() | found.keys()):
            yield from differences(expected.get(name, NOTHING), found.get(name, NOTHING), f"{where}/{name}")
    elif expected != found:
        yield f"{where}: expected {json.dumps(expected)}, found {json.dumps(found)}"


def start_pebble(folder):
    """A CA that believes everybody."""
    authority = TestAuthority(folder)
    return Pebble(folder / "pebble", authority, free_port(), free_port(), env={"PEBBLE_VA_ALWAYS_VALID": "1"},
                  config={"ocspResponderURL": "", "externalAccountBindingRequired": False,
                          "retryAfter": {"authz": 1, "order": 1}}).start()


def main():
    tool, *names = sys.argv[1:]
    cases = [case for case in json.loads((DATA / "cases.json").read_text()) if not names or case["name"] in names]
    recorded = json.loads((DATA / "expected.json").read_text())
    failed = 0
    with tempfile.TemporaryDirectory(prefix="a2md-cases.") as folder:
        top = Path(folder)
        pebble = start_pebble(top)
        try:
            for number, case in enumerate(cases):
                outcome = Case(Path(tool).resolve(), pebble, top / str(number), case).outcome()
                found = list(differences(recorded[case["name"]], outcome))
                failed += bool(found)
                for line in found:
                    print(f"{case['name']}{line}")
        finally:
            pebble.stop()
    print(f"{len(cases) - failed} passed, {failed} failed")
    return 1 if failed or not cases else 0


if __name__ == "__main__":
    sys.exit(main())
