# SPDX-License-Identifier: Apache-2.0
"""
What a case shows of one module, and how two of these are compared.

An observation names what was looked at and says what was seen: a text, or a list of texts whose order means nothing.
"""

import json
import re
from collections import Counter
from dataclasses import dataclass
from typing import Callable

from differences import ABSENT, Difference


@dataclass(frozen=True)
class Case:
    """The same input for both modules."""
    name: str
    observe: Callable              # module file -> observation
    seconds: float = 0.1           # about how long it takes: what takes long is begun first
    compare: Callable | None = None  # in place of `compare`


def compare(case, stock, ours):
    """The differences between two observations."""
    return [Difference(case, what, one, other)
            for what in sorted({**stock, **ours})
            for one, other in _pairs(stock.get(what, ABSENT), ours.get(what, ABSENT)) if one != other]


def _pairs(stock, ours):
    """What stands against what: of lists, what only one side has, in order."""
    if not isinstance(stock, list) and not isinstance(ours, list):
        return [(_in_one_line(stock), _in_one_line(ours))]
    here, there = (Counter(map(_in_one_line, _as_list(side))) for side in (stock, ours))
    only_here, only_there = sorted((here - there).elements()), sorted((there - here).elements())
    length = max(len(only_here), len(only_there))
    return list(zip(_padded(only_here, length), _padded(only_there, length)))


def _as_list(value):
    return value if isinstance(value, list) else [] if value == ABSENT else [value]


def _padded(values, length):
    return values + [ABSENT] * (length - len(values))


def _in_one_line(text):
    return str(text).replace("\n", "\\n").strip() or '""'


# -- documents

def flat(document, prefix=""):
    """Each member of a JSON document by its path: {"a.b": text}. Elements of lists are numbered."""
    if isinstance(document, dict) and document:
        members = document.items()
    elif isinstance(document, list) and document:
        members = enumerate(document)
    else:
        return {prefix: json.dumps(document)}
    found = {}
    for key, value in members:
        found.update(flat(value, f"{prefix}.{key}" if prefix else str(key)))
    return found


# -- log

# "[time] [module:level] [pid …] [client …] (errno)text: AH00001: message"
LOGGED = re.compile(r"^\[[^\]]*\d{4}\] \[(?P<module>[\w-]*):(?P<level>\w+)\] \[pid [^\]]*\] (?:\[(?:client|remote) [^\]]*\] )?"
                    r"(?P<cause>\(\d+\)[^:]*: )?(?:(?P<id>AH\d{5}): )?(?P<text>.*)$")
SYNTAX_ERROR = re.compile(r"^AH00526: Syntax error on line (\d+) of .*?:$")
VERDICTS = ("Syntax OK", "AH00014: Configuration check failed")  # the exit code says it
LEVELS = ("emerg", "alert", "crit", "error", "warn", "notice", "info")


def observe_log(text, levels=LEVELS):
    """Messages by their id: {"log AH10045": ["warn: text", …]}; those without one are told apart by their level."""
    found, lines = {}, iter(text.splitlines())
    for line in lines:
        syntax_error = SYNTAX_ERROR.match(line)
        if syntax_error:
            found.setdefault("syntax error", []).append(f"line {syntax_error[1]}: {next(lines, '')}")
            continue
        logged = LOGGED.match(line)
        if not logged:
            if line.strip() and line not in VERDICTS:
                found.setdefault("said", []).append(line)
        elif logged["level"] in levels:
            what = f"log {logged['id'] or logged['level']}"
            found.setdefault(what, []).append(f"{logged['level']}: {logged['cause'] or ''}{logged['text']}")
    return found


def without(text, replacements):
    """What differs from run to run is given a name: longest first, so that no part of one is taken for another."""
    for value, name in sorted(replacements.items(), key=lambda pair: -len(pair[0])):
        text = text.replace(value, name)
    return text
