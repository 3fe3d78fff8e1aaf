#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Counts the scenarios that tests show, by the ids beside them (AC-37), and those that docs/scenarios.md says why not.

With --all, every scenario must be one or the other, or the exit code is 1. docs/testing.md says what a scenario is."""

import re
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
# How many each group has, numbered from 1.
GROUPS = {
    "ST": ("store and persistence", 30),
    "AC": ("ACME and quirks of CAs", 51),
    "CH": ("challenges", 22),
    "OC": ("OCSP stapling", 17),
    "VH": ("virtual hosts and configuration", 24),
    "SE": ("status, events, logging", 18),
    "CR": ("crypto", 9),
    "PM": ("processes and scheduling", 10),
}
ID = re.compile(r"\b(" + "|".join(GROUPS) + r")-(\d\d)\b")
EXCUSE = re.compile(r"^\| ((?:" + "|".join(GROUPS) + r")-\d\d) \| (\S.*) \|$", re.MULTILINE)


def all_ids():
    return [f"{group}-{number:02}" for group, (_, count) in GROUPS.items() for number in range(1, count + 1)]


def ids_in(text):
    return {f"{group}-{number}" for group, number in ID.findall(text)}


def shown(root=ROOT):
    """The ids that stand in tests."""
    tests = [*(root / "src").rglob("*_test.cc"), *(root / "tests").rglob("test_*.py")]
    return set().union(*(ids_in(path.read_text()) for path in tests))


def excused(root=ROOT):
    return {name for name, _ in EXCUSE.findall((root / "docs/scenarios.md").read_text())}


def main():
    in_tests, in_docs = shown(), excused()
    missing = [name for name in all_ids() if name not in in_tests | in_docs]
    for group, (title, count) in GROUPS.items():
        tested = sum(name.startswith(group) for name in in_tests)
        said = sum(name.startswith(group) for name in in_docs - in_tests)
        left = " ".join(name for name in missing if name.startswith(group))
        print(f"{group}  {title:32} {tested:3} of {count} tested, {said} explained{'; missing: ' + left if left else ''}")
    unknown = sorted((in_tests | in_docs) - set(all_ids()))
    if unknown:
        print(f"There are no such scenarios: {' '.join(unknown)}")
    print(f"{len(in_tests)} of {len(all_ids())} scenarios have a test, {len(in_docs - in_tests)} are explained, "
          f"{len(missing)} are missing")
    return 1 if unknown or (missing and "--all" in sys.argv[1:]) else 0


if __name__ == "__main__":
    sys.exit(main())
