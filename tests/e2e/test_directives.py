# SPDX-License-Identifier: Apache-2.0
"""The running module's directives: all that are demanded, where they may stand, what a bad value gets."""

import re
from pathlib import Path

import pytest

from testbed.httpd import REPOSITORY, Httpd

FACTS = REPOSITORY / "tests/data/directives.txt"


def specification():
    """The project's specification, where the repository has it beside it."""
    beside = [folder / "shared/spec/directives.md" for folder in REPOSITORY.parents]
    return next((path for path in beside if path.exists()), None)


def facts():
    """Name, scope in the specification, scope here."""
    lines = [line.split() for line in FACTS.read_text().splitlines() if line and not line.startswith("#")]
    return [(words[0], words[1], words[-1]) for words in lines]


def rows(text):
    """First two cells of a table's rows."""
    found = [re.split(r"(?<!\\)\|", line)[1:3] for line in text.splitlines() if line.startswith("| `")]
    return [(cells[0], cells[1].replace("`", "").strip()) for cells in found]


def in_tables(text):
    """Directives and the scopes that tables give for them."""
    found = {}
    for names, scope in rows(text):
        base = re.sub(r", (repeatable|vhost|<If>)", lambda rest: rest[0] if "If" in rest[0] else "", scope)
        for name in re.findall(r"`(<?MD\w+)", names):
            found.setdefault(name, set()).add(base.replace(" ", ""))
    return found


@pytest.fixture
def httpd(tmp_path_factory):
    """One that is configured and never started."""
    return Httpd(tmp_path_factory.mktemp("httpd"))


@pytest.mark.ours
def test_the_module_has_each_that_is_demanded_and_documents_it(httpd):
    httpd.configure()
    listed = httpd.list_directives()
    entries = re.findall(r"^(\S+) \(mod_md\.c\)\n\t(.*)\n\t(.*)$", listed, re.MULTILINE)
    known = {name: places for name, _, places in entries if name.lower().startswith(("md", "<md"))}
    scopes = {name: here for name, _, here in facts()}
    assert set(known) == set(scopes)
    assert all(what for _, what, _ in entries)
    documented = in_tables((REPOSITORY / "docs/directives.md").read_text())
    assert documented == {name: {scope} for name, scope in scopes.items()}


@pytest.mark.skipif(not specification(), reason="the specification is not beside this repository")
def test_nothing_is_demanded_that_the_list_lacks():
    demanded = in_tables(specification().read_text())
    listed = {name: scope for name, scope, _ in facts() if scope != "new"}
    assert set(demanded) == set(listed)
    for name, scopes in demanded.items():
        assert listed[name] in scopes, name


MATCHING_HOST = """<VirtualHost 127.0.0.1:{port}>
ServerName a.example.org
ServerAlias b.example.org
SSLEngine on
</VirtualHost>"""
# The texts that the specification quotes and that more than the directive's own parser has part in (those are tested
# beside it): lines of the configuration, and what a test of it says of them.
REFUSED = {
    "no such binding file": (["MDExternalAccountBinding gone.json"], ["file not found:", "gone.json"]),
    "a binding that is no JSON": (["MDExternalAccountBinding broken.json"], ["error reading JSON file"]),
    "a binding without kid": (["MDExternalAccountBinding no-kid.json"], ["JSON does not contain 'kid' element"]),
    "a binding without hmac": (["MDExternalAccountBinding no-hmac.json"], ["JSON does not contain 'hmac' element"]),
    "no argument": (["MDStoreDir"], ["MDStoreDir takes one argument"]),
    "an unknown CA": (["MDCertificateAuthority x"], ["The CA name 'x' is not known "]),
    "an unknown switch": (["MDStapling yes"], ["unknown 'yes', supported parameter values are 'on' and 'off'"]),
    "a window as long as life": (["MDRenewWindow 100%"], ["a length of 100% or more is not allowed."]),
    "unequal files": (["<MDomain a.example.org>", "MDCertificateFile a.pem", "</MDomain>"], ["AH10170:"]),
    "a key alone": (["<MDomain a.example.org>", "MDCertificateKeyFile a.pem", "</MDomain>"], ["AH10171:"]),
    "two of one name": (["MDomain a.example.org b.example.org", "MDomain b.example.org"],
                        ["AH10038:", "httpd.conf:{first}", "httpd.conf:{second}"]),
    "one host of two": (["MDomain a.example.org", "MDomain b.example.org", MATCHING_HOST],
                        ["AH10238:", "AH10042:", "httpd.conf:{first}", "httpd.conf:{second}"]),
}


@pytest.mark.ours
@pytest.mark.parametrize("case", REFUSED)
def test_a_test_of_the_configuration_says_what_is_wrong(httpd, case):
    lines, said = REFUSED[case]
    for name, content in {"broken": "{", "no-kid": '{"hmac": "aGk"}', "no-hmac": '{"kid": "k"}'}.items():
        (httpd.root / f"{name}.json").write_text(content)
    httpd.configure(options=[line.format(port=httpd.https_port) for line in lines])
    written = (httpd.root / "httpd.conf").read_text().splitlines()
    places = {"first": written.index(lines[0]) + 1, "second": written.index(lines[0]) + 2}
    code, words = httpd.test_configuration()
    assert code != 0
    for text in said:
        assert text.format(**places) in words


def test_names_that_are_not_managed_are_a_warning(httpd):
    httpd.configure(options=["MDomain a.example.org manual", MATCHING_HOST.format(port=httpd.https_port)])
    code, words = httpd.test_configuration()
    assert code == 0 and ("AH10040" in words or "AH10040" in httpd.log())
