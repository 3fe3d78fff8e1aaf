# SPDX-License-Identifier: Apache-2.0
"""Situations in which no certificate comes: the CA, the challenges or a command fails at some step."""

import json
import threading
from dataclasses import replace

from situations_life import NAME, collector
from testbed.bed import Domain
from testbed.fault_proxy import Reply, answer, certificate_of_another_name, drop, hold, problem

A = Domain(NAME)
SITUATIONS = []
situation = collector(SITUATIONS)


# -- at each step, in the CA's words

PROBLEMS = {
    "serverInternal": problem(500, "serverInternal", "The CA is not well today"),
    "unauthorized": problem(403, "unauthorized", "The CA does not want you"),
    "rateLimited": problem(429, "rateLimited", "too many of everything: see https://ca.example/limits", Retry_After="7200"),
    "malformed": problem(400, "malformed", "The request made no sense"),
    "html-502": answer(502, b"<html><body>Bad Gateway</body></html>"),
    "not-json": answer(200, b"I am not the CA you look for", "text/plain"),
    "dropped": drop,
}
STEPS = {
    "directory": ("serverInternal", "rateLimited", "html-502", "not-json"),
    "new-account": ("serverInternal", "unauthorized", "rateLimited"),
    "new-order": ("serverInternal", "unauthorized", "rateLimited", "malformed", "html-502", "not-json", "dropped"),
    "challenge": ("serverInternal", "unauthorized"),
    "finalize": ("serverInternal", "unauthorized"),
    "order": ("serverInternal",),
}
# Where Debian's module goes on asking for minutes, the CA is well again after one such answer.
ONCE = {"new-nonce": ("serverInternal",), "authorization": ("serverInternal",), "certificate": ("serverInternal",)}


def fail_at(endpoint, action):
    def bring_about(life):
        life.at_the_ca(endpoint, action)
        life.serve(A)
        life.wait_failed()
    return bring_about


for step, kinds in STEPS.items():
    for kind in kinds:
        situation(f"failed/{step}-{kind}")(fail_at(step, PROBLEMS[kind]))

def ill_once(endpoint, action):
    def bring_about(life):
        life.at_the_ca(endpoint, action, times=1)
        life.serve(A, MDRetryDelay="5s")
        life.wait_staged_and_told()
    return bring_about


for step, kinds in ONCE.items():
    for kind in kinds:
        situation(f"once/{step}-{kind}")(ill_once(step, PROBLEMS[kind]))

OWN_WORDS = {
    "new-account": ("invalidContact", "userActionRequired", "externalAccountRequired"),
    "new-order": ("rejectedIdentifier", "accountDoesNotExist"),
    "finalize": ("badCSR",),
}
for step, kinds in OWN_WORDS.items():
    for kind in kinds:
        situation(f"failed/{step}-{kind}")(fail_at(step, problem(400, kind, f"CA's own words about {kind}, at length")))


def with_subproblems(exchange, reply):
    urn = "urn:ietf:params:acme:error:"
    parts = [{"type": urn + "rejectedIdentifier", "detail": f"No {name} here", "identifier": {"type": "dns", "value": name}}
             for name in A.names]
    body = {"type": urn + "malformed", "detail": "Some of the identifiers requested were rejected", "status": 403,
            "subproblems": parts}
    return Reply(403, (("Content-Type", "application/problem+json"),), json.dumps(body).encode())


situation("failed/new-order-subproblems")(fail_at("new-order", with_subproblems))


# -- replies of the CA that are changed on the way

def changed(**members):
    """The CA's document, with other members."""
    def change(exchange, reply):
        return replace(reply, body=json.dumps({**json.loads(reply.body), **members}).encode())
    return change


INVALID = {"type": "urn:ietf:params:acme:error:unauthorized", "detail": "The answer was not the right one", "status": 403}


@situation("failed/order-invalid")
def order_invalid(life):
    life.at_the_ca("order", changed(status="invalid", error=INVALID), before=False)
    life.serve(A)
    life.wait_failed()


@situation("failed/authorization-invalid")
def authorization_invalid(life):
    life.at_the_ca("authorization", changed(status="invalid", challenges=[
        {"type": "http-01", "status": "invalid", "url": "https://localhost/chalZ/x", "token": "x", "error": INVALID}]), before=False)
    life.serve(A)
    life.wait_failed()


@situation("failed/authorization-without-challenges")
def authorization_without_challenges(life):
    life.at_the_ca("authorization", changed(challenges=[]), before=False)
    life.serve(A)
    life.wait_failed()


@situation("failed/directory-incomplete")
def directory_incomplete(life):
    life.at_the_ca("directory", answer(200, b'{"newNonce": "https://localhost/nonce"}', "application/json"))
    life.serve(A)
    life.wait_failed()


@situation("failed/directory-version-1")
def directory_version_1(life):
    life.at_the_ca("directory", answer(200, b'{"new-authz": "https://localhost/a", "new-cert": "https://localhost/c", '
                                            b'"new-reg": "https://localhost/r", "revoke-cert": "https://localhost/v"}', "application/json"))
    life.serve(A)
    life.wait_failed()


@situation("failed/certificate-of-another-name")
def another_name(life):
    life.at_the_ca("certificate", certificate_of_another_name(life.proxy, life.bed.authority), before=False)
    life.serve(A)
    life.wait_failed()


# -- a CA that is not there

@situation("ca/closed-port")
def closed_port(life):
    life.serve(A, MDCertificateAuthority=f"https://localhost:{life.closed_port()}/dir")
    life.wait_failed()


@situation("ca/no-such-host")
def no_such_host(life):
    life.serve(A, MDCertificateAuthority="https://ca.invalid/dir")
    life.wait_failed()


@situation("ca/not-trusted")
def not_trusted(life):
    life.serve(A, MDCACertificateFile=None)
    life.wait_failed()


@situation("ca/silent")
def silent(life):
    gate = life.until_closed(threading.Event())
    life.at_the_ca("directory", hold(gate))
    life.serve(A)
    life.wait_asked("directory")


@situation("ca/away-for-maintenance")
def maintenance(life):
    life.at_the_ca("any", answer(503, b"maintenance", Retry_After="120"))
    life.serve(A)
    life.wait_failed()


@situation("ca/comes-back")
def comes_back(life):
    life.at_the_ca("new-order", problem(500, "serverInternal", "not yet"), times=1)
    life.serve(A, MDRetryDelay="1s")
    life.wait_staged_and_told()


@situation("ca/second-of-two")
def second_of_two(life):
    life.serve(A, MDCertificateAuthority=f"https://localhost:{life.closed_port()}/dir {life.proxy.url}", MDRetryDelay="1s",
               MDRetryFailover="1")
    life.wait_staged_and_told()


@situation("ca/bad-nonce")
def bad_nonce(life):
    life.at_the_ca("new-order", problem(400, "badNonce", "that nonce is old"), times=2)
    life.serve(A)
    life.wait_staged_and_told()


@situation("ca/unknown-name-blocked", config={"domainBlocklist": ["blocked.example.org"]})
def blocked(life):
    life.serve(Domain("blocked.example.org"))
    life.wait_failed("blocked.example.org")


# -- accounts

@situation("account/terms-not-agreed")
def terms_not_agreed(life):
    life.serve(A, MDCertificateAgreement=None)
    life.wait_failed()


@situation("account/terms-of-another-ca-agreed")
def terms_of_another_ca(life):
    life.serve(A, MDCertificateAgreement="https://ca.example.org/terms-of-2016")
    life.wait_staged_and_told()


@situation("account/contact-by-server-admin")
def contact_by_server_admin(life):
    life.serve(A, MDContactEmail=None, ServerAdmin="root@example.org")
    life.wait_staged_and_told()


HMAC = "MTExMTExMTExMTExMTExMTExMTExMTExMTExMTExMTE"
WITH_EAB = {"externalAccountBindingRequired": True, "externalAccountMACKeys": {"kid-1": HMAC}}


@situation("account/eab-missing", config=WITH_EAB)
def eab_missing(life):
    life.serve(A)
    life.wait_failed()


@situation("account/eab-unknown", config=WITH_EAB)
def eab_unknown(life):
    life.serve(A, MDExternalAccountBinding=f"kid-2 {HMAC}")
    life.wait_failed()


@situation("account/eab-wrong-key", config=WITH_EAB)
def eab_wrong_key(life):
    life.serve(A, MDExternalAccountBinding=f"kid-1 {HMAC[::-1]}")
    life.wait_failed()


@situation("account/eab-good", config=WITH_EAB)
def eab_good(life):
    life.serve(A, MDExternalAccountBinding=f"kid-1 {HMAC}")
    life.wait_staged_and_told()


def renewed_with(life, endpoint, action):
    """A name is added to a domain that has a certificate, while the CA does this to its account."""
    life.serve(A)
    life.obtain()
    life.at_the_ca(endpoint, action, times=1)
    life.again(A.grown("www.a.example.org"))
    life.wait(lambda: life.job().get("finished") or life.job().get("errors"), "the renewal ends")


@situation("account/lost-at-the-ca")
def account_lost(life):
    renewed_with(life, "account", problem(400, "accountDoesNotExist", "no such account"))


@situation("account/lost-when-ordering")
def account_lost_when_ordering(life):
    renewed_with(life, "new-order", problem(400, "accountDoesNotExist", "no such account"))


@situation("account/deactivated")
def account_deactivated(life):
    renewed_with(life, "account", problem(401, "unauthorized", "the account was deactivated"))


# -- profiles

@situation("profile/missing-mandatory")
def profile_missing_mandatory(life):
    life.serve(A, MDProfile="XXX", MDProfileMandatory="on")
    life.wait_failed()


@situation("profile/missing")
def profile_missing(life):
    life.serve(A, MDProfile="XXX")
    life.wait_staged_and_told()


def offering(**profiles):
    def offer(exchange, reply):
        directory = json.loads(reply.body)
        directory["meta"]["profiles"] = profiles
        return replace(reply, body=json.dumps(directory).encode())
    return offer


@situation("profile/offered")
def profile_offered(life):
    life.at_the_ca("directory", offering(shortlived="six days", classic="as ever"), before=False)
    life.serve(A, MDProfile="ShortLived", MDProfileMandatory="on")
    life.wait_staged_and_told()


# -- challenges

@situation("challenge/unknown-kind")
def challenge_unknown(life):
    life.serve(A, MDCAChallenges="tls-sni-01")
    life.wait_failed()


@situation("challenge/old-kind-and-http")
def challenge_old_and_http(life):
    life.serve(A, MDCAChallenges="tls-sni-01 http-01")
    life.wait_staged_and_told()


@situation("challenge/alpn-not-in-protocols")
def alpn_not_in_protocols(life):
    life.serve(Domain(NAME, protocols="http/1.1"), MDCAChallenges="tls-alpn-01")
    life.wait_failed()


@situation("challenge/alpn")
def alpn(life):
    life.serve(A, MDCAChallenges="tls-alpn-01")
    life.wait_staged_and_told()


@situation("challenge/nobody-answers", config={"httpPort": 1, "tlsPort": 1})
def nobody_answers(life):
    life.serve(A)
    life.wait_failed()


@situation("challenge/answer-spoilt-by-command")
def answer_spoilt(life):
    spoil = life.file("spoil", f'#!/bin/sh\ncase "$1" in challenge-setup:http-01:*) '
                               f'echo wrong > {life.store.path}/challenges/$2/acme-http-01.txt;; esac\nexit 0\n', 0o755)
    life.serve(A, MDCAChallenges="http-01", MDMessageCmd=spoil)
    life.wait_failed()


@situation("challenge/dns-without-command")
def dns_without_command(life):
    life.serve(A, MDCAChallenges="dns-01")
    life.wait_failed()


@situation("challenge/dns-command-fails")
def dns_command_fails(life):
    life.serve(A, MDCAChallenges="dns-01", MDChallengeDns01=life.command("dns", fails_for="a.", code=3))
    life.wait_failed()


@situation("challenge/dns-command-missing")
def dns_command_missing(life):
    life.serve(A, MDCAChallenges="dns-01", MDChallengeDns01="/nonexisting/dns")
    life.wait_failed()


@situation("challenge/dns-sets-nothing")
def dns_sets_nothing(life):
    life.serve(A, MDCAChallenges="dns-01", MDChallengeDns01=life.command("dns"))
    life.wait_failed()


def dns_command(life):
    return life.file("dns", "#!/usr/bin/python3\nimport json, sys, urllib.request\n"
                            "record = {'host': f'_acme-challenge.{sys.argv[2]}.'}\n"
                            "if sys.argv[1] == 'setup':\n    record['value'] = sys.argv[3]\n"
                            "path = '/set-txt' if sys.argv[1] == 'setup' else '/clear-txt'\n"
                            f"urllib.request.urlopen('{life.bed.pebble.dns_management_url}' + path, json.dumps(record).encode())\n", 0o755)


@situation("challenge/dns")
def dns(life):
    life.serve(A, MDCAChallenges="dns-01", MDChallengeDns01=dns_command(life))
    life.wait_staged_and_told()


@situation("challenge/wildcard")
def wildcard(life):
    life.serve(Domain(NAME, ("*.a.example.org",)), MDChallengeDns01=dns_command(life))
    life.wait_staged_and_told()


@situation("challenge/wildcard-without-dns")
def wildcard_without_dns(life):
    life.serve(Domain(NAME, ("*.a.example.org",)))
    life.wait_failed()


# -- commands that fail

@situation("command/fails-at-renewing")
def fails_at_renewing(life):
    life.listen("renewing")
    life.serve(A)
    life.wait_logged("AH10060")


@situation("command/fails-at-challenge-setup")
def fails_at_challenge_setup(life):
    life.listen("challenge-setup")
    life.serve(A)
    life.wait_failed()


@situation("command/fails-at-renewed")
def fails_at_renewed(life):
    life.listen("renewed")
    life.serve(A)
    life.wait_event("argument renewed")
    life.wait_failed()


@situation("command/fails-at-installed")
def fails_at_installed(life):
    life.listen("installed")
    life.serve(A)
    life.obtain()


@situation("command/fails-at-expiring")
def fails_at_expiring(life):
    life.own_set(NAME, days=2)
    life.listen("expiring")
    life.serve(A, MDRenewMode="manual")
    life.wait_event("argument expiring")
    life.wait_failed()


@situation("command/fails-at-errored")
def fails_at_errored(life):
    life.listen("errored")
    life.at_the_ca("new-order", problem(500, "serverInternal", "not today"))
    life.serve(A)
    life.wait_event("argument errored")
    life.wait_failed()


@situation("command/missing")
def command_missing(life):
    life.serve(A, MDMessageCmd="/nonexisting/command")
    life.wait_logged("AH10060")


@situation("command/notify-missing")
def notify_missing(life):
    life.serve(A, MDNotifyCmd="/nonexisting/notify")
    life.wait_staged()
    life.wait_failed()


@situation("command/notify-fails")
def notify_fails(life):
    life.serve(A, MDNotifyCmd=f"{life.command('notify', 'a.', 3)} first")
    life.wait_event("notify")
    life.wait_failed()


@situation("command/notify-works")
def notify_works(life):
    life.serve(A, MDNotifyCmd=f"{life.command('notify')} first second")
    life.wait_event("notify")
    life.wait_staged_and_told()


@situation("command/notify-fails-then-works")
def notify_fails_then_works(life):
    life.serve(A, MDNotifyCmd=life.file("notify", f"#!/bin/sh\nmkdir {life.writable('marks')}/seen || exit 0\nexit 1\n", 0o755),
               MDRetryDelay="1s")
    life.wait_staged_and_told()
