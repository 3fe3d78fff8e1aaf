# SPDX-License-Identifier: Apache-2.0
"""Situations of domains that get certificates, and get them anew."""

import json
import threading
from dataclasses import replace

from situations_failing import A
from situations_life import NAME, collector
from testbed.bed import Domain
from testbed.fault_proxy import Reply, hold, problem

SITUATIONS = []
situation = collector(SITUATIONS)
WWW = "www.a.example.org"


# -- the course of a first certificate

@situation("new/delayed")
def delayed(life):
    life.serve(A, MDInitialDelay="1h")


def stopped_at(endpoint):
    def bring_about(life):
        life.at_the_ca(endpoint, hold(life.until_closed(threading.Event())))
        life.serve(A)
        life.wait_asked(endpoint)
    return bring_about


for step in ("new-order", "challenge", "certificate"):
    situation(f"ordering/at-{step}")(stopped_at(step))


@situation("waiting/for-activation")
def waiting(life):
    life.serve(A)
    life.wait_staged_and_told()


@situation("waiting/live-by-itself")
def live_by_itself(life):
    life.live_activation = True
    life.serve(A)
    life.wait_event("argument renewed")
    if not life.ours:
        life.wait_staged_and_told()
    else:
        life.wait_live()
        life.wait_event("argument installed")


@situation("live/after-reload")
def live(life):
    life.serve(A)
    life.obtain()


@situation("live/after-restart")
def live_after_restart(life):
    life.serve(A)
    life.wait_staged_and_told()
    life.again(A)
    life.wait_live()
    life.wait_event("argument installed")


@situation("live/three-domains")
def three_domains(life):
    life.settings["MDMessageCmd"] = None
    names = [f"{letter}.example.org" for letter in "abc"]
    life.serve(*map(Domain, names))
    life.obtain(*names)


@situation("waiting/activation-delay")
def activation_delay(life):
    life.serve(A)
    life.obtain()
    life.again(A.grown(WWW), MDActivationDelay="3d")
    life.wait_staged_and_told()
    life.reload()


# -- keys

@situation("keys/several")
def several_keys(life):
    life.serve(A, MDPrivateKeys="RSA 3072 P-256 secp384r1")
    life.wait_staged_and_told()


@situation("keys/several-live")
def several_keys_live(life):
    life.serve(A, MDPrivateKeys="RSA P-256")
    life.obtain()


@situation("keys/unknown-curve")
def unknown_curve(life):
    life.configure(A, MDPrivateKeys="P-999")
    if life.begins():
        life.wait_failed()


@situation("keys/one-added")
def key_added(life):
    life.serve(A)
    life.obtain()
    life.again(A, MDPrivateKeys="RSA P-256")
    life.wait_staged_and_told()


@situation("keys/type-changed")
def key_type_changed(life):
    life.serve(A)
    life.obtain()
    life.again(A, MDPrivateKeys="P-256")
    life.wait_staged_and_told()


@situation("keys/one-removed")
def key_removed(life):
    life.serve(A, MDPrivateKeys="RSA P-256")
    life.obtain()
    life.again(A, MDPrivateKeys="RSA")
    life.wait_live()


@situation("keys/larger-in-store")
def larger_in_store(life):
    life.own_set(NAME, key="rsa4096")
    life.serve(A, MDPrivateKeys="RSA 2048")
    life.wait_live()


@situation("keys/larger-wanted")
def larger_wanted(life):
    life.own_set(NAME, key="rsa2048")
    life.serve(A, MDPrivateKeys="RSA 4096")
    life.wait_live()


@situation("keys/staged-of-another-size")
def staged_of_another_size(life):
    life.serve(A, MDPrivateKeys="RSA 3072")
    life.wait_staged_and_told()
    life.again(A, MDPrivateKeys="RSA 2048")
    life.wait_live()
    life.wait_event("argument installed")


# -- changes of the configuration

def after_change(name, change, wait=None):
    def bring_about(life):
        life.serve(A.grown(WWW))
        life.obtain()
        change(life)
        (wait or Waits.live)(life)
    situation(f"changed/{name}")(bring_about)


class Waits:
    @staticmethod
    def live(life):
        life.wait_live()

    @staticmethod
    def staged(life):
        life.wait_staged_and_told()


after_change("name-added", lambda life: life.again(A.grown(WWW, "mail.a.example.org")), Waits.staged)
after_change("name-removed", lambda life: life.again(A))
after_change("contact", lambda life: life.again(A.grown(WWW), MDContactEmail="other@example.org"))
after_change("no-contact", lambda life: life.again(A.grown(WWW), MDContactEmail=None))
after_change("ca", lambda life: life.again(A.grown(WWW), MDCertificateAuthority="https://localhost:1/another"))
after_change("must-staple-wanted", lambda life: life.again(A.grown(WWW), MDMustStaple="on"), Waits.staged)
after_change("require-https", lambda life: life.again(A.grown(WWW), MDRequireHttps="permanent"))
after_change("domain-gone", lambda life: life.again(Domain("b.example.org"), MDRenewMode="manual"),
             lambda life: life.wait(lambda: life.httpd.log(), "a log"))


@situation("changed/contact-and-name")
def contact_and_name(life):
    life.serve(A)
    life.obtain()
    life.again(A.grown(WWW), MDContactEmail="other@example.org")
    life.wait_staged_and_told()


@situation("changed/ca-and-name")
def ca_and_name(life):
    life.serve(A)
    life.obtain()
    life.again(A.grown(WWW), MDCertificateAuthority=life.proxy.url.replace("localhost", "127.0.0.1"))
    life.wait_staged_and_told()


@situation("changed/first-name")
def first_name(life):
    life.serve(A.grown(WWW))
    life.obtain()
    life.again(Domain(WWW, (NAME,)))
    life.wait_live(WWW)


@situation("changed/renamed-by-member")
def renamed(life):
    life.serve(Domain("old.example.org", (NAME,)))
    life.obtain("old.example.org")
    life.again(Domain("new.example.org", (NAME,)))
    life.wait_staged_and_told("new.example.org") if life.store.path.joinpath("domains/new.example.org").exists() else None


@situation("changed/name-moved")
def name_moved(life):
    life.settings["MDMessageCmd"] = None
    life.serve(A.grown("x.example.org"), Domain("b.example.org"))
    life.obtain(NAME, "b.example.org")
    life.again(A, Domain("b.example.org", ("x.example.org",)))
    life.wait_staged_and_told("b.example.org")


@situation("changed/while-staged")
def changed_while_staged(life):
    life.serve(A)
    life.wait_staged_and_told()
    life.again(A.grown(WWW))
    life.wait(lambda: life.proxy.count("finalize") >= 2 and life.job().get("finished"), "another set is staged")
    life.wait_staged_and_told()


# -- due, expired

@situation("due/renewed")
def due_renewed(life):
    life.own_set(NAME, days=5)
    life.serve(A)
    life.wait_staged_and_told()


@situation("due/renewed-and-live")
def due_renewed_live(life):
    life.own_set(NAME, days=5)
    life.serve(A)
    life.wait_staged_and_told()
    life.reload()
    life.wait_event("argument installed")


@situation("due/failing")
def due_failing(life):
    life.own_set(NAME, days=5)
    life.at_the_ca("new-order", problem(403, "unauthorized", "not for you"))
    life.serve(A, MDWarnWindow="1d")
    life.wait_failed()


@situation("due/failing-and-restarted")
def due_failing_restarted(life):
    life.own_set(NAME, days=5)
    life.at_the_ca("new-order", problem(403, "unauthorized", "not for you"))
    life.serve(A, MDWarnWindow="1d")
    life.wait_failed()
    life.again(A, MDWarnWindow="1d")
    life.wait_live()


@situation("due/manual")
def due_manual(life):
    life.own_set(NAME, days=5)
    life.serve(A, MDRenewMode="manual")
    life.wait_event("argument expiring")


@situation("due/not-yet")
def due_not_yet(life):
    life.own_set(NAME, days=45)
    life.serve(A)
    life.wait_live()


@situation("expired/renewed")
def expired_renewed(life):
    life.own_set(NAME, days=-0.5)
    life.serve(A)
    life.wait_staged_and_told()


@situation("expired/failing")
def expired_failing(life):
    life.own_set(NAME, days=-0.5)
    life.at_the_ca("new-account", problem(403, "unauthorized", "not for you"))
    life.serve(A)
    life.wait_event("argument errored")


@situation("expired/manual")
def expired_manual(life):
    life.own_set(NAME, days=-0.5)
    life.serve(A, MDRenewMode="manual")
    life.wait_live()


@situation("expiring/warned-of")
def warned_of(life):
    life.own_set(NAME, days=2)
    life.at_the_ca("new-order", problem(403, "unauthorized", "not for you"))
    life.serve(A)
    life.wait_event("argument errored")
    life.wait_event("argument expiring")


# -- renewal information of the CA

def with_renewal_info(life, start, end):
    """The CA says when to renew."""
    def offer(exchange, reply):
        document = {**json.loads(reply.body), "renewalInfo": f"https://localhost:{life.proxy.port}/draft-ietf-acme-ari-03"}
        return replace(reply, body=json.dumps(document).encode())
    window = json.dumps({"suggestedWindow": {"start": start, "end": end}, "explanationURL": "https://ca.example/why"})
    life.at_the_ca("directory", offer, before=False)
    life.at_the_ca("renewal-info", lambda exchange, reply: Reply(
        200, (("Content-Type", "application/json"), ("Retry-After", "21600")), window.encode()))


@situation("advice/renew-now")
def renew_now(life):
    life.serve(A)
    life.obtain()
    with_renewal_info(life, "2025-01-01T00:00:00Z", "2025-01-02T00:00:00Z")
    life.again(A)
    life.wait_staged_and_told()


@situation("advice/renew-later")
def renew_later(life):
    life.serve(A)
    life.obtain()
    with_renewal_info(life, "2035-01-01T00:00:00Z", "2035-01-02T00:00:00Z")
    life.again(A)
    life.wait_asked("renewal-info")
