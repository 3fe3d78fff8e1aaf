# SPDX-License-Identifier: Apache-2.0
"""MDMessageCmd: which events come, in which order, and as which user."""

import datetime

import pytest
from cryptography.hazmat.primitives.asymmetric import ec

from testbed.bed import Domain, Layout
from testbed.fault_proxy import problem
from testbed.listener import Listener, users
from testbed.pki import pem
from testbed.processes import ORDINARY_USER
from testbed.waiting import eventually

DOMAIN = Domain("event.example.org", settings=("MDPrivateKeys P-256", "MDCAChallenges http-01"))
SPECS = ("p-256",)


@pytest.mark.parametrize("httpd_user", [pytest.param(None, id="as-is"),
                                        pytest.param(ORDINARY_USER, id="ordinary", marks=pytest.mark.root)])
def test_a_renewal_tells_its_story(make_bed, httpd_user):  # SE-14
    bed = make_bed(Layout(user=httpd_user))
    listener = Listener(bed)
    bed.serve(DOMAIN, options=[listener.option])
    bed.obtain(DOMAIN, specs=SPECS)
    eventually(lambda: "installed" in listener.events(), "the installed event")
    child, starter = users(httpd_user)
    assert listener.calls() == [
        (child, "renewing", DOMAIN.name), (child, f"challenge-setup:http-01:{DOMAIN.name}", DOMAIN.name),
        (child, "renewed", DOMAIN.name), (starter, "installed", DOMAIN.name)]


def test_each_certificate_is_announced_once(bed):  # SE-14
    listener = Listener(bed)
    bed.serve(DOMAIN, options=[listener.option])
    bed.obtain(DOMAIN, specs=SPECS)
    eventually(lambda: "installed" in listener.events(), "the installed event")
    bed.httpd.graceful()
    bed.httpd.restart()
    bed.wait_served(DOMAIN)
    assert listener.events().count("installed") == listener.events().count("renewed") == 1


def test_failure_is_told_once_an_hour(bed):
    listener = Listener(bed)
    bed.proxy.inject("new-order", problem(500, "serverInternal", "not today"), times=2)
    bed.serve(DOMAIN, options=[listener.option])
    bed.obtain(DOMAIN, specs=SPECS)
    assert listener.events().count("errored") == 1
    assert (users(None)[0], "errored", DOMAIN.name) in listener.calls()


@pytest.mark.ours  # Debian's says of the job that it is finished, and has no errors
def test_expiry_is_told_while_the_renewal_fails(bed):
    listener = Listener(bed)
    bed.proxy.inject("new-order", problem(500, "serverInternal", "not today"), times=None)
    bed.serve(DOMAIN, options=[listener.option, "MDRenewMode manual"])
    bed.httpd.stop()
    key = ec.generate_private_key(ec.SECP256R1())
    certificate = bed.authority.issue([DOMAIN.name], key.public_key(), lasts=datetime.timedelta(hours=1))
    for file, content in (("pubcert", pem(certificate)), ("privkey", pem(key))):
        path = bed.httpd.store / "domains" / DOMAIN.name / f"{file}.p-256.pem"
        path.write_bytes(content)
        path.chmod(0o600)
    bed.configure(DOMAIN, options=[listener.option])
    bed.httpd.start()
    eventually(lambda: bed.store.job(DOMAIN.name)["errors"] > 2, "it fails again and again")
    assert listener.events().count("expiring") == listener.events().count("errored") == 1
    assert not bed.store.job(DOMAIN.name)["finished"]


def test_a_command_that_fails_at_renewing_puts_the_attempt_off(bed):  # CH-22
    listener = Listener(bed, fails_for="renewing")
    bed.serve(DOMAIN, options=[listener.option])
    eventually(lambda: "renewing" in listener.events(), "the renewing event")
    eventually(lambda: "AH10109" in bed.httpd.log(), "the failure is logged")
    assert bed.proxy.count("new-order") == 0


def test_a_command_that_fails_at_challenge_setup_fails_the_attempt(bed):  # CH-21
    listener = Listener(bed, fails_for="challenge-setup")
    bed.serve(DOMAIN, options=[listener.option])
    eventually(lambda: bed.store.job(DOMAIN.name).get("errors"), "the attempt failed")
    assert "challenge-setup-failure" in bed.store.job(DOMAIN.name)["last"]["problem"]
    assert bed.proxy.count("challenge") == 0


@pytest.mark.parametrize("option, ah_id, entry, sentence", [
    pytest.param("MDNotifyCmd /nonexisting one", "AH10108", "notify-error",
                 "MDNotifyCmd /nonexisting one failed with exit code 255.", id="notify"),
    pytest.param("MDMessageCmd {fails_for_renewed} one", "AH10109", "message-error",
                 "MDMessageCmd {fails_for_renewed} one failed with exit code 3.", id="message")])
def test_C3_a_command_that_fails_counts_in_the_job(bed, option, ah_id, entry, sentence):
    script = bed.root / "command"
    script.write_text('#!/bin/sh\n[ "$2" != renewed ] || exit 3\n')
    script.chmod(0o755)
    option, sentence = (text.format(fails_for_renewed=script) for text in (option, sentence))
    bed.serve(DOMAIN, options=[option, *bed.wait_for_restart()])

    def failed():
        job = bed.store.job(DOMAIN.name)
        return job if job["errors"] else None
    job = eventually(failed, "it is counted")
    assert job["finished"] and not (ah_id == "AH10109" and job["notified-renewed"])
    assert job["errors"] == 1 and job["next-run"]
    assert job["last"]["status"] != 0
    assert job["last"]["problem"] == f"urn:org:apache:httpd:log:{ah_id}:"
    assert job["last"]["detail"] == sentence
    assert entry in [one["type"] for one in job["log"]["entries"]]
    assert ah_id in bed.httpd.log()
    first = job["next-run"]
    eventually(lambda: (again := bed.store.job(DOMAIN.name)).get("next-run", first) != first and again["errors"] == 1,
               "it is run again")


@pytest.mark.ours
def test_C3_errors_are_none_once_the_command_works(bed):
    said, script = bed.root / "notified", bed.root / "notify"
    said.touch()
    said.chmod(0o666)
    script.write_text(f'#!/bin/sh\necho run >> {said}\ntest $(wc -l < {said}) -gt 3\n')
    script.chmod(0o755)
    bed.serve(DOMAIN, options=[f"MDNotifyCmd {script}", *bed.wait_for_restart()])
    eventually(lambda: bed.store.job(DOMAIN.name)["errors"] == 1, "it is counted")
    job = eventually(lambda: (seen := bed.store.job(DOMAIN.name))["notified"] and seen, "it works")
    assert job["errors"] == 0 and "problem" not in job["last"] and "next-run" not in job
    assert bed.proxy.count("new-order") == 1


def test_a_notify_command_is_run_until_it_works(bed):  # SE-11 SE-15
    """Its words are split as httpd splits those of directives, what it writes is in the log, its exit code a number."""
    said, script = bed.root / "notified", bed.root / "notify"
    said.touch()
    said.chmod(0o666)
    script.write_text(f'#!/bin/sh\nprintf "%s|" "$@" >> {said}; id -un >> {said}\n'
                      f'test $(wc -l < {said}) -gt 2 && exit 0\necho "no mail today" >&2\nexit 7\n')
    script.chmod(0o755)
    bed.serve(DOMAIN, options=[f"MDNotifyCmd {script} one \"two words\""])
    eventually(lambda: len(said.read_text().splitlines()) == 3, "the third run")
    assert set(said.read_text().splitlines()) == {f"one|two words|{DOMAIN.name}|{users(None)[0]}"}
    assert "AH10108" in bed.httpd.log()
    assert "exit code 7: no mail today" in bed.httpd.log()
    job = eventually(lambda: (seen := bed.md_status(DOMAIN.name)["renewal"]).get("notified") and seen, "it is noted")
    assert job["finished"] and job.get("errors", 0) == 0


def test_commands_inherit_the_environment(bed, monkeypatch):  # SE-16
    monkeypatch.setenv("MD_E2E_INHERITED", "from the server")
    seen, script = bed.root / "environment", bed.root / "show"
    seen.touch()
    seen.chmod(0o666)
    script.write_text(f'#!/bin/sh\necho "$2 $MD_E2E_INHERITED" >> {seen}\n')
    script.chmod(0o755)
    bed.serve(DOMAIN, options=[f"MDMessageCmd {script} x"])
    bed.wait_served(DOMAIN)
    eventually(lambda: "installed" in seen.read_text(), "the installed event")
    assert {line.split(" ", 1)[1] for line in seen.read_text().splitlines()} == {"from the server"}
