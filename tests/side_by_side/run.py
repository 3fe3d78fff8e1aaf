#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""
Gives the same input to Debian's mod_md and to ours, and compares what can be seen.

Fails on each difference that docs/differences.md does not explain. What differs is tried again alone, twice at most: a
machine that is busy shows what no user sees. A whole run tells of lines that explain nothing, and fails on them with
--strict. MD_MODULE names our module, build/release/mod_md.so if unset.
"""

import argparse
import importlib
import os
import sys
import time
import traceback
from concurrent.futures import ProcessPoolExecutor, as_completed
from fnmatch import fnmatchcase
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "e2e"))

from differences import DOCUMENT, read, sort_out  # noqa: E402
from observing import compare  # noqa: E402
from testbed.httpd import DEBIAN_MOD_MD, module_under_test  # noqa: E402

# Modules that have cases: a function `cases()` each.
SOURCES = ("configurations", "starts", "situations")

_cases = {}


def main():
    options = parse()
    _cases.update(collect(options.only))
    if options.list:
        print("\n".join(_cases))
        return 0
    started = time.monotonic()
    differences, broken = run(list(_cases), options.jobs)
    for _ in range(0 if options.once else 2):
        again = sorted({difference.case for difference in sort_out(lines(), differences)[0]} | set(broken))
        if not again or len(again) > 50:
            break
        print(f"{len(again)} cases are tried once more, alone: {', '.join(again)}")
        differences = [difference for difference in differences if difference.case not in again]
        seen_again, broken = run(again, 1)
        differences += seen_again
    unexplained, idle = sort_out(lines(), differences)
    report(options, differences, unexplained, [] if options.only else idle, broken)
    print(f"{len(_cases)} cases, {len(differences)} differences, {len(unexplained)} of them unexplained, "
          f"{len(broken)} cases broken, {time.monotonic() - started:.0f} s")
    return 1 if unexplained or broken or (idle and options.strict and not options.only) else 0


def parse():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", action="append", metavar="GLOB", help="cases whose names match; can be repeated")
    parser.add_argument("--list", action="store_true", help="names of the cases, and no more")
    parser.add_argument("--all", action="store_true", help="print explained differences, too, with their entries")
    parser.add_argument("--strict", action="store_true", help="fail on lines that explain nothing, too")
    parser.add_argument("--once", action="store_true", help="do not try again what differs")
    parser.add_argument("--jobs", type=int, default=2 * os.cpu_count(), metavar="N")
    return parser.parse_args()


def lines():
    return read(DOCUMENT.read_text())


def collect(globs):
    """Cases by name, those that take long first."""
    cases = [case for source in SOURCES for case in importlib.import_module(source).cases()]
    names = [case.name for case in cases]
    doubled = {name for name in names if names.count(name) > 1} if len(set(names)) < len(names) else set()
    assert not doubled, f"cases of the same name: {sorted(doubled)}"
    return {case.name: case for case in sorted(cases, key=lambda case: -case.seconds)
            if not globs or any(fnmatchcase(case.name, glob) for glob in globs)}


def run(names, jobs):
    """Differences, and what went wrong in cases that could not be compared."""
    differences, broken = [], {}
    # Forked workers know the cases already.
    with ProcessPoolExecutor(jobs) as pool:
        waiting = {pool.submit(run_case, name): name for name in names}
        for done in as_completed(waiting):
            try:
                differences += done.result()
            except Exception:  # whatever a case stumbles over is told, and the others go on
                broken[waiting[done]] = traceback.format_exc()
    return differences, broken


def run_case(name):
    case = _cases[name]
    return (case.compare or compare)(name, case.observe(DEBIAN_MOD_MD), case.observe(module_under_test()))


def report(options, differences, unexplained, idle, broken):
    for name, text in sorted(broken.items()):
        print(f"broken: {name}\n{text}")
    if options.all:
        for difference in sorted(differences, key=str):
            for line in lines():
                if line.explains(difference):
                    print(f"{line.entry}: {difference}")
    for difference in sorted(unexplained, key=str):
        print(f"unexplained: {difference}")
    for line in idle:
        print(f"explains nothing: {line}")


if __name__ == "__main__":
    sys.exit(main())
