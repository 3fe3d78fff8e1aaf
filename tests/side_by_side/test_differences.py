# SPDX-License-Identifier: Apache-2.0
"""What the reader of docs/differences.md takes and refuses."""

import pytest

from differences import DOCUMENT, Difference, Malformed, read, sort_out

ENTRY = """# Differences

## wording: words are better
What a user sees.

```side-by-side
{lines}
```
"""


def lines_of(*lines):
    return read(ENTRY.format(lines="\n".join(lines)))


def test_the_document_can_be_read():
    assert read(DOCUMENT.read_text())


def test_a_line_explains_what_all_of_its_globs_match():
    line, = lines_of("MDRenew*/server/* | exit | 0 | 1")
    assert line.entry == "wording"
    assert line.explains(Difference("MDRenewMode/server/odd", "exit", "0", "1"))
    assert not line.explains(Difference("MDRenewMode/vhost/odd", "exit", "0", "1"))
    assert not line.explains(Difference("MDRenewMode/server/odd", "error", "0", "1"))
    assert not line.explains(Difference("MDRenewMode/server/odd", "exit", "1", "1"))
    assert not line.explains(Difference("MDRenewMode/server/odd", "exit", "0", "-"))
    assert not line.explains(Difference("mdrenewmode/server/odd", "exit", "0", "1"))


def test_absent_is_a_dash():
    line, = lines_of("* | log AH10045 | - | *")
    assert line.explains(Difference("x", "log AH10045", "-", "warn: text"))
    assert not line.explains(Difference("x", "log AH10045", "warn: text", "warn: other"))


def test_what_is_not_explained_and_what_explains_nothing_is_told():
    lines = lines_of("a | exit | 0 | 1", "b | exit | 0 | 1")
    explained, unexplained = Difference("a", "exit", "0", "1"), Difference("c", "exit", "0", "1")
    assert sort_out(lines, [explained, unexplained]) == ([unexplained], [lines[1]])


@pytest.mark.parametrize("line", ["* | * | * | *", "* | * | 0 | 1", "a | exit | 0", "a | exit | 0 | 1 | 2", "a | | 0 | 1"])
def test_lines_that_explain_everything_or_nothing_are_refused(line):
    with pytest.raises(Malformed):
        lines_of(line)


@pytest.mark.parametrize("text", [
    "## no id\n",
    "## a: one\nprose\n## a: one more\nprose\n",
    "## a: without prose\n```side-by-side\na | exit | 0 | 1\n```\n",
])
def test_entries_that_say_nothing_or_the_same_are_refused(text):
    with pytest.raises(Malformed):
        read(text)
