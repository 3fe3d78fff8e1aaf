#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Checks that no function in src/ is longer than 60 lines and no file longer than 600."""

import re
import sys
from pathlib import Path

LONGEST_FUNCTION, LONGEST_FILE = 60, 600
# Tables are as long as what they list: "file" or "file:function", relative to src/.
EXEMPT = set()

# What could hide braces: raw strings, comments, strings, characters. Line breaks are kept.
HIDDEN = re.compile(r'R"(\w*)\(.*?\)\1"|//[^\n]*|/\*.*?\*/|"(?:\\.|[^"\\\n])*"|(?<!\w)\'(?:\\.|[^\'\\\n])+\'', re.DOTALL)
PREPROCESSOR = re.compile(r"^[ \t]*#(?:[^\n\\]|\\.|\\\n)*", re.MULTILINE | re.DOTALL)
SCOPE = re.compile(r"\b(namespace|class|struct|union|enum|extern)\b[^()]*$")
MEMBER_INITIALISER = re.compile(r"\).*[^:]:[^:].*[\w>]\s*$", re.DOTALL)


def main():
    source = Path(sys.argv[1] if len(sys.argv) > 1 else Path(__file__).parent.parent / "src")
    complaints = [complaint for path in sorted(source.rglob("*"))
                  if path.suffix in (".h", ".cc")
                  for complaint in check(path.relative_to(source).as_posix(), path.read_text())]
    for complaint in complaints:
        print(complaint)
    return 1 if complaints else 0


def check(path, text):
    lines = text.count("\n")
    if lines > LONGEST_FILE and path not in EXEMPT:
        yield f"{path}: {lines} lines, the limit is {LONGEST_FILE}"
    for name, first, last in functions(text):
        if last - first + 1 > LONGEST_FUNCTION and f"{path}:{name}" not in EXEMPT:
            yield f"{path}:{first}: {name} has {last - first + 1} lines, the limit is {LONGEST_FUNCTION}"


def functions(text):
    """(name, first line, last line) of each outermost function body."""
    code = HIDDEN.sub(blank, PREPROCESSOR.sub(blank, text))
    inside, head, line, first = [], "", 1, 0  # of each open brace: what it belongs to
    for character in code:
        if character == "\n":
            line += 1
        if character == "{":
            kind = brace_kind(head) if "function" not in inside else "block"
            inside.append(kind)
            if kind == "function":
                name, first = name_of(head), line - head.lstrip().count("\n")
        elif character == "}" and inside:
            kind = inside.pop()
            if kind == "function":
                yield name, first, line
        if character in "{};" and not (character in "{}" and kind == "initialiser"):
            head = ""
        else:
            head += character


def brace_kind(head):
    if SCOPE.search(head) or "(" not in head or head.rstrip().endswith(("=", "return", "(", ",")):
        return "scope"
    return "initialiser" if MEMBER_INITIALISER.search(head) else "function"


def name_of(head):
    match = re.search(r"TEST\w*\([^)]*\)|([\w:~]+|operator\W+)(?=\s*\()", head)
    return match.group().strip() if match else "?"


def blank(match):
    return re.sub(r"[^\n]", " ", match.group())


if __name__ == "__main__":
    sys.exit(main())
