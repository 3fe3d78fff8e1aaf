#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Checks that src/ keeps to its layers: who includes whom, who uses which library, and a few rules of the house."""

import re
import sys
from pathlib import Path

# The table of ARCHITECTURE.md: what each layer may include, apart from itself.
LAYERS = {
    "base": "",
    "json": "base",
    "model": "base",
    "crypto": "base model",
    "http": "base",
    "acme": "base json model crypto http",
    "store": "base json model crypto",
    "config": "base model",
    "ocsp": "base json model crypto http store",
    "renewal": "base json model crypto acme http store",
    "status": "base json model store renewal ocsp crypto",
    "httpd": "base json model crypto http acme store config ocsp renewal status",
    "cli": "base json model crypto http acme store config ocsp renewal status",
}

# Headers of others: a pattern, and the layers that may include what it matches.
LIBRARIES = [
    (r"nlohmann/.*", "json"),
    (r"openssl/ssl\.h", "crypto httpd"),  # mod_ssl's hooks hand SSL objects to httpd's modules
    (r"openssl/.*", "crypto"),
    (r"curl/.*", "http"),
    (r"CLI/.*", "cli"),
    (r"(httpd|unixd|scoreboard|mpm_common)\.h", "httpd"),
    (r"(ap|apr|apu|http|mod|util)_[a-z_0-9]+\.h|apr\.h|apu\.h", "httpd"),
]
TEST_LIBRARIES = re.compile(r"(gtest|gmock)/.*")

# Everything from outside comes in by constructor. These places are where it comes from.
FORBIDDEN = {
    r"system_clock::now\s*\(": ["base/clock.h"],
    r"\bgetenv\s*\(": [],
    r"\bsleep_for\s*\(": ["http/curl_client_test.cc"],  # a server that is slow for real
    r"\b(?:s?rand|random)\s*\(": [],
}

SPDX = "// SPDX-License-Identifier: Apache-2.0"
INCLUDE = re.compile(r'^\s*#\s*include\s*(?:"([^"]+)"|<([^>]+)>)', re.MULTILINE)
NAMESPACE = re.compile(r"^namespace\s+([\w:]+)\s*\{", re.MULTILINE)
COMMENT_OR_STRING = re.compile(r'//[^\n]*|/\*.*?\*/|"(?:\\.|[^"\\\n])*"', re.DOTALL)


def main():
    source = Path(sys.argv[1] if len(sys.argv) > 1 else Path(__file__).parent.parent / "src")
    complaints = [complaint for path in sorted(source.rglob("*"))
                  if path.suffix in (".h", ".cc") for complaint in check(path.relative_to(source), path.read_text())]
    for complaint in complaints:
        print(complaint)
    return 1 if complaints else 0


def check(path, text):
    """Complaints about one file; `path` is relative to src/."""
    layer = path.parts[0]
    if layer not in LAYERS:
        return [f"{path}: '{layer}' is no layer"]
    found = [*check_includes(path, layer, text), *check_namespaces(path, layer, text), *check_forbidden(path, text)]
    if not text.startswith(SPDX):
        found.append(f"does not start with '{SPDX}'")
    if path.suffix == ".h" and "#pragma once" not in text:
        found.append("header without #pragma once")
    return [f"{path}: {complaint}" for complaint in found]


def check_includes(path, layer, text):
    allowed = {layer, *LAYERS[layer].split()}
    for_tests = is_for_tests(path)
    for own, foreign in INCLUDE.findall(text):
        if own:
            yield from check_own_include(own, layer, allowed, for_tests)
        elif TEST_LIBRARIES.fullmatch(foreign):
            if not for_tests:
                yield f"<{foreign}> outside of tests"
        else:
            users = next((users for pattern, users in LIBRARIES if re.fullmatch(pattern, foreign)), layer)
            if layer not in users.split():
                yield f"<{foreign}> is for {users} alone"


def check_own_include(own, layer, allowed, for_tests):
    parts = Path(own).parts
    if len(parts) == 1:
        yield f'"{own}": name the layer too'
    elif parts[0] not in allowed:
        yield f'"{own}": {layer} may not include {parts[0]}'
    elif "testing" in parts[1:-1] and not for_tests:
        yield f'"{own}": fakes are for tests alone'
    elif is_fixture(Path(own)) and not for_tests:
        yield f'"{own}": fixtures are for tests alone'
    elif "internal" in parts[1:-1] and parts[0] != layer:
        yield f'"{own}": internal to {parts[0]}'


def check_namespaces(path, layer, text):
    expected = "md" if layer == "base" else f"md::{layer}"
    allowed = [expected, "md::testing"] if is_for_tests(path) else [expected]
    for name in NAMESPACE.findall(text):
        if name != "std" and not any(name == space or name.startswith(f"{space}::") for space in allowed):
            yield f"namespace {name} instead of {expected}"


def check_forbidden(path, text):
    code = COMMENT_OR_STRING.sub(" ", text)
    for pattern, places in FORBIDDEN.items():
        if path.as_posix() not in places and (match := re.search(pattern, code)):
            yield f"{match.group().rstrip('(').strip()}: comes in by constructor"


def is_for_tests(path):
    return "testing" in path.parts[1:-1] or path.stem.endswith("_test") or is_fixture(path)


def is_fixture(path):
    """A header that tests of one layer share; other layers' tests find their fakes in testing/."""
    return path.name.endswith("_fixture.h")


if __name__ == "__main__":
    sys.exit(main())
