# SPDX-License-Identifier: Apache-2.0
"""
Reads docs/differences.md: which differences from Debian's mod_md are meant, and why.

Each has a heading `## <id>: <title>`, prose for people, and a fenced block ```side-by-side whose lines say what the
bench sees of it: `<case> | <what> | <stock> | <ours>`, each a glob (fnmatch, with case), `-` for absent.
"""

import re
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path

ABSENT = "-"
DOCUMENT = Path(__file__).resolve().parents[2] / "docs/differences.md"
HEADING = re.compile(r"^## ([\w-]+): (\S.*)$")
FENCE = "```"


@dataclass(frozen=True)
class Difference:
    """What one case shows of both modules, where they differ."""
    case: str
    what: str
    stock: str
    ours: str

    def __str__(self):
        return f"{self.case} | {self.what} | {self.stock} | {self.ours}"


@dataclass(frozen=True)
class Line:
    """Differences that an entry explains."""
    entry: str
    number: int
    case: str
    what: str
    stock: str
    ours: str

    def explains(self, difference):
        return all(fnmatchcase(getattr(difference, part), getattr(self, part))
                   for part in ("case", "what", "stock", "ours"))

    def __str__(self):
        return f"{DOCUMENT.name}:{self.number}: {self.entry}: {self.case} | {self.what} | {self.stock} | {self.ours}"


class Malformed(ValueError):
    """The document cannot be read."""


def read(text, bench="side-by-side"):
    """The lines that the entries of the document have for this bench."""
    found, ids, entry, prose, inside = [], set(), None, False, False
    for number, line in enumerate(text.splitlines(), 1):
        heading = HEADING.match(line)
        if inside:
            inside = line.strip() != FENCE
            if inside and line.strip():
                found.append(_line(entry, number, line))
        elif line.startswith("## ") and not heading:
            raise Malformed(f"line {number}: a heading is '## <id>: <title>'")
        elif heading:
            entry, prose = heading[1], False
            if entry in ids:
                raise Malformed(f"line {number}: there is a '{entry}' already")
            ids.add(entry)
        elif line.strip() == f"{FENCE}{bench}":
            if not prose:
                raise Malformed(f"line {number}: says nothing to people before it speaks to the bench")
            inside = True
        else:
            prose = prose or (entry and line.strip())
    return found


def _line(entry, number, text):
    parts = [part.strip() for part in text.split(" | ")]
    if len(parts) != 4 or not all(parts):
        raise Malformed(f"line {number}: not '<case> | <what> | <stock> | <ours>'")
    if parts[0] == "*" and parts[1] == "*":
        raise Malformed(f"line {number}: explains everything")
    return Line(entry, number, *parts)


def sort_out(lines, differences):
    """Differences that no line explains, and lines that explain none of them."""
    used, unexplained = set(), []
    for difference in differences:
        explaining = [line for line in lines if line.explains(difference)]
        used.update(explaining)
        if not explaining:
            unexplained.append(difference)
    return unexplained, [line for line in lines if line not in used]
