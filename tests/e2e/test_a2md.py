# SPDX-License-Identifier: Apache-2.0
"""The command line, against stores of Debian's mod_md and of ours, a running server, and a CA."""

import json
import os
import subprocess
from pathlib import Path

import pytest

from testbed.bed import Domain, Layout
from testbed.httpd import DEBIAN_MOD_MD
from testbed.waiting import eventually

A2MD = Path(os.environ.get("MD_A2MD", Path(__file__).resolve().parents[2] / "build/release/a2md"))

pytestmark = pytest.mark.ours


class Tool:
    """a2md at work in the store of a bed."""

    def __init__(self, bed):
        self._options = ["-d", os.fspath(bed.httpd.store)]

    def run(self, *words):
        return subprocess.run([A2MD, *self._options, *words], capture_output=True, text=True, timeout=60)

    def output(self, *words):
        """What it answers in JSON; it has to succeed."""
        done = self.run("-j", *words)
        frame = json.loads(done.stdout)
        assert (done.returncode, frame["status"]) == (0, 0), frame
        return frame["output"]

    def detail(self, *words):
        """Of the error that it ends with."""
        done = self.run("-j", "-v", *words)
        frame = json.loads(done.stdout)
        assert done.returncode == 1 and frame["status"] != 0 and frame["output"] == [], frame
        assert f"a2md: {frame['detail']}" in done.stderr
        return frame["detail"]


def test_a_store_made_by_debians_mod_md(make_bed):
    bed = make_bed(Layout(module=DEBIAN_MOD_MD))
    domain = Domain("old.example.org", ("www.old.example.org",))
    bed.serve(domain)
    bed.obtain(domain)
    bed.httpd.stop()
    tool = Tool(bed)
    before = bed.store.json("domains", domain.name, "md.json")
    assert tool.output("store", "list") == [before]
    assert tool.output("list") == [{**before, "renew": False}]

    status, = tool.output("status", domain.name)
    assert status["state"] == 2 and int(status["cert"]["rsa"]["serial"], 16) == bed.store.serial(domain.name)
    assert "good" in tool.run("status").stdout
    assert tool.output("explain", domain.name)[0]["action"] == "nothing"
    check = tool.run("check")
    assert (check.returncode, check.stdout) == (0, "OK: 1 managed domain\n")

    assert "in use" in tool.detail("add", "new.example.org", "WWW.old.example.org")
    added, = tool.output("store", "add", "New.example.org")
    assert (added["name"], added["state"]) == ("new.example.org", 0)
    assert tool.output("add", "other.example.org")[0]["state"] == 1
    assert tool.run("check").returncode == 2
    tool.output("store", "remove", "new.example.org", "other.example.org")

    tool.output("update", domain.name, "contacts", "new@example.org")
    assert bed.store.json("domains", domain.name, "md.json") == {**before, "contacts": ["mailto:new@example.org"]}
    tool.output("update", domain.name, "ca", bed.proxy.url)
    tool.output("store", "update", domain.name, "domains", domain.name)
    assert bed.store.json("domains", domain.name, "md.json")["domains"] == [domain.name]
    assert not bed.store.damage()


def test_drive_history_restore_revoke(bed):
    """Of a domain that httpd does not know, with httpd answering the challenge."""
    # Manual: the server gets itself no account that the tool could take.
    bed.serve(Domain("served.example.org", settings=("MDRenewMode manual",)))
    tool = Tool(bed)
    name = "driven.example.org"
    roots = ("-C", os.fspath(bed.authority.root_file))
    tool.output("add", name, "-a", bed.proxy.url)
    assert "No contact information is available" in tool.detail("drive", *roots, name)
    tool.output("update", name, "contacts", "admin@example.org")
    assert "terms-of-service as specified in" in tool.detail("drive", *roots, name)
    tool.output("update", name, "agreement", "accepted")
    assert tool.output("drive", *roots, "-c", "http-01", name) == []
    first = bed.store.serial(name)
    tool.output("drive", *roots, "-c", "http-01", name)
    assert bed.store.serial(name) == first
    tool.output("drive", *roots, "-c", "http-01", "--force", name)
    second = bed.store.serial(name)
    assert first != second
    archived = {int(entry["cert"]["rsa"]["serial"], 16): entry["number"]
                for entry in tool.output("history", name) if "rsa" in entry["cert"]}
    assert set(archived) == {first}
    assert not bed.store.damage()

    assert int(tool.output("revoke", *roots, name, "--reason", "superseded")[0]["serial"], 16) == second
    assert "alreadyRevoked" in tool.detail("revoke", *roots, name)
    tool.output("restore", name, str(archived[first]))
    tool.output("drive", name)
    assert bed.store.serial(name) == first

    tool.output("update", name, "ca", bed.pebble.url)
    bed.pebble.stop()
    assert "refused" in tool.detail("drive", "--force", name).lower()
    assert bed.store.serial(name) == first


def test_accounts(bed):
    bed.httpd.store.mkdir(exist_ok=True)
    tool = Tool(bed)
    to_ca = ["-a", bed.proxy.url, "-C", os.fspath(bed.authority.root_file)]
    assert "No contact information" in tool.detail("acme", "newreg", *to_ca, "-t", "accepted")
    assert "terms of service" in tool.detail("acme", "newreg", "admin@example.org", *to_ca)
    words, _, frame = tool.run("-j", "acme", "newreg", "admin@example.org", *to_ca, "-t", "accepted").stdout.partition("\n")
    account = words.removeprefix("registered: ")
    assert json.loads(frame) == {"output": [], "status": 0}
    kept = bed.store.json("accounts", account, "account.json")
    assert kept["status"] == "valid" and kept["registration"]["contact"] == ["mailto:admin@example.org"]
    assert tool.run("acme", "validate", account, *to_ca).stdout == f"account valid: {account}\n"
    assert "name them by -t" in tool.detail("acme", "agree", account, *to_ca, "-t", "accepted")
    authorization, = tool.output("acme", "authz", account, "a.example.org", *to_ca)
    assert (authorization["name"], authorization["status"]) == ("a.example.org", "pending")
    assert tool.output("acme", "delreg", account, *to_ca) == []
    assert "unknown account" in tool.detail("acme", "authz", account, "a.example.org", *to_ca)
    assert not bed.store.damage()


def test_renew_and_restore_reach_the_running_server(bed):
    domain = Domain("running.example.org")
    bed.serve(domain)
    bed.wait_served(domain)
    tool = Tool(bed)
    first = bed.serial(domain.name)
    orders = bed.proxy.count("new-order")
    tool.output("renew", domain.name, "--now")
    eventually(lambda: bed.proxy.count("new-order") > orders, "the server begins", within=2)
    eventually(lambda: bed.serial(domain.name) != first, "the server has renewed", 30)
    assert "no renewal is asked for" in eventually(
        lambda: tool.run("cancel", domain.name).stderr, "the request is done", 10)
    number = next(entry["number"] for entry in tool.output("history", domain.name) if "rsa" in entry["cert"])
    tool.output("restore", domain.name, str(number))
    eventually(lambda: bed.serial(domain.name) == first, "the restored certificate is served", 10)
    assert not bed.store.damage()
