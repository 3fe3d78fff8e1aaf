# SPDX-License-Identifier: Apache-2.0
"""Man pages and shell completion have what the program takes. Needs a build, and no system: MD_A2MD names the a2md to ask."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(REPOSITORY / "tools"))

import make_man_pages  # noqa: E402

A2MD = Path(os.environ.get("MD_A2MD", REPOSITORY / "build/release/a2md"))
COMPLETION = REPOSITORY / "contrib/completion/a2md"


def help_of(*command):
    said = subprocess.run([A2MD, *command, "--help"], capture_output=True, text=True, check=False)
    return said.stdout + said.stderr  # those of mod_md's tool are helped on standard error


def entries(text, indented_as):
    return re.findall(indented_as, text, re.MULTILINE)


def subcommands(*command):
    text = help_of(*command)
    listing = re.split(r"^(?:Subcommands|Commands beyond those of mod_md's tool):\n", text, flags=re.MULTILINE)[1:]
    return [name for part in listing for name in entries(part.split("\n\n")[0], r"^  ([a-z]\w*)")]


def leaves():
    for name in subcommands():
        below = subcommands(name)
        yield from ((name, child) for child in below) if below else [(name,)]


def long_options(*command):
    listing = help_of(*command).split("Options:\n", 1)[1].split("\n\n")[0]
    return {option for line in listing.splitlines() for option in re.findall(r"--[a-z-]+", line[:30])}


def text_of(page):
    """As a terminal shows it, in one line."""
    shown = subprocess.run(["man", "--warnings", "-E", "UTF-8", "-l", "-Tutf8", page], check=True, capture_output=True,
                           text=True, env={**os.environ, "MANWIDTH": "80", "LC_ALL": "C.UTF-8"})
    assert shown.stderr == ""
    return " ".join(re.sub(r".\x08", "", shown.stdout).replace("\u2010\n", "\n").split()).replace("\u2010 ", "")


@pytest.fixture(scope="module")
def pages(tmp_path_factory):
    if shutil.which("man") is None:
        pytest.skip("man is not installed")
    folder = tmp_path_factory.mktemp("pages")
    subprocess.run([REPOSITORY / "tools/make_man_pages.py", "3.0", folder], check=True)
    return folder


def directives():
    """The names of the table in src/config/directives.cc, as tests/data/directives.txt has them (a unit test compares)."""
    lines = (REPOSITORY / "tests/data/directives.txt").read_text().splitlines()
    return [line.split()[0] for line in lines if line.strip() and not line.startswith("#")]


def test_each_directive_has_an_entry_in_its_man_page(pages):
    source = (pages / "mod_md.5").read_text()
    tags = [line.removeprefix("\\fB") for line in re.findall(r"^\.TP\n(.*)$", source, re.MULTILINE)]
    names = directives()
    assert len(names) > 40
    assert [re.split(r"[ \\]", tag)[0] for tag in tags] == names
    shown = text_of(pages / "mod_md.5")
    assert [name for name in names if name not in shown] == []


def test_each_command_and_option_has_an_entry_in_its_man_page(pages):
    shown = text_of(pages / "a2md.1")
    source = (pages / "a2md.1").read_text().replace("\\-", "-")
    commands = list(leaves())
    assert len(commands) > 15
    for command in commands:
        assert f".TP\n\\fB{' '.join(command)}\\fR" in source
        assert [option for option in long_options(*command) - {"--help"}
                if not re.search(rf"{option}\b|-{option[2]}\b", shown)] == []
    assert [option for option in long_options() if option not in shown] == []


def test_man_pages_have_no_markdown_left(pages):
    for name in make_man_pages.PAGES:
        assert not re.search(r"`|\*\w|\]\(|\\\\\|", (pages / name).read_text().replace("\\(ga", ""))


@pytest.mark.parametrize("markdown, roff", [
    ("`a-b` and *c*", "\\fBa\\-b\\fR and \\fIc\\fR"),
    ("[words](target.md)", "words"),
    ("`on\\|off`", "\\fBon|off\\fR"),
    ("`*`, it's", "\\fB*\\fR, it\\(aqs"),
    ("a\\b…", "a\\eb..."),
])
def test_a_line_of_markdown(markdown, roff):
    assert make_man_pages.inline(markdown) == roff


def test_a_line_never_becomes_a_request():
    assert make_man_pages.line_of(".TH") == "\\&.TH"


def completed(*words):
    """What the shell offers after these words; the last one is being written."""
    script = f"""source {COMPLETION}
COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _a2md; printf '%s\\n' "${{COMPREPLY[@]}}" """
    said = subprocess.run(["bash", "-c", script, "a2md", "a2md", *words], check=True, capture_output=True, text=True)
    return set(said.stdout.split())


def test_completion_has_each_command():
    assert completed("") == set(subcommands())
    for group in ("acme", "store"):
        assert completed(group, "") == set(subcommands(group))


@pytest.mark.parametrize("command", [("drive",), ("renew",), ("revoke",), ("store", "remove"), ("status",)])
def test_completion_has_each_option(command):
    offered = completed(*command, "--")
    assert long_options(*command) - offered == set()
    assert offered - long_options(*command) - long_options() == set()


def test_completion_has_the_options_of_every_command():
    missing = {" ".join(command): long_options(*command) - completed(*command, "--") for command in leaves()}
    assert {command: options for command, options in missing.items() if options} == {}


def test_make_install_puts_each_file_in_its_place(tmp_path):
    build = A2MD.parent
    if not (build / "cmake_install.cmake").exists():
        pytest.skip(f"{build} is no build")
    subprocess.run(["cmake", "--install", build, "--prefix", "/opt/md"], check=True, stdout=subprocess.DEVNULL,
                   env={**os.environ, "DESTDIR": os.fspath(tmp_path)})
    modules = subprocess.run(["apxs", "-q", "LIBEXECDIR"], check=True, capture_output=True, text=True).stdout.strip()
    found = {os.fspath(file.relative_to(tmp_path)): file.stat().st_mode & 0o777 for file in tmp_path.rglob("*") if file.is_file()}
    module = f"{modules.lstrip('/')}/mod_md.so"
    assert found[module] == 0o644 and found["opt/md/bin/a2md"] == 0o755
    assert {"opt/md/share/man/man1/a2md.1", "opt/md/share/man/man5/mod_md.5",
            "opt/md/share/bash-completion/completions/a2md", "opt/md/share/doc/mod_md/directives.md",
            "opt/md/share/doc/mod_md/examples/apache2/example-site.conf",
            "opt/md/share/doc/mod_md/examples/prometheus/mod_md.rules.yml",
            "opt/md/share/doc/mod_md/examples/grafana/mod_md.json"} <= set(found)
    assert [file for file in found if file != module and not file.startswith("opt/md/")] == []
