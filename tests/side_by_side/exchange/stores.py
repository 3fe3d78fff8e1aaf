# SPDX-License-Identifier: Apache-2.0
"""
The stores, each as Debian's module has left it: a function that makes a bed and returns what the servers of the
exchange are configured with. The name of the function is the name of the store.

SETTLED: with that configuration Debian's module itself orders nothing any more. UNFINISHED: it goes on ordering.
BY_OURS: what ours has left unfinished.
"""

import base64
import datetime
import functools
import json
import threading
from dataclasses import dataclass

from cryptography import x509
from looking import OURS, STOCK, Made
from testbed.bed import Domain, Layout
from testbed.dns import DnsCommand
from testbed.fault_proxy import Dropped, problem
from testbed.ocsp import Responder
from testbed.pki import pem
from testbed.waiting import eventually

SETTLED, UNFINISHED, BY_OURS, NEWER_CA = {}, {}, {}, set()
HTTP_01 = "MDCAChallenges http-01"  # with tls-alpn-01, Debian's module gets no certificate of an elliptic curve alone
P_256 = ("MDPrivateKeys P-256", HTTP_01)
DAY = datetime.timedelta(days=1)


def settled(make):
    SETTLED[make.__name__] = make
    return make


def unfinished(make):
    UNFINISHED[make.__name__] = make
    return make


def newer_ca(make):
    """Settled, and with a CA that knows renewal information and profiles."""
    NEWER_CA.add(make.__name__)
    return settled(make)


def stock(make_bed, **pebble_settings):
    return make_bed(Layout(module=STOCK), **pebble_settings)


def obtained(bed, *domains, specs=("",), options=(), **made):
    """Debian's module has obtained and activated their certificates."""
    bed.serve(*domains, options=options)
    bed.wait_staged(*domains, specs=specs)
    bed.httpd.graceful()
    eventually(lambda: all(bed.store.has_set(domain.name, specs) for domain in domains), "it is active")
    bed.httpd.stop()
    return Made(bed, domains, options, **made)


def one(make_bed, *settings, specs=("",), options=(), **made):
    domain = Domain("one.example.org", ("www.one.example.org",), settings)
    return obtained(stock(make_bed), domain, specs=specs, options=options, **made)


def then(made, *domains, options=None):
    """The servers of the exchange are configured with this."""
    made.domains = domains
    made.options = made.options if options is None else options
    return made


# -- keys

@settled
def rsa_2048(make_bed):
    return one(make_bed)


@settled
def rsa_3072(make_bed):
    return one(make_bed, "MDPrivateKeys RSA 3072")


@settled
def rsa_4096(make_bed):
    return one(make_bed, "MDPrivateKeys RSA 4096")


def with_settings(made, *settings):
    return then(made, *(Domain(domain.name, domain.aliases, settings) for domain in made.domains))


@settled
def rsa_4096_where_2048_is_configured(make_bed):  # C2
    return with_settings(one(make_bed, "MDPrivateKeys RSA 4096"), "MDPrivateKeys RSA 2048")


@settled
def rsa_3072_where_nothing_is_configured(make_bed):  # C2
    return with_settings(one(make_bed, "MDPrivateKeys RSA 3072"))


@settled
def rsa_2048_where_3072_is_configured(make_bed):  # C2
    return with_settings(one(make_bed), "MDPrivateKeys RSA 3072")


@settled
def p_256(make_bed):
    return one(make_bed, *P_256, specs=("p-256",))


@settled
def secp384r1(make_bed):
    return one(make_bed, "MDPrivateKeys secp384r1", HTTP_01, specs=("secp384r1",))


@settled
def rsa_and_ec(make_bed):
    return one(make_bed, "MDPrivateKeys RSA 2048 P-256", specs=("", "p-256"))


# -- hosts

@dataclass(frozen=True)
class Hosts(Domain):
    """A managed domain and whatever uses it."""
    text: str = ""

    def render(self, https_port):
        section = [f"<MDomain {' '.join(self.names)}>", *self.settings, "</MDomain>"]
        return "\n".join([*section, self.text, ""])


def virtual_host(port, name, *lines):
    return "\n".join([f"<VirtualHost 127.0.0.1:{port}>", f"ServerName {name}", *lines, "</VirtualHost>"])


@settled
def plain_http_host(make_bed):  # C1
    bed = stock(make_bed)
    domain = Hosts("mail.example.org", settings=P_256,
                   text=virtual_host(bed.httpd.http_port, "mail.example.org"))
    beside = Domain("beside.example.org", settings=P_256)
    return obtained(bed, domain, beside, specs=("p-256",), hosts=(beside.name,))


@settled
def base_server(make_bed):
    bed = stock(make_bed)
    domain = Hosts("base.example.org", settings=P_256, text="SSLEngine on\nServerName base.example.org\n" +
                   virtual_host(bed.httpd.http_port, "plain.example.org", "SSLEngine off"))
    return obtained(bed, domain, specs=("p-256",), options=("MDBaseServer on",))


@settled
def host_with_another_server_admin(make_bed):  # D3a
    bed = stock(make_bed)
    first, second = (Domain(f"{admin}.example.org", settings=P_256, vhost=(f"ServerAdmin {admin}@example.org",))
                     for admin in ("first", "second"))
    return obtained(bed, first, second, specs=("p-256",))


def without_contact(bed):
    """The CA's options but MDContactEmail: ServerAdmin says whom to contact."""
    ca_options = bed.ca_options()
    bed.ca_options = lambda: [line for line in ca_options if not line.startswith("MDContactEmail")]
    return bed


@settled
def several_server_admins(make_bed):  # D3a
    bed = without_contact(stock(make_bed))
    first, second, third = (Domain(f"{admin}.example.org", settings=P_256,
                                   vhost=(f"ServerAdmin {admin}@example.org",) if admin != "third" else ())
                            for admin in ("first", "second", "third"))
    return obtained(bed, first, second, third, specs=("p-256",), options=("ServerAdmin main@example.org",))


@settled
def server_admins_of_hosts_alone(make_bed):  # D3a
    bed = without_contact(stock(make_bed))
    tls = Domain("tls.example.org", settings=P_256, vhost=("ServerAdmin tls@example.org",))
    mixed = Hosts("mixed.example.org", settings=P_256, text="\n".join([
        virtual_host(bed.httpd.http_port, "mixed.example.org", "ServerAdmin plain@example.org"),
        virtual_host(bed.httpd.https_port, "mixed.example.org", "ServerAdmin mixed@example.org", "SSLEngine on")]))
    return obtained(bed, tls, mixed, specs=("p-256",))


@settled
def contact_no_longer_configured(make_bed):  # D3b
    bed = without_contact(stock(make_bed))
    domain = Domain("one.example.org", settings=P_256)
    made = obtained(bed, domain, specs=("p-256",), options=("MDContactEmail admin@example.org",))
    return then(made, domain, options=())


@settled
def several_domains(make_bed):
    bed = stock(make_bed)
    return obtained(bed, *(Domain(f"{label}.example.org", (f"www.{label}.example.org",), P_256)
                           for label in ("a", "b", "c", "d")), specs=("p-256",))


@settled
def wildcard_by_dns_01(make_bed):
    bed = stock(make_bed)
    command = DnsCommand.for_challtestsrv(bed.root / "dns", bed.pebble)
    domain = Domain("wild.example.org", ("*.wild.example.org",), ("MDPrivateKeys P-256", "MDCAChallenges dns-01"))
    return obtained(bed, domain, specs=("p-256",), options=(f"MDChallengeDns01 {command.path}",))


# -- what happens beside it

@settled
def external_account(make_bed):
    secret = base64.urlsafe_b64encode(b"1" * 32).rstrip(b"=").decode()
    bed = stock(make_bed, config={"externalAccountBindingRequired": True,
                                  "externalAccountMACKeys": {"kid-1": secret}})
    domain = Domain("bound.example.org", settings=(*P_256, f"MDExternalAccountBinding kid-1 {secret}"))
    return obtained(bed, domain, specs=("p-256",))


def command(bed, name, text):
    path = bed.root / name
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(0o755)
    return path


@settled
def failing_notify_command(make_bed):  # C3
    bed = stock(make_bed)
    domain = Domain("one.example.org", settings=P_256)
    options = (f"MDNotifyCmd {command(bed, 'notify', 'exit 7')}",)
    return obtained(bed, domain, specs=("p-256",), options=options)


@settled
def failing_message_command(make_bed):  # C3
    bed = stock(make_bed)
    domain = Domain("one.example.org", settings=P_256)
    fails = 'case "$1" in renewing|challenge-setup*) exit 0;; esac\nexit 7'
    return obtained(bed, domain, specs=("p-256",), options=(f"MDMessageCmd {command(bed, 'message', fails)}",))


@settled
def store_locks(make_bed):
    return one(make_bed, *P_256, specs=("p-256",), options=("MDStoreLocks 2s",))


@settled
def ocsp_answers_kept(make_bed, ocsp):
    bed = stock(make_bed, config={"ocspResponderURL": ocsp.url})
    ocsp.responder = Responder(bed.root / "responder", *bed.pebble.intermediate()).start()
    domain = Domain("stapled.example.org", settings=P_256)
    made = obtained(bed, domain, specs=("p-256",), options=("MDStapling on",), ocsp=ocsp)
    bed.httpd.start()
    eventually(lambda: list(bed.httpd.store.glob("ocsp/*/ocsp-*.json")), "an answer is kept")
    bed.httpd.stop()
    return made


# -- a configuration that has changed since

@settled
def name_removed(make_bed):
    made = one(make_bed, *P_256, specs=("p-256",))
    return then(made, Domain("one.example.org", settings=P_256))


@settled
def domain_renamed(make_bed):
    made = one(make_bed, *P_256, specs=("p-256",))
    return then(made, Domain("www.one.example.org", ("one.example.org",), P_256))


@settled
def domain_no_longer_configured(make_bed):
    bed = stock(make_bed)
    stays, goes = (Domain(f"{label}.example.org", settings=P_256) for label in ("stays", "goes"))
    return then(obtained(bed, stays, goes, specs=("p-256",)), stays)


@settled
def manual_with_a_certificate(make_bed):
    return with_settings(one(make_bed, *P_256, specs=("p-256",)), *P_256, "MDRenewMode manual")


@settled
def manual_without_a_certificate(make_bed):
    bed = stock(make_bed)
    domains = tuple(Domain(f"{label}.example.org", settings=(*settings, "MDRenewMode manual"))
                    for label, settings in (("ec", P_256), ("rsa", ())))
    bed.serve(*domains)
    bed.httpd.stop()
    return Made(bed, domains, by_itself=("renew-at",))  # at once


@settled
def archive_of_several_generations(make_bed):
    made = one(make_bed, *P_256, specs=("p-256",))
    domain = made.domains[0]
    for label in ("a", "b"):
        domain = domain.grown(f"{label}.one.example.org")
        made = obtained(made.bed, domain, specs=("p-256",))
    return made


@settled
def static_files(make_bed):
    bed = stock(make_bed)
    certificate, key = bed.authority.server_files("static", names=("static.example.org",))
    static = Domain("static.example.org", settings=(f"MDCertificateFile {certificate}", f"MDCertificateKeyFile {key}"))
    beside = Domain("beside.example.org", settings=P_256)
    bed.serve(static, beside)
    bed.wait_staged(beside, specs=("p-256",))
    bed.httpd.stop()
    return Made(bed, (static, beside))


# -- files that are not as they were

def issued_otherwise(made, **how):
    """The same key, and a certificate such as pebble does not issue."""
    (domain,) = made.domains
    public_key = made.bed.store.chain(domain.name, spec="p-256")[0].public_key()
    path = made.bed.httpd.store / "domains" / domain.name / "pubcert.p-256.pem"
    path.write_bytes(pem(made.bed.authority.issue(domain.names, public_key, **how)))
    return made


@settled
def expired_with_renewals_off(make_bed):
    made = issued_otherwise(manual_with_a_certificate(make_bed), lasts=-DAY / 2)
    made.by_itself = ("renewal.last-run",)
    return made


@settled
def must_staple(make_bed):
    made = issued_otherwise(one(make_bed, *P_256, specs=("p-256",)),
                            extensions=[x509.TLSFeature([x509.TLSFeatureType.status_request])])
    return with_settings(made, *P_256, "MDMustStaple on")


def edit(path, change):
    document = json.loads(path.read_text())
    change(document)
    path.write_text(json.dumps(document))


@settled
def account_deactivated(make_bed):
    made = one(make_bed, *P_256, specs=("p-256",))
    (account,) = made.bed.store.accounts()
    edit(made.bed.httpd.store / "accounts" / account / "account.json",
         lambda document: document.update(status="deactivated"))
    return made


@settled
def members_of_other_versions(make_bed):
    made = one(make_bed, *P_256, specs=("p-256",))
    for name in ("md.json", "job.json"):
        edit(made.bed.httpd.store / "domains" / made.domains[0].name / name,
             lambda document: document.update({"later": {"version": [4, None]}, "x-note": "of an administrator"}))
    return made


@settled
def version_1_layout(make_bed):  # A17
    made = one(make_bed)
    root = made.bed.httpd.store
    folder = root / "domains" / made.domains[0].name
    leaf, *chain = (pem(certificate) for certificate in made.bed.store.chain(made.domains[0].name))
    (folder / "cert.pem").write_bytes(leaf)
    (folder / "chain.pem").write_bytes(b"".join(chain))
    (folder / "privkey.pem").rename(folder / "pkey.pem")
    (folder / "pubcert.pem").unlink()
    edit(root / "md_store.json", lambda document: document["store"].update(version=1.0))
    return made


# -- renewals under way

@settled
def staged_and_not_activated(make_bed):
    bed = stock(make_bed)
    domain = Domain("staged.example.org", ("www.staged.example.org",), P_256)
    bed.serve(domain)
    bed.wait_staged(domain, specs=("p-256",))
    bed.httpd.stop()
    return Made(bed, (domain,))


def killed_at(make_bed, endpoint, before, module=STOCK):
    """The server dies when this has been asked: before the CA has heard of it, or before the answer comes."""
    bed = make_bed(Layout(module=module))
    domain = Domain("half.example.org", ("www.half.example.org",), P_256)
    reached, gate = threading.Event(), threading.Event()

    def strike(exchange, reply):
        reached.set()
        gate.wait(60)
        raise Dropped

    bed.proxy.inject(endpoint, strike, before=before, times=None)
    bed.configure(domain)
    bed.httpd.start()
    assert reached.wait(60)
    bed.httpd.kill()
    bed.proxy.heal()
    gate.set()
    return Made(bed, (domain,))


for _endpoint, _before in (("new-account", False), ("new-order", True), ("new-order", False), ("authorization", True),
                           ("challenge", False), ("finalize", True), ("finalize", False), ("certificate", True)):
    _name = f"killed_{'before' if _before else 'after'}_{_endpoint.replace('-', '_')}"
    UNFINISHED[_name] = functools.partial(killed_at, endpoint=_endpoint, before=_before)
    if _endpoint != "new-account":  # ours finds it by its key; Debian's module looks for none, whoever has died
        BY_OURS[_name] = functools.partial(killed_at, endpoint=_endpoint, before=_before, module=OURS)


@unfinished
def name_added(make_bed):
    made = one(make_bed, *P_256, specs=("p-256",))
    return then(made, made.domains[0].grown("added.one.example.org"))


@unfinished
def name_added_where_contacts_differ(make_bed):  # D3a
    made = several_server_admins(make_bed)
    first, *others = made.domains
    return then(made, first.grown("added.first.example.org"), *others)


@unfinished
def name_added_where_the_contact_is_gone(make_bed):  # D3b
    made = contact_no_longer_configured(make_bed)
    return then(made, made.domains[0].grown("added.one.example.org"))


@unfinished
def name_added_with_an_external_account(make_bed):
    made = external_account(make_bed)
    return then(made, made.domains[0].grown("added.bound.example.org"))


@unfinished
def key_type_added(make_bed):
    made = one(make_bed, *P_256, specs=("p-256",))
    return with_settings(made, "MDPrivateKeys P-256 RSA 2048", HTTP_01)


@unfinished
def name_moved(make_bed):
    bed = stock(make_bed)
    first, second = Domain("first.example.org", ("moves.example.org",), P_256), Domain("second.example.org", (), P_256)
    made = obtained(bed, first, second, specs=("p-256",))
    return then(made, Domain("first.example.org", (), P_256), second.grown("moves.example.org"))


@unfinished
def deactivated_account_and_a_name_added(make_bed):
    made = account_deactivated(make_bed)
    return then(made, made.domains[0].grown("added.one.example.org"))


@unfinished
def nothing_yet(make_bed):
    bed = stock(make_bed)
    domains = tuple(Domain(f"{label}.example.org", settings=P_256) for label in ("a", "b"))
    refusal = bed.proxy.inject("directory", problem(503, "serverInternal", "not today"), times=None)
    bed.serve(*domains)
    eventually(lambda: refusal.struck, "the CA refuses")
    bed.httpd.stop()
    bed.proxy.heal()
    return Made(bed, domains)


# -- what a newer CA offers

@newer_ca
def advised_by_the_ca(make_bed):
    bed = stock(make_bed, newer=True)
    # A moment of the window that the CA names.
    return obtained(bed, Domain("one.example.org", settings=P_256), specs=("p-256",), by_itself=("renew-at",))


@newer_ca
def of_a_profile(make_bed):
    bed = stock(make_bed, newer=True, config={"profiles": {
        "shortlived": {"description": "six days", "validityPeriod": 6 * 86400},
        "classic": {"description": "ninety days", "validityPeriod": 90 * 86400}}})
    return obtained(bed, Domain("one.example.org", settings=(*P_256, "MDProfile shortlived")), specs=("p-256",))
