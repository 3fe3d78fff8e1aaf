# SPDX-License-Identifier: Apache-2.0
"""dns-01: the administrator's command brings records into the DNS and takes them away again, with pebble-challtestsrv
and with BIND 9."""

import threading
from collections import Counter

import pytest

from testbed.bed import Domain
from testbed.dns import Bind, DnsCommand
from testbed.fault_proxy import hold
from testbed.tls import names_in
from testbed.waiting import eventually

pytestmark = pytest.mark.ours
SETTINGS = ("MDPrivateKeys P-256", "MDCAChallenges dns-01")
WILD = Domain("wild.example.org", ("*.wild.example.org", "covered.wild.example.org"), settings=SETTINGS)
TXT = f"_acme-challenge.{WILD.name}"


@pytest.fixture
def bind():
    bind = Bind().start()
    yield bind
    bind.stop()


@pytest.fixture
def bed(make_bed, bind):
    """A CA that asks BIND."""
    return make_bed(dns_server=bind.address)


def failed_job(bed, domain):
    def has_failed():
        job = bed.store.job(domain.name)
        return job if job.get("errors", 0) > 0 and job.get("next-run") else None
    return eventually(has_failed, f"{domain.name} has failed")


def held_validation(bed):
    """A gate: until it opens, the CA is not told of any challenge that is set up."""
    gate = threading.Event()
    bed.proxy.inject("challenge", hold(gate), times=None)
    return gate


def wait_served_wild(bed):
    eventually(lambda: bed.fetch(f"any.{WILD.name}").status == 200, "the wildcard is served")


def assert_each_is_torn_down_once(command):
    """With version 2, by which calls can be told apart. One that is taken up again may be set up twice."""
    torn_down = Counter(call[1:] for call in command.calls("teardown"))
    assert set(torn_down) == {call[1:] for call in command.calls("setup")}
    assert set(torn_down.values()) == {1}, torn_down


def test_each_domain_has_its_command(make_bed):
    """CH-17, CH-20: one for all, of version 1, and one of a domain's own, with words of its own, of version 2; also
    after a restart."""
    bed = make_bed()
    for_all = DnsCommand.for_challtestsrv(bed.root / "for-all", bed.pebble)
    own = DnsCommand.for_challtestsrv(bed.root / "its-own", bed.pebble, own_words=2)
    first = Domain("first.example.org", settings=SETTINGS)
    second = Domain("second.example.org", settings=(
        *SETTINGS, f"MDChallengeDns01 {own.path} --zone 'example.org'", "MDChallengeDns01Version 2"))
    options = [f"MDChallengeDns01 {for_all.path}"]
    gate = held_validation(bed)
    bed.serve(first, second, options=options)
    eventually(lambda: for_all.calls("setup") and own.calls("setup"), "both are set up")
    bed.httpd.restart()
    gate.set()
    bed.wait_served(first, second)
    ((_, name, digest), *_) = for_all.calls("setup")
    assert (name, len(digest)) == (first.name, 43)
    assert for_all.calls("teardown") == [("teardown", first.name)]
    ((*words, action, name, digest), *_) = own.calls("setup")
    assert (words, action, name, len(digest)) == (["--zone", "example.org"], "setup", second.name, 43)
    assert own.calls("teardown") == [(*words, "teardown", second.name, digest)]
    kept = {name: bed.store.json("domains", name, "md.json")["cmd-dns-01"] for name in (first.name, second.name)}
    assert kept == {first.name: str(for_all.path), second.name: f"{own.path} --zone example.org"}


@pytest.mark.parametrize("version", [1, 2])
def test_apex_and_wildcard_at_once(bed, bind, version):
    """AC-29, CH-18, CH-19: in a real zone, beside a record that another has left there."""
    command = DnsCommand.for_bind(bed.root / "nsupdate", bind)
    bind.update(f"update add {TXT}. 1 TXT left-by-another")
    gate = held_validation(bed)
    bed.serve(WILD, options=[f"MDChallengeDns01 {command.path}", f"MDChallengeDns01Version {version}"])
    records = eventually(lambda: len(bind.look_up(TXT)) == 3 and bind.look_up(TXT), "both values are there")
    gate.set()
    wait_served_wild(bed)
    assert names_in(bed.store.chain(WILD.name, spec="p-256")[0]) == {WILD.name, f"*.{WILD.name}"}
    digests = {digest for _, _, digest in command.calls("setup")}
    assert set(records) == digests | {"left-by-another"}
    assert {name for _, name, _ in command.calls("setup")} == {WILD.name}
    if version == 1:
        assert command.calls("teardown") == [("teardown", WILD.name)] * 2
        assert bind.look_up(TXT) == []
    else:
        assert_each_is_torn_down_once(command)
        assert bind.look_up(TXT) == ["left-by-another"]
    assert bed.pebble.orders() == 1


def test_a_name_server_that_refuses(bed, bind):
    """CH-18: the wrong TSIG key. What nsupdate says is reported, the CA is not told to look, other domains go on."""
    command = DnsCommand(bed.root / "nsupdate", bind.update_work(key=bind.make_key("wrong")))
    right = DnsCommand.for_bind(bed.root / "right", bind)
    other = Domain("other.example.org", settings=(*SETTINGS, f"MDChallengeDns01 {right.path}"))
    domain = Domain("refused.example.org", settings=SETTINGS)
    bed.serve(domain, other, options=[f"MDChallengeDns01 {command.path}", "MDChallengeDns01Version 2"])
    bed.wait_served(other)
    detail = failed_job(bed, domain)["last"]["detail"]
    assert "BADSIG" in detail and f"{command.path} setup {domain.name}" in detail, detail
    assert bed.proxy.count("challenge") == len(right.calls("setup")) == 1
    command.changes(bind.update_work())
    bed.wait_served(domain)
    assert bind.look_up(f"_acme-challenge.{domain.name}") == []
    assert bed.store.damage() == []


def test_a_record_that_does_not_come(bed, bind):
    """CH-18: the command says that all is well, and the CA does not find it: its words are reported, what was set up is
    torn down, and the next attempt has a new order."""
    command = DnsCommand(bed.root / "nsupdate", "pass\n")
    domain = Domain("slow.example.org", settings=SETTINGS)
    bind.update(f"update add _acme-challenge.{domain.name}. 1 TXT of-an-earlier-order")
    bed.serve(domain, options=[f"MDChallengeDns01 {command.path}", "MDChallengeDns01Version 2"])
    last = failed_job(bed, domain)["last"]
    assert (last["problem"], last["detail"]) == ("urn:ietf:params:acme:error:unauthorized",
                                                 "Correct value not found for DNS challenge")
    assert f"the CA did not validate {domain.name} by dns-01: {last['detail']}" in bed.httpd.log()
    assert command.calls("setup") and command.calls("teardown")
    command.changes(bind.update_work())
    bed.wait_served(domain)
    assert_each_is_torn_down_once(command)
    assert bind.look_up(f"_acme-challenge.{domain.name}") == ["of-an-earlier-order"]
    assert bed.pebble.orders() == len(command.calls("teardown"))


def test_kill_9_between_set_up_and_validation(bed, bind):
    """CH-18: what the dead process has set up, the next one takes away, once."""
    command = DnsCommand.for_bind(bed.root / "nsupdate", bind)
    gate = held_validation(bed)
    bed.serve(WILD, options=[f"MDChallengeDns01 {command.path}", "MDChallengeDns01Version 2"])
    eventually(lambda: len(bind.look_up(TXT)) == 2, "both values are there")
    bed.httpd.kill()
    gate.set()
    assert command.calls("teardown") == []
    bed.httpd.start()
    wait_served_wild(bed)
    eventually(lambda: bind.look_up(TXT) == [], "nothing is left in the zone")
    assert_each_is_torn_down_once(command)
    assert bed.pebble.orders() == 1
