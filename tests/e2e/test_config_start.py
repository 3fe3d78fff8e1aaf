# SPDX-License-Identifier: Apache-2.0
"""The two passes of a start, and what a configuration test says of one that would fail."""

import os
import re
import subprocess
from threading import Event

import pytest

from testbed import tls
from testbed.bed import Domain, Layout
from testbed.fault_proxy import answer, hold, problem
from testbed.waiting import eventually

SETTINGS = ("MDPrivateKeys P-256", "MDCAChallenges http-01")


def configured_files(log):
    """Which files mod_ssl took for which host, once for each pass, in order."""
    taken = re.findall(r"Certificate and private key (\S+) configured from (\S+) and (\S+)", log)
    half = len(taken) // 2
    assert taken and len(taken) == 2 * half
    return taken[:half], taken[half:]


@pytest.mark.ours
def test_trial_and_real_pass_take_the_same_files(bed):
    """VH-14, PM-04: a renamed domain, a staged set, a new one and a live one in one start"""
    live, old, waiting = (Domain(f"{name}.example.org", settings=SETTINGS) for name in ("live", "old", "waiting"))
    bed.serve(live, old)
    bed.wait_served(live, old)
    bed.configure(live, old, waiting, options=bed.wait_for_restart())
    bed.httpd.restart()
    bed.wait_staged(waiting, specs=("p-256",))
    bed.httpd.stop()
    renamed = Domain("renamed.example.org", aliases=(old.name,), settings=SETTINGS)
    new = Domain("new.example.org", settings=(*SETTINGS, "MDRenewMode manual"))
    bed.configure(live, renamed, waiting, new, options=["MDRenewMode manual"])
    mark = bed.httpd.mark()
    bed.httpd.start()
    trial, real = configured_files(bed.httpd.log_since(mark))
    assert trial == real
    chosen = {host.split(":")[0]: certificate.removeprefix(f"{bed.httpd.store}/domains/")
              for host, certificate, _ in real}
    assert chosen == {live.name: f"{live.name}/pubcert.p-256.pem", renamed.name: f"{renamed.name}/pubcert.p-256.pem",
                      waiting.name: f"{waiting.name}/pubcert.p-256.pem",
                      new.name: f"{new.name}/fallback-pubcert.p-256.pem"}
    assert bed.fetch(live.name).status == bed.fetch(waiting.name).status == 200


@pytest.mark.parametrize("level, keys", [(3, "RSA 4096"), (3, "RSA 3072 secp384r1"), (4, "secp384r1"), (4, "RSA 8192"),
                                         (5, "secp521r1")])
def test_reports_17_fallbacks_are_as_strong_as_the_configured_keys(bed, level, keys):
    """mod_ssl refuses keys below OpenSSL's security level, and the server would not start."""
    bed.pebble.stop()
    domain = Domain("strong.example.org", settings=(f"MDPrivateKeys {keys}", "MDCAChallenges http-01"))
    bed.serve(domain, options=[f"SSLCipherSuite DEFAULT:@SECLEVEL={level}"])
    assert bed.fetch_any(domain.name, "/").status == 503
    bed.httpd.restart()  # with what is there
    assert bed.fetch_any(domain.name, "/").status == 503


TWO_PRIMES_ALONE = """
typedef struct evp_pkey_ctx_st EVP_PKEY_CTX;
int EVP_PKEY_CTX_set_rsa_keygen_primes(EVP_PKEY_CTX *context, int primes) {
  (void)context;
  return primes == 2;
}
"""


@pytest.mark.ours
def test_reports_18_providers_that_know_two_primes_only(make_bed, tmp_path):
    """As OpenSSL's FIPS provider: the server starts, with a fallback whose key is of two primes."""
    source, library = tmp_path / "primes.c", tmp_path / "primes.so"
    source.write_text(TWO_PRIMES_ALONE)
    subprocess.run(["cc", "-shared", "-fPIC", "-o", library, source], check=True)
    # A sanitizer has to be the first one.
    preload = " ".join(filter(None, [os.environ.get("MD_HTTPD_PRELOAD"), os.fspath(library)]))
    bed = make_bed(Layout(preload=preload))
    bed.pebble.stop()
    domain = Domain("fips.example.org", settings=("MDCAChallenges http-01",))
    bed.serve(domain)
    assert bed.fetch_any(domain.name, "/").status == 503
    assert bed.store.key(bed.httpd.store / "fallback-privkey.pem").key_size == 2048  # it reads keys of two primes alone


@pytest.mark.ours
def test_a_store_that_cannot_be_made_ends_the_start_with_its_reason(bed):
    """PM-05"""
    (bed.httpd.root / "file").write_text("no folder")
    bed.configure(Domain("a.example.org", settings=SETTINGS), options=["MDStoreDir file/md"])
    bed.httpd.launch()
    eventually(lambda: not bed.httpd.is_running(), "httpd refuses to start")
    said = bed.httpd.log() + bed.httpd.stderr()
    assert "mod_md cannot start" in said and "file" in said


def test_a_host_that_two_domains_claim_ends_the_start_with_its_reason(bed):
    host = ["<VirtualHost 127.0.0.1:%d>" % bed.httpd.https_port, "ServerName a.example.org", "ServerAlias b.example.org",
            "SSLEngine on", "</VirtualHost>"]
    bed.configure(options=["MDomain a.example.org", "MDomain b.example.org", *host])
    bed.httpd.launch()
    eventually(lambda: not bed.httpd.is_running(), "httpd refuses to start")
    assert "AH10238: conflict: 2 MDs match Virtualhost a.example.org" in bed.httpd.log()


def test_a_start_tells_who_has_no_certificate_and_no_way_to_one(bed):
    bed.configure(Domain("a.example.org", protocols="http/1.1"), Domain("b.example.org", settings=("MDRenewMode manual",)),
                  options=["MDPortMap http:- https:-"])
    bed.httpd.start()
    log = bed.httpd.log()
    for name in ("a.example.org", "b.example.org"):
        assert re.search(rf"AH10085: Init: {name}:\d+ will respond with '503 Service Unavailable' for now", log)
    told = [line for line in log.splitlines() if "AH10173" in line]
    assert told and all("a.example.org" in line for line in told)


def test_the_order_of_modules_does_not_matter(bed):
    """PM-03"""
    domain = Domain("early.example.org", settings=SETTINGS)
    bed.configure(domain)
    conf = bed.httpd.root / "httpd.conf"
    lines = conf.read_text().splitlines()
    ours = next(line for line in lines if line.startswith("LoadModule md_module"))
    lines.remove(ours)
    first = next(index for index, line in enumerate(lines) if line.startswith("LoadModule"))
    conf.write_text("\n".join([*lines[:first], ours, *lines[first:]]) + "\n")
    bed.httpd.start()
    eventually(lambda: tls.fetch(bed.httpd.https_port, domain.name).status in (200, 503), "the host answers")
    bed.obtain(domain, specs=("p-256",))


def test_names_may_be_quoted(bed):
    """VH-09"""
    headers = {"a": '<MDomain "a1.example.org" \'a2.example.org\' a3.example.org>',
               "b": "<MDomain b1.example.org b2.example.org b3.example.org>",
               "c": '<MDomainSet   "c1.example.org"   "c2.example.org c3.example.org"   "manual">'}
    lines = [line for header in headers.values() for line in (header, "MDRenewMode manual", header.split()[0].replace(
        "<", "</") + ">")]
    bed.configure(options=lines[:6])
    bed.httpd.start()
    shown = {md["name"]: md["domains"] for md in bed.md_status()["managed-domains"]}
    assert shown == {f"{letter}1.example.org": [f"{letter}{n}.example.org" for n in (1, 2, 3)] for letter in "ab"}
    # A quoted word is one name, and this one is none (B2).
    bed.configure(options=lines[6:])
    code, said = bed.httpd.test_configuration()
    assert code == 0 and "'c2.example.org c3.example.org' is not a DNS name" in said


def test_hosts_are_found_by_address_and_name(bed):
    """VH-15"""
    one, two = "one.example.org", "two.example.org"
    certificate, key = bed.authority.server_files("other", [one])
    port = bed.httpd.https_port

    def host(address, name, *lines):
        return "\n".join([f"<VirtualHost {address}:{port}>", f"ServerName {name}", "SSLEngine on", *lines,
                          "</VirtualHost>"])

    foreign = (f"SSLCertificateFile {certificate}", f"SSLCertificateKeyFile {key}")
    bed.configure(options=[
        f"Listen 127.0.0.2:{port}", f"Listen 127.0.0.3:{port}", *SETTINGS, f"MDomain {one}", f"MDomain {two}",
        host("127.0.0.1", one), host("127.0.0.2", "other.example.org", *foreign), host("*", two), host("*", one)])
    bed.httpd.start()
    managed = {name: eventually(lambda: bed.store.has_set(name, ("p-256",)) and bed.store.serial(name, "p-256"),
                                f"{name} is issued", 30) for name in (one, two)}

    def served(address, name):
        return tls.served_certificate(port, name, address=address).serial_number

    other = tls.served_certificate(port, one, address="127.0.0.2")
    eventually(lambda: served("127.0.0.3", two) == managed[two] and served("127.0.0.3", one) == managed[one],
               "what is for any address is found by name")
    eventually(lambda: served("127.0.0.1", one) == managed[one], "the host of that address is served")
    # An address with hosts of its own is not looked for among those for any.
    assert served("127.0.0.1", two) == managed[one]
    assert served("127.0.0.2", one) == served("127.0.0.2", two) == other.serial_number
    assert other.serial_number not in managed.values()
    assert bed.fetch(one).status == 200


@pytest.mark.ours
def test_reloads_forget_no_failure_unless_the_configuration_changed(bed):
    """PM-02"""
    domain = Domain("often.example.org", settings=SETTINGS)
    fault = bed.proxy.inject("finalize", answer(503), times=None)
    bed.serve(domain, options=["MDRetryDelay 1h"])
    failed = eventually(lambda: (job := bed.store.job(domain.name)).get("errors") and job, "the CA fails")
    for _ in range(4):
        bed.httpd.graceful()
    job = bed.store.job(domain.name)
    assert (job["errors"], job["next-run"]) == (failed["errors"], failed["next-run"])
    struck = fault.struck
    assert bed.proxy.count("new-order") == 1
    bed.proxy.heal()
    grown = domain.grown("more.example.org")
    bed.configure(grown, options=["MDRetryDelay 1h"])
    bed.httpd.graceful()
    bed.wait_served(grown)
    assert fault.struck == struck and bed.proxy.count("new-order") == 2


@pytest.mark.ours
def test_reloads_in_the_middle_of_an_order_place_no_other(bed):
    """PM-02"""
    domain = Domain("busy.example.org", settings=SETTINGS)
    gate = Event()
    bed.proxy.inject("finalize", hold(gate))
    bed.serve(domain)
    eventually(lambda: bed.proxy.count("finalize"), "the order is under way")
    for _ in range(3):
        bed.httpd.graceful()
    gate.set()
    bed.wait_served(domain)
    assert bed.proxy.count("new-order") == 1


def test_a_set_that_was_staged_before_a_name_was_added_serves_meanwhile(bed):
    """Before the first certificate; the renewal for all names goes on, as long as it takes."""
    small = Domain("a.example.org", settings=SETTINGS)
    bed.serve(small, options=bed.wait_for_restart())
    bed.wait_staged(small, specs=("p-256",))
    staged = bed.store.chain(small.name, "staging", "p-256")[0].serial_number
    bed.proxy.inject("new-order", problem(503, "serverInternal", "not now"), times=None)
    grown = small.grown("www.a.example.org")
    bed.configure(grown)
    bed.httpd.restart()
    assert bed.fetch(small.name).status == 200 and bed.serial(small.name) == staged
    bed.proxy.heal()
    bed.wait_staged(grown, specs=("p-256",))
    bed.httpd.graceful()
    bed.wait_served(grown)
    assert bed.serial(small.name) != staged


def test_a_delay_of_activation_is_for_those_that_have_a_certificate(bed):
    """A first one, and one for a name more, are wanted at once."""
    domain = Domain("a.example.org", settings=SETTINGS)
    for wanted in (domain, domain.grown("www.a.example.org")):
        bed.configure(wanted, options=["MDActivationDelay 3d"])
        bed.httpd.restart() if bed.httpd.is_running() else bed.httpd.start()
        bed.obtain(wanted, specs=("p-256",))
