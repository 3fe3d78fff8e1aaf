#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Makes the man pages a2md(1) and mod_md(5) of docs/a2md.md and docs/directives.md.

Usage: make_man_pages.py VERSION FOLDER

Unit tests hold the tables of those documents and the program together (src/*/documentation_test.cc), so the pages have
each command and each directive, as the program takes them.
"""

import re
import sys
from pathlib import Path

DOCS = Path(__file__).resolve().parent.parent / "docs"
PAGES = {
    "a2md.1": ("a2md.md", "User Commands", "look after the managed domains of Apache httpd's mod_md",
               [".B a2md", "[\\fIoptions\\fR] \\fIcommand\\fR [\\fIarguments\\fR]"],
               [("mod_md", "5"), ("apache2", "8")]),
    "mod_md.5": ("directives.md", "File Formats", "directives of Apache httpd's module for ACME certificates",
                 [".B MDomain", "\\fIname\\fR... [\\fBauto\\fR|\\fBmanual\\fR]"],
                 [("a2md", "1"), ("apache2", "8")]),
}
CHARACTERS = {"\\": "\\e", "…": "...", "–": "\\(en", "—": "\\(em", "±": "\\(+-", "-": "\\-", "'": "\\(aq", "`": "\\(ga",
              "^": "\\(ha", "~": "\\(ti"}


def escaped(text):
    return "".join(CHARACTERS.get(character, character) for character in text)


def inline(text):
    """Markdown within a line: `code`, *emphasis*, [words](target)."""
    text = text.replace("\\|", "|")
    text = re.sub(r"\[([^]]*)\]\([^)]*\)", r"\1", text)
    parts = []
    for index, part in enumerate(text.split("`")):
        if index % 2:
            parts.append(f"\\fB{escaped(part)}\\fR")
        else:
            pieces = part.split("*")
            parts += [f"\\fI{escaped(piece)}\\fR" if number % 2 else escaped(piece)
                      for number, piece in enumerate(pieces)]
    return "".join(parts)


def line_of(text):
    """A line of text that is no request, whatever it begins with."""
    return "\\&" + text if text.startswith((".", "'")) else text


def cells_of(row):
    return [cell.strip() for cell in re.split(r"(?<!\\)\|", row.strip())[1:-1]]


SCOPES = {"G": "main server and virtual hosts", "M": "inside \\fB<MDomain>\\fR only",
          "GM": "main server, virtual hosts and \\fB<MDomain>\\fR",
          "GM, `<If>`": "main server, virtual hosts, \\fB<MDomain>\\fR and \\fB<If>\\fR"}


def is_rule(row):
    return all(re.fullmatch(r":?-+:?", cell) for cell in cells_of(row))


def row_as_entry(head, cells):
    """A row of a table: its first cell is the tag, the last one what it means."""
    named = dict(zip(head, cells))
    if head[0] == "directive":
        default = "none" if named["default"] == "–" else inline(named["default"])
        facts = f"Where: {SCOPES[named['scope']]}. Default: {default}."
        return [".TP", line_of(inline(cells[0])), line_of(facts), ".br", line_of(inline(named["meaning"]))]
    tag = inline(cells[0]) + (" " + inline(named["arguments"]) if named.get("arguments") else "")
    return [".TP", line_of(tag), line_of(inline(cells[-1]))]


def table(rows):
    head = cells_of(rows[0])
    if not is_rule(rows[1]):
        raise ValueError(f"no table: {rows[0]}")
    lines = []
    for row in rows[2:]:
        lines += row_as_entry(head, cells_of(row))
    return lines


def body(markdown):
    """All below the document's title."""
    lines = []
    for block in re.split(r"\n\s*\n", markdown.strip("\n")):
        rows = block.split("\n")
        if rows[0].startswith("## "):
            lines.append(f".SH \"{escaped(rows[0][3:].upper())}\"")
            rows = rows[1:]
        if not rows or rows[0].startswith(("<!--", "| scope")):
            continue
        if rows[0].startswith("|"):
            if rows[0].startswith("| option"):
                lines.append(".SH OPTIONS")
            lines += table(rows) + [".PP"]
        elif rows[0].startswith("    "):
            lines += [".nf", *(line_of(escaped(row[4:])) for row in rows), ".fi", ".PP"]
        else:
            lines += [line_of(inline(row)) for row in rows] + [".PP"]
    return lines


def without_empty_paragraphs(lines):
    """A paragraph begins where text follows; not at a heading, nor at the end."""
    return [line for line, after in zip(lines, lines[1:] + [".SH"])
            if line != ".PP" or not after.startswith((".SH", ".TP"))]


def page(name, markdown, version):
    document, chapter, summary, synopsis, relatives = PAGES[name]
    title, section = name.rsplit(".", 1)
    text = markdown.split("\n", 1)[1]
    lines = [f".\\\" Made of docs/{document} by tools/make_man_pages.py.",
             f'.TH {title.upper()} {section} "" "mod_md {version}" "{chapter}"',
             ".SH NAME", f"{title} \\- {escaped(summary)}", ".SH SYNOPSIS", *synopsis, ".SH DESCRIPTION",
             *body(text), ".SH SEE ALSO",
             *(f".BR {relative} ({number})," for relative, number in relatives[:-1]),
             f".BR {relatives[-1][0]} ({relatives[-1][1]})"]
    return "\n".join(without_empty_paragraphs(lines)) + "\n"


def main():
    if len(sys.argv) != 3:
        sys.exit(__doc__.split("\n\n")[1])
    version, folder = sys.argv[1], Path(sys.argv[2])
    for name, (document, *_) in PAGES.items():
        (folder / name).write_text(page(name, (DOCS / document).read_text(encoding="utf-8"), version), encoding="utf-8")


if __name__ == "__main__":
    main()
