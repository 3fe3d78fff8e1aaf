# SPDX-License-Identifier: Apache-2.0
"""Configurations that mod_md starts with: the server starts, says what is wrong, and all that is not touched works."""

import json
import re

import pytest

from testbed import tls
from testbed.bed import Domain
from testbed.httpd import DEBIAN_MOD_MD, module_under_test
from testbed.waiting import eventually

SETTINGS = ("MDPrivateKeys P-256", "MDCAChallenges http-01")
HEALTHY = Domain("healthy.example.org", settings=SETTINGS)


def plain_host(bed, name, *lines):
    return "\n".join([f"<VirtualHost 127.0.0.1:{bed.httpd.http_port}>", f"ServerName {name}", *lines, "</VirtualHost>"])


def tls_host(bed, *lines):
    return "\n".join([f"<VirtualHost 127.0.0.1:{bed.httpd.https_port}>", "SSLEngine on", *lines, "</VirtualHost>"])


def failed(bed, name):
    """The job of a renewal that has failed."""
    return eventually(lambda: (job := bed.md_status(name).get("renewal", {})).get("errors") and job, f"{name} fails")


def test_c1_a_plain_host_is_enough_for_auto(bed):
    name = "mail.example.org"
    bed.configure(options=[*SETTINGS, f"MDomain {name}", plain_host(bed, name)])
    bed.httpd.start()
    eventually(lambda: bed.store.has_set(name, ("p-256",)) or bed.store.has_set(name, ("p-256",), "staging"),
               "the certificate is there", 30)
    assert bed.md_status(name)["watched"] is True
    assert "AH10045" not in bed.httpd.log()


def test_c1_the_base_server_is_enough_for_auto(bed):
    name = "localhost"                           # its ServerName
    bed.configure(options=[*SETTINGS, "MDBaseServer on", f"MDomain {name}"])
    bed.httpd.start()
    eventually(lambda: bed.store.has_set(name, ("p-256",)) or bed.store.has_set(name, ("p-256",), "staging"),
               "the certificate is there", 30)
    assert bed.md_status(name)["watched"] is True


def test_c1_what_no_host_has_is_left_alone(bed):
    idle = "idle.example.org"
    bed.configure(HEALTHY, options=[f"MDomain {idle}"])
    bed.httpd.start()
    bed.wait_staged(HEALTHY, specs=("p-256",))
    assert f"AH10045: No VirtualHost matches Managed Domain {idle}" in bed.httpd.log()
    assert bed.md_status(idle)["watched"] is False
    assert not (bed.httpd.store / "staging" / idle).exists()


def test_b1_challenge_types_that_nobody_knows(bed):
    old = Domain("old.example.org", settings=("MDPrivateKeys P-256", "MDCAChallenges TLS-SNI-01 http-01"))
    gone = Domain("gone.example.org", settings=("MDCAChallenges tls-sni-01",))
    bed.serve(old, gone)
    bed.wait_staged(old, specs=("p-256",))
    job = failed(bed, gone.name)
    assert job["last"]["problem"] == "challenge-mismatch" and "tls-sni-01" in job["last"]["detail"]
    assert bed.md_status(old.name)["ca"]["challenges"] == ["tls-sni-01", "http-01"]
    stored = bed.store.json("domains", gone.name, "md.json")
    assert stored["ca"]["challenges"] == ["tls-sni-01"]
    assert "account" not in stored["ca"]
    assert tls.fetch(bed.httpd.https_port, gone.name).status == 503


@pytest.mark.ours
def test_b1_an_unknown_challenge_type_is_warned_of_at_the_start(bed):
    bed.configure(HEALTHY, options=["MDCAChallenges tls-sni-01 http-01", "MDRenewMode manual", "MDomain a.example.org"])
    assert bed.httpd.test_configuration()[0] == 0
    bed.httpd.start()
    warned = [line for line in bed.httpd.log().splitlines() if "MDCAChallenges 'tls-sni-01'" in line]
    assert warned and all("md:warn" in line for line in warned)


def test_b2_a_name_that_is_none_goes_to_the_ca(bed):
    bad = Domain("a.example.org", aliases=("inva!id.example.org",), settings=SETTINGS)
    bed.configure(HEALTHY, options=["<MDomain a.example.org Inva!id.example.org>", *SETTINGS, "</MDomain>",
                                    tls_host(bed, "ServerName a.example.org")])
    bed.httpd.start()
    bed.wait_staged(HEALTHY, specs=("p-256",))
    job = failed(bed, bad.name)
    assert job["last"]["problem"] == "urn:ietf:params:acme:error:malformed"
    assert job["last"]["detail"].startswith("Order included DNS identifier with a value containing an illegal character")
    assert bed.md_status(bad.name)["domains"] == list(bad.names)
    assert tls.fetch(bed.httpd.https_port, bad.name).status == 503


def test_b2_a_managed_domain_may_have_nothing_but_a_name_that_is_none(bed):
    word = "inva!id.example.org"
    bed.configure(HEALTHY, options=[*SETTINGS, f"MDomain {word}", tls_host(bed, f"ServerName {word}")])
    bed.httpd.start()
    bed.wait_staged(HEALTHY, specs=("p-256",))
    assert failed(bed, word)["last"]["problem"] == "urn:ietf:params:acme:error:malformed"
    assert bed.store.json("domains", word, "md.json")["domains"] == [word]
    assert "Fallback" in tls.fetch(bed.httpd.https_port, "localhost").certificate.subject.rfc4514_string()


@pytest.mark.ours
@pytest.mark.parametrize("word", ["../x", "a/b", "..", ".account-0123456789abcdef", "-bad.example.org", "*.*.org", "ä.org",
                                  "%n%s", "a%2fb"])
def test_b2_no_name_is_a_path(bed, word):
    bed.configure(HEALTHY, options=["MDRenewMode always", *SETTINGS, f"MDomain {word}"])
    before = set(bed.httpd.root.iterdir()) | {bed.httpd.store}
    bed.httpd.start()
    bed.wait_served(HEALTHY)
    bad = next(md for md in bed.md_status()["managed-domains"] if md["name"] != HEALTHY.name)
    assert bad["domains"] == [word]
    folders = {path.name for path in (bed.httpd.store / "domains").iterdir()}
    assert folders == {HEALTHY.name, bad["name"]} and "/" not in bad["name"] and not bad["name"].startswith(".")
    assert set(bed.httpd.root.iterdir()) == before
    eventually(lambda: bed.store.job(bad["name"]).get("errors"), "the CA refuses it")
    assert "is not a DNS name" in bed.httpd.log()
    bed.httpd.restart()
    bed.wait_served(HEALTHY)


@pytest.mark.ours
def test_b2_words_that_are_empty_count_for_nothing(bed):
    domain = Domain("a.example.org", settings=SETTINGS)
    bed.configure(options=['<MDomain "" a.example.org "">', *SETTINGS, 'MDMember ""', "</MDomain>",
                           tls_host(bed, "ServerName a.example.org")])
    bed.httpd.start()
    bed.wait_served(domain)
    assert bed.md_status(domain.name)["domains"] == list(domain.names)


def test_the_first_word_of_a_section_is_a_name_whatever_it_is(bed):
    bed.configure(options=["MDRenewMode manual", "<MDomain auto>", "MDMember a.example.org", "</MDomain>",
                           "<MDomain manual b.example.org>", "</MDomain>", "MDomain c.example.org manual",
                           tls_host(bed, "ServerName a.example.org")])
    bed.httpd.start()
    assert {md["name"]: (md["domains"], md["transitive"]) for md in bed.md_status()["managed-domains"]} == {
        "auto": (["auto", "a.example.org"], 1), "manual": (["manual", "b.example.org"], 1),
        "c.example.org": (["c.example.org"], 0)}


def starts_with_names(bed, *options):
    bed.httpd.configure((), ["MDRenewMode manual", *options])
    bed.httpd.start()
    found = {md["name"]: md["domains"] for md in bed.md_status()["managed-domains"]}
    bed.httpd.stop()
    return found


def test_a_wildcard_may_come_after_a_name_that_it_covers(bed):
    pair = ["MDomain x.org b.a.org", "MDomain y.org *.a.org"]
    hosts = [tls_host(bed, "ServerName x.org", "ServerAlias b.a.org"), tls_host(bed, "ServerName c.a.org")]
    expected = {"x.org": ["x.org", "b.a.org"], "y.org": ["y.org", "*.a.org"]}
    assert starts_with_names(bed, *pair) == expected
    assert starts_with_names(bed, *pair, *hosts) == expected
    bed.httpd.configure((), [*reversed(pair)])
    bed.httpd.launch()
    eventually(lambda: not bed.httpd.is_running(), "httpd refuses to start")
    assert "AH10038" in bed.httpd.log() + bed.httpd.stderr()


def test_domains_may_share_names_where_hosts_are_matched_by_server_name(bed):
    pair = ["MDMatchNames servernames", "MDomain a.org b.org", "MDomain c.org b.org"]
    hosts = [tls_host(bed, "ServerName a.org", "ServerAlias b.org"), tls_host(bed, "ServerName c.org")]
    assert starts_with_names(bed, *pair, *hosts) == {"a.org": ["a.org", "b.org"], "c.org": ["c.org", "b.org"]}


@pytest.mark.parametrize("line,written", [("MDPrivateKeys Default", {"type": "Default"}), ("", None),
                                          ("MDPrivateKeys RSA 2048", {"type": "RSA", "bits": 2048})])
def test_d2_default_keys_that_are_written_are_told(bed, line, written):
    starts_with_names(bed, line, "MDomain a.org")
    assert bed.store.json("domains/a.org/md.json").get("privkey") == written
    bed.httpd.start()
    assert bed.md_status("a.org").get("privkey") == written
    assert bed.md_status("a.org")["proto"] == {"acme-tls/1": []}


# Lines of the main server, what the log says of them, and a part of what status says of a domain that cannot have its
# certificate.
TAKEN = {
    "an unknown curve": (["MDPrivateKeys nocurve"], "MDPrivateKeys 'nocurve'", "nocurve"),
    "a curve that is a path": (["MDPrivateKeys ../x"], "MDPrivateKeys '../x'", "../x"),
    "an RSA size too large": (["MDPrivateKeys RSA 20480"], "MDPrivateKeys 'RSA 20480'", "20480"),
    "a share above all": (["MDStaplingKeepResponse 200%"], None, None),
    "an answer kept for less than nothing": (["MDStaplingKeepResponse -7d"], "MDStaplingKeepResponse is", None),
    "a delay of less than nothing": (["MDActivationDelay -7d"], "MDActivationDelay is", None),
    "a window of less than nothing": (["MDRenewWindow -1d"], "MDRenewWindow -1d", None),
    "a window that is longer than life": (["MDRenewWindow 99999999d"], None, None),
    "commands without a word": (["MDNotifyCmd", "MDMessageCmd", "MDChallengeDns01", 'MDNotifyCmd ""'], None, None),
    "challenges without a word": (["MDCAChallenges"], None, None),
    "numbers with something behind": (["MDRetryFailover 5abc", "MDRetryDelay 1sx"], None, None),
}


@pytest.mark.ours
@pytest.mark.parametrize("what", TAKEN)
def test_b3_settings_without_sense_stop_nobody(bed, what):
    lines, said, detail = TAKEN[what]
    faulty = Domain("faulty.example.org")
    bed.configure(HEALTHY, faulty, options=lines)
    assert bed.httpd.test_configuration()[0] == 0
    bed.httpd.start()
    bed.wait_served(HEALTHY)
    assert said is None or said in bed.httpd.log()
    if detail:
        assert detail in failed(bed, faulty.name)["last"]["detail"]
        assert tls.fetch(bed.httpd.https_port, faulty.name).status == 503
    else:
        bed.wait_served(faulty)


@pytest.mark.ours
def test_b3_a_ca_that_is_a_mailbox(bed):
    faulty = Domain("faulty.example.org", settings=("MDCertificateAuthority mailto:x@y.example.org",))
    bed.serve(HEALTHY, faulty)
    bed.wait_served(HEALTHY)
    assert "cannot have certificates from mailto:x@y.example.org" in bed.httpd.log()
    assert "mailto:" in str(failed(bed, faulty.name)["last"])


def contacts_with(bed, *options):
    bed.httpd.configure((), ["MDRenewMode manual", "MDomain a.example.org b.example.org", *options])
    bed.httpd.start()
    contacts = bed.store.json("domains/a.example.org/md.json")["contacts"]
    bed.httpd.stop()
    return contacts


def test_d3a_the_main_servers_admin_goes_first_then_the_last_host(bed):
    first = plain_host(bed, "a.example.org", "ServerAdmin first@v.example.org")
    last = plain_host(bed, "b.example.org", "ServerAdmin last@v.example.org")
    silent = plain_host(bed, "b.example.org")
    main = "ServerAdmin main@m.example.org"
    assert contacts_with(bed, main, first, last) == ["mailto:main@m.example.org"]
    assert contacts_with(bed, first, last) == ["mailto:last@v.example.org"]
    assert contacts_with(bed, first, silent) == ["mailto:first@v.example.org"]
    assert contacts_with(bed, "MDContactEmail me@m.example.org", main, first) == ["mailto:me@m.example.org"]


def test_d3b_a_contact_stays_when_the_configuration_names_none_any_more(bed):
    main = "ServerAdmin main@m.example.org"
    assert contacts_with(bed, main) == ["mailto:main@m.example.org"]
    assert contacts_with(bed) == ["mailto:main@m.example.org"]
    assert contacts_with(bed) == ["mailto:main@m.example.org"]
    assert contacts_with(bed, "ServerAdmin other@m.example.org") == ["mailto:other@m.example.org"]


def test_d3b_contacts_that_a_tool_wrote_stay(bed):
    contacts_with(bed)
    document = bed.store.json("domains/a.example.org/md.json")
    document["contacts"] = ["mailto:one@m.example.org", "mailto:two@m.example.org"]
    (bed.httpd.store / "domains/a.example.org/md.json").write_text(json.dumps(document))
    assert contacts_with(bed) == document["contacts"]
    assert contacts_with(bed, "MDStapling on") == document["contacts"]
    assert contacts_with(bed, "MDContactEmail me@m.example.org") == ["mailto:me@m.example.org"]


@pytest.mark.ours
def test_d3b_the_ca_is_told_the_contact_that_stayed(bed):
    contacts_with(bed, "ServerAdmin main@m.org")
    domain = Domain("a.example.org", settings=SETTINGS)
    bed.httpd.configure([domain], [line for line in bed.ca_options() if "MDContactEmail" not in line])
    bed.httpd.start()
    bed.wait_served(domain)
    account = bed.store.json("accounts", bed.store.accounts()[0], "account.json")
    assert account["contact"] == ["mailto:main@m.org"]
    assert bed.store.json("domains/a.example.org/md.json")["contacts"] == ["mailto:main@m.org"]


@pytest.mark.ours
def test_a16_no_contact_is_noted_before_an_account_is_made_without_one(bed):
    bed.httpd.configure([HEALTHY], [line for line in bed.ca_options() if "MDContactEmail" not in line])
    bed.httpd.start()
    bed.wait_served(HEALTHY)
    said = [line for line in bed.httpd.log().splitlines() if f"No contact information is available for MD {HEALTHY.name}." in line]
    assert said and all("md:info" in line and "MDContactEmail or ServerAdmin" in line for line in said)
    account = bed.store.json("accounts", bed.store.accounts()[0], "account.json")
    assert not account.get("contact") and "contact" not in account.get("registration", {})


@pytest.mark.ours
def test_reports_2_a_placeholder_is_no_contact(bed):
    bed.httpd.configure([HEALTHY], [line for line in bed.ca_options() if "MDContactEmail" not in line]
                        + ["ServerAdmin webmaster@localhost"])
    bed.httpd.start()
    bed.wait_served(HEALTHY)
    account = bed.store.json("accounts", bed.store.accounts()[0], "account.json")
    assert "contact" not in account.get("registration", {})


@pytest.mark.ours
def test_reports_13_a_name_that_httpd_filled_in_never_joins(bed):
    bed.configure(options=[*SETTINGS, "MDRenewMode manual", "MDomain a.example.org",
                           tls_host(bed, "ServerAlias a.example.org www.a.example.org"),
                           tls_host(bed, "ServerName a.example.org", "ServerAlias said.example.org"),
                           "MDomain b.example.org", tls_host(bed, "MDStapling off", "ServerAlias b.example.org")])
    bed.httpd.start()
    names = bed.md_status("a.example.org")["domains"]
    assert sorted(names) == ["a.example.org", "said.example.org", "www.a.example.org"]
    assert bed.md_status("b.example.org")["domains"] == ["b.example.org"]


NOTICE = "this store was another mod_md's"


@pytest.mark.ours
def test_l_one_notice_on_a_store_of_another_module(bed):
    bed.use_module(DEBIAN_MOD_MD)
    options = ["MDNotifyCmd /bin/true", "MDRenewMode manual"]
    bed.configure(HEALTHY, options=options)
    bed.httpd.start()
    bed.httpd.stop()
    bed.use_module(module_under_test())
    bed.configure(HEALTHY, options=options)
    mark = bed.httpd.mark()
    bed.httpd.start()
    bed.httpd.graceful()
    bed.httpd.restart()
    said = [line for line in bed.httpd.log_since(mark).splitlines() if NOTICE in line]
    assert len(said) == 1 and "MDLiveActivation off" in said[0] and re.search(r"\bmd:notice\b", said[0])


@pytest.mark.ours
@pytest.mark.parametrize("options", [[], ["MDMessageCmd /bin/true", "MDLiveActivation on"],
                                     ["MDMessageCmd /bin/true", "MDLiveActivation off"]])
def test_l_no_notice_where_nothing_relies_on_the_reload_or_it_is_configured(bed, options):
    bed.use_module(DEBIAN_MOD_MD)
    bed.configure(HEALTHY, options=["MDRenewMode manual"])
    bed.httpd.start()
    bed.httpd.stop()
    bed.use_module(module_under_test())
    bed.configure(HEALTHY, options=["MDRenewMode manual", *options])
    bed.httpd.start()
    assert NOTICE not in bed.httpd.log()


@pytest.mark.ours
def test_l_no_notice_on_a_store_of_ours(bed):
    bed.configure(HEALTHY, options=["MDNotifyCmd /bin/true", "MDRenewMode manual"])
    bed.httpd.start()
    bed.httpd.restart()
    assert NOTICE not in bed.httpd.log()
