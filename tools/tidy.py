#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Runs clang-tidy on every source of a build, in parallel, and skips what was clean before with the same content.

Tests (*_test.cc) are left to the compilers: GoogleTest's macros cost minutes and hide what matters.
"""

import hashlib
import json
import os
import re
import shlex
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
CLANG_TIDY = "clang-tidy-14"
INCLUDE = re.compile(r'^\s*#\s*include\s*"([^"]+)"', re.MULTILINE)


def main():
    build = Path(sys.argv[1]).resolve()
    cache = Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache")) / "mod_md-tidy"
    cache.mkdir(parents=True, exist_ok=True)
    entries = [entry for entry in json.loads((build / "compile_commands.json").read_text())
               if ROOT / "src" in Path(entry["file"]).parents and not entry["file"].endswith("_test.cc")]
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        results = list(pool.map(lambda entry: is_clean(entry, build, cache), entries))
    print(f"{len(results)} files, {results.count(False)} with findings")
    return 0 if all(results) else 1


def is_clean(entry, build, cache):
    mark = cache / fingerprint(entry)
    if mark.exists():
        return True
    done = subprocess.run([CLANG_TIDY, "--quiet", "-p", build, entry["file"]], capture_output=True, text=True)
    if done.returncode:
        print(done.stdout or done.stderr, flush=True)
        return False
    mark.touch()
    return True


def fingerprint(entry):
    """Of all that a finding depends on: the rules, the command, the file and our headers that it includes; the same in
    each clone."""
    words = shlex.join(command(entry)).replace(str(ROOT), "")
    digest = hashlib.sha256((ROOT / ".clang-tidy").read_bytes() + words.encode())
    for path in closure(Path(entry["file"])):
        digest.update(path.read_bytes())
    return digest.hexdigest()


def command(entry):
    return entry["arguments"] if "arguments" in entry else shlex.split(entry["command"])


def closure(source):
    found, waiting = set(), [source]
    while waiting:
        path = waiting.pop()
        if path not in found and path.exists():
            found.add(path)
            waiting += [ROOT / "src" / name for name in INCLUDE.findall(path.read_text())]
    return sorted(found)


if __name__ == "__main__":
    sys.exit(main())
