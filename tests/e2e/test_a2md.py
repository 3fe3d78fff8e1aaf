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

    def description(self, *words):
        """Of the error that it ends with."""
        done = self.run("-j", *words)
        frame = json.loads(done.stdout)
        assert done.returncode == 1 and frame["status"] != 0, frame
        return frame["description"]


def test_a_store_made_by_debians_mod_md(make_bed):
    bed = make_bed(Layout(module=DEBIAN_MOD_MD))
    domain = Domain("old.example.org", ("www.old.example.org",))
    bed.serve(domain)
    bed.obtain(domain)
    bed.httpd.stop()
    tool = Tool(bed)
    before = bed.store.json("domains", domain.name, "md.json")
    assert tool.output("list") == tool.output("store", "list") == [before]

    status, = tool.output("status", domain.name)
    assert status["state"] == 2 and int(status["cert"]["rsa"]["serial"], 16) == bed.store.serial(domain.name)
    assert "good" in tool.run("status").stdout
    assert tool.output("explain", domain.name)[0]["action"] == "nothing"
    check = tool.run("check")
    assert (check.returncode, check.stdout) == (0, "OK: 1 managed domain\n")

    assert "in use" in tool.description("add", "new.example.org", "WWW.old.example.org")
    added, = tool.output("store", "add", "New.example.org")
    assert (added["name"], added["state"]) == ("new.example.org", 0)
    assert tool.output("add", "other.example.org")[0]["state"] == 1
    assert tool.run("check").returncode == 2
    tool.output("store", "remove", "new.example.org", "other.example.org")

    tool.output("update", domain.name, "contacts", "new@example.org")
    assert bed.store.json("domains", domain.name, "md.json") == {**before, "contacts": ["mailto:new@example.org"]}
    assert "Unknown CA protocol" in tool.description("update", domain.name, "ca", bed.proxy.url, "SCEP")
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
    tool.output("add", name, "-a", bed.proxy.url, "-C", os.fspath(bed.authority.root_file))
    assert "terms of service" in tool.description("drive", name)
    tool.output("update", name, "agreement", "accepted")
    assert tool.output("drive", "-c", "http-01", name)[0]["renewed"]
    first = bed.store.serial(name)
    assert not tool.output("drive", "-c", "http-01", name)[0]["renewed"]
    assert tool.output("drive", "-c", "http-01", "--force", name)[0]["renewed"]
    second = bed.store.serial(name)
    assert first != second
    archived = {int(entry["cert"]["rsa"]["serial"], 16): entry["number"]
                for entry in tool.output("history", name) if "rsa" in entry["cert"]}
    assert set(archived) == {first}
    assert not bed.store.damage()

    assert int(tool.output("revoke", name, "--reason", "superseded")[0]["serial"], 16) == second
    assert "alreadyRevoked" in tool.description("revoke", name)
    tool.output("restore", name, str(archived[first]))
    assert tool.output("drive", name)[0]["renewed"]
    assert bed.store.serial(name) == first

    bed.pebble.stop()
    assert "refused" in tool.description("drive", "--force", "-a", bed.pebble.url, name).lower()
    assert bed.store.serial(name) == first


def test_accounts(bed):
    bed.httpd.store.mkdir(exist_ok=True)
    tool = Tool(bed)
    to_ca = ["-a", bed.proxy.url, "-C", os.fspath(bed.authority.root_file)]
    assert "No contact information" in tool.description("acme", "newreg", *to_ca, "-t", "accepted")
    assert "terms of service" in tool.description("acme", "newreg", "admin@example.org", *to_ca)
    account, = tool.output("acme", "newreg", "admin@example.org", *to_ca, "-t", "accepted")
    assert account["status"] == "valid" and account["contact"] == ["mailto:admin@example.org"]
    for command in ("validate", "agree"):
        assert tool.output("acme", command, account["id"], *to_ca)[0]["status"] == "valid"
    authorization, = tool.output("acme", "authz", account["id"], "a.example.org", *to_ca)
    assert (authorization["name"], authorization["status"]) == ("a.example.org", "pending")
    assert tool.output("acme", "delreg", account["id"], *to_ca)[0]["status"] == "deactivated"
    assert bed.store.json("accounts", account["id"], "account.json")["status"] == "deactivated"
    assert tool.description("acme", "authz", account["id"], "a.example.org", *to_ca)
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
        lambda: tool.run("-j", "cancel", domain.name).stdout, "the request is done", 10)
    number = next(entry["number"] for entry in tool.output("history", domain.name) if "rsa" in entry["cert"])
    tool.output("restore", domain.name, str(number))
    eventually(lambda: bed.serial(domain.name) == first, "the restored certificate is served", 10)
    assert not bed.store.damage()
