# SPDX-License-Identifier: Apache-2.0
"""OCSP stapling: every handshake gets the staple that is known, whatever becomes of the responder."""

import json
import os
import threading
import time
from dataclasses import replace

import pytest
from cryptography import x509
from cryptography.x509 import ocsp as ocsp_wire

from testbed import tls
from testbed.bed import Domain, PlainHost
from testbed.fault_proxy import answer, endless_body, hold, then
from testbed.listener import Listener, users
from testbed.ocsp import HOUR, drips, forged, good_staple, refusal, says, staple
from testbed.processes import kill_9, threads_named
from testbed.tracing import FilesTouched
from testbed.waiting import eventually

STAPLING = "MDStapling on"
# As long as any answer lives: it is due to be refreshed as soon as it is there.
ALWAYS_DUE = "MDStaplingRenewWindow 30d"
RSA, EC = ("-tls1_2", "-cipher", tls.RSA_ONLY), ("-tls1_2", "-cipher", tls.EC_ONLY)


@pytest.fixture
def bed(ocsp_bed):
    return ocsp_bed


def wait_stapled(bed, name, *arguments, within=30):
    return eventually(lambda: good_staple(bed.httpd.https_port, name, *arguments), f"{name} is stapled", within)


def forget_jobs(bed):
    """As if no attempt had been made: nothing waits for its next try."""
    for job in bed.httpd.store.glob("ocsp/*/job-*.json"):
        job.unlink()


def stapling_status(bed, name, spec="rsa"):
    return bed.md_status(name)["cert"][spec]["ocsp"]


@pytest.mark.ours
def test_a_staple_outlives_its_responder(bed, ocsp):
    """OC-08, OC-09: the responder dies, the server restarts, clients still get a valid staple; the responder returns,
    and the staple is refreshed before it expires."""
    domain = Domain("lives.example.org")
    bed.serve(domain, options=[STAPLING, ALWAYS_DUE])
    bed.wait_served(domain)
    wait_stapled(bed, domain.name)
    first = stapling_status(bed, domain.name)
    assert first["status"] == "good"

    bed.httpd.stop()
    ocsp.responder.stop()
    forget_jobs(bed)
    asked = ocsp.count("ocsp")
    bed.httpd.start()
    good_staple(bed.httpd.https_port, domain.name)  # the very first handshake
    failed = eventually(lambda: stapling_status(bed, domain.name)["renewal"]["errors"] and
                        stapling_status(bed, domain.name), "the refresh fails")
    assert failed["valid"] == first["valid"]
    assert "502" in failed["renewal"]["last"]["detail"]
    assert "goes on being stapled; next try at" in bed.httpd.log()
    for _ in range(20):
        good_staple(bed.httpd.https_port, domain.name)
    assert ocsp.count("ocsp") == asked + 1, "handshakes ask nobody"

    ocsp.responder.start()
    fresh = eventually(lambda: stapling_status(bed, domain.name)["valid"] != first["valid"] and
                       stapling_status(bed, domain.name), "the staple is refreshed", within=60)
    assert fresh["renewal"]["errors"] == 0
    good_staple(bed.httpd.https_port, domain.name)


@pytest.mark.ours
def test_children_made_after_an_answer_serve_and_staple(bed, ocsp):
    domain = Domain("young.example.org")
    bed.serve(domain, options=[STAPLING])
    bed.wait_served(domain)
    wait_stapled(bed, domain.name)
    old = bed.httpd.serving_children()
    for child in old:
        kill_9(child)
    eventually(lambda: len(bed.httpd.serving_children()) >= 2 and not set(old) & set(bed.httpd.serving_children()),
               "the children are others")
    for _ in range(20):
        good_staple(bed.httpd.https_port, domain.name)
        assert bed.fetch(domain.name).status == 200


@pytest.mark.ours
def test_every_kind_of_handshake_gets_its_staple(bed, ocsp):
    """Both certificates of a domain, both versions of TLS, h2; what goes live without a restart, too. OC-17"""
    domain = Domain("kinds.example.org", settings=("MDPrivateKeys RSA P-256",))
    bed.serve(domain, options=[STAPLING])
    bed.wait_served(domain)
    kinds = [RSA, EC, ("-tls1_3",), ("-tls1_3", "-alpn", "h2"), ("-tls1_2", "-alpn", "h2")]
    seen = {kind: wait_stapled(bed, domain.name, *kind).serial for kind in kinds}
    assert seen[RSA] != seen[EC]
    good = [line for line in bed.httpd.log().splitlines() if "certificate status is GOOD" in line]
    assert good and not any("Resource" in line or "(11)" in line for line in good)

    bed.configure(domain.grown("more.kinds.example.org"), options=[STAPLING])
    bed.httpd.graceful()
    bed.wait_served(domain.grown("more.kinds.example.org"))
    for kind in kinds:
        eventually(lambda: good_staple(bed.httpd.https_port, domain.name, *kind).serial not in seen.values(),
                   "the new certificate is stapled")


@pytest.mark.ours
def test_a_revoked_certificate_is_renewed_at_once(bed, ocsp):
    """OC-14: the staple says so, the log and the status say so, and a new key and certificate follow."""
    domain = Domain("revoked.example.org")
    bed.serve(domain, options=[STAPLING, ALWAYS_DUE])
    bed.wait_served(domain)
    wait_stapled(bed, domain.name)
    old = bed.fetch(domain.name).certificate
    bed.httpd.stop()
    forget_jobs(bed)
    ocsp.responder.revoke(old.serial_number)
    orders = bed.proxy.inject("new-order", hold(gate := threading.Event()))
    bed.httpd.start()
    try:
        eventually(lambda: orders.struck, "a renewal begins")
        eventually(lambda: staple(bed.httpd.https_port, domain.name).status == "revoked", "the staple says so")
        eventually(lambda: stapling_status(bed, domain.name)["status"] == "revoked", "every child knows")
        assert "AH10500" in bed.httpd.log()
    finally:
        gate.set()
    new = eventually(lambda: good_staple(bed.httpd.https_port, domain.name), "a new certificate is stapled").certificate
    assert new.public_key().public_numbers() != old.public_key().public_numbers()
    eventually(lambda: stapling_status(bed, domain.name)["status"] == "good", "every child knows")


@pytest.mark.ours
def test_a_reload_and_a_stop_do_not_wait_for_a_responder(bed, ocsp):
    """OC-03, OC-04: fetches are in flight while children end; what ends with the test is checked for crashes."""
    domain = Domain("inflight.example.org")
    held = ocsp.inject("ocsp", hold(gate := threading.Event()), times=None)
    bed.serve(domain, options=[STAPLING])
    bed.wait_served(domain)
    eventually(lambda: held.struck, "a fetch is in flight")
    before = time.monotonic()
    bed.httpd.graceful()
    eventually(lambda: held.struck > 1, "the next worker asks again")
    bed.httpd.stop()
    assert time.monotonic() - before < 10
    gate.set()
    bed.httpd.start()
    wait_stapled(bed, domain.name)


@pytest.mark.parametrize("keep, stays", [
    pytest.param((), True, id="default", marks=pytest.mark.ours), pytest.param(("MDStaplingKeepResponse 1s",), False, id="written")])
def test_C5_a_configured_time_to_keep_is_obeyed(bed, ocsp, keep, stays):
    """An answer is stapled from memory, whatever becomes of its file."""
    domain = Domain("kept.example.org", protocols="http/1.1 acme-tls/1")
    options = [STAPLING, *keep]
    bed.serve(domain, options=options)
    bed.obtain(domain)
    wait_stapled(bed, domain.name)
    bed.httpd.stop()
    ocsp.inject("ocsp", answer(503), times=None)
    for path in bed.httpd.store.glob("ocsp/*/ocsp-*.json"):
        os.utime(path, (time.time() - 30 * 24 * 3600,) * 2)
    bed.httpd.start()
    wait_stapled(bed, domain.name)
    assert bool(list(bed.httpd.store.glob("ocsp/*/ocsp-*.json"))) == stays


@pytest.mark.ours
def test_nothing_is_said_of_fallback_certificates(bed, ocsp):
    """OC-15"""
    domain = Domain("fallback.example.org")
    bed.proxy.inject("new-order", answer(503), times=None)
    bed.serve(domain, options=[STAPLING])
    eventually(lambda: "renewal at CA" in bed.httpd.log(), "the order is refused")
    assert staple(bed.httpd.https_port, domain.name).status is None
    assert [line for line in bed.httpd.log().splitlines()
            if "stapling" in line.lower() and ":debug]" not in line] == []
    assert ocsp.count("ocsp") == 0


@pytest.mark.ours
def test_both_modules_read_each_others_answers(bed, ocsp):
    """Debian's mod_md staples what ours has kept, and the other way round, with the responder away."""
    from testbed.httpd import DEBIAN_MOD_MD, module_under_test
    domain = Domain("both.example.org", protocols="http/1.1 acme-tls/1")
    bed.serve(domain, options=[STAPLING])
    bed.wait_served(domain)
    wait_stapled(bed, domain.name)
    port = bed.httpd.https_port
    gone = ocsp.inject("ocsp", answer(503), times=None)
    for module in (DEBIAN_MOD_MD, module_under_test()):
        bed.httpd.stop()
        bed.use_module(module)
        bed.configure(domain, options=[STAPLING])
        bed.httpd.start()
        eventually(lambda: good_staple(port, domain.name), f"{module} staples what the other has kept")
    # And what Debian's has fetched itself.
    for path in bed.httpd.store.glob("ocsp/*/*"):
        path.unlink()
    ocsp.heal()
    bed.httpd.stop()
    bed.use_module(DEBIAN_MOD_MD)
    bed.configure(domain, options=[STAPLING])
    bed.httpd.start()
    wait_stapled(bed, domain.name)
    bed.httpd.stop()
    ocsp.inject("ocsp", answer(503), times=None)
    bed.use_module(module_under_test())
    bed.configure(domain, options=[STAPLING])
    bed.httpd.start()
    good_staple(port, domain.name)
    assert gone.struck == 0


# What a responder may come up with, and what is said of it. Each certificate has an endpoint of its own.
BAD_ANSWERS = {
    "wrong-signature": "not signed by the certificate's issuer", "wrong-serial": "not about the certificate",
    "expired": "has expired", "future": "not valid before", "truncated": "no OCSP answer", "huge": "65536",
    "endless": "65536", "slow-drip": "bytes of the answer had come", "html": "no OCSP answer", "try-later": "trylater"}


def bad_answers(authority, hosts):
    def about(name):
        return x509.load_pem_x509_certificate(hosts[name].certificate_file.read_bytes())

    def of_ours(name, **changes):
        return forged(authority.root, authority.key, about(name), **changes)

    signed = of_ours("wrong-signature")
    return {"wrong-signature": says(signed[:-1] + bytes([signed[-1] ^ 1])),  # the signature comes last
            "wrong-serial": says(of_ours("html")),
            "expired": says(of_ours("expired", **{"this": -3 * HOUR, "next": -HOUR})),
            "future": says(of_ours("future", **{"this": HOUR, "next": 2 * HOUR})),
            "truncated": says(of_ours("truncated")[:-40]),
            "huge": says(of_ours("huge") + b"\0" * 10_000_000),
            "endless": endless_body, "slow-drip": drips(),
            "html": answer(200, b"<html>Welcome</html>"),
            "try-later": says(refusal(ocsp_wire.OCSPResponseStatus.TRY_LATER))}


def host_with_responder(bed, name, url, *extensions):
    """A TLS host with a certificate of the test's own authority, which names that responder."""
    aia = x509.AuthorityInformationAccess([x509.AccessDescription(
        x509.oid.AuthorityInformationAccessOID.OCSP, x509.UniformResourceIdentifier(url))])
    certificate, key = bed.authority.server_files(name, (f"{name}.example.org",), (aia, *extensions))
    certificate.write_bytes(certificate.read_bytes() + bed.authority.root_file.read_bytes())
    return PlainHost(f"{name}.example.org", certificate, key)


@pytest.mark.ours
def test_a_bad_answer_never_replaces_a_good_one(bed, ocsp):
    """OC-01, OC-02, OC-13, OC-16: many are due at once and asked for in parallel; each bad answer is refused with its
    reason, the one good one among them is taken, and the old staples stay."""
    hosts = {name: host_with_responder(bed, name, ocsp.url_of(name)) for name in (*BAD_ANSWERS, "good")}
    together = threading.Barrier(len(hosts), timeout=10)
    for name in hosts:
        own = forged(bed.authority.root, bed.authority.key,
                     x509.load_pem_x509_certificate(hosts[name].certificate_file.read_bytes()))
        ocsp.inject(name, then(lambda exchange: together.wait()))
        ocsp.inject(name, says(own))
    bed.serve(*hosts.values(), options=[STAPLING, ALWAYS_DUE])
    for name in hosts:
        wait_stapled(bed, hosts[name].name)
    assert not together.broken

    bed.httpd.stop()
    forget_jobs(bed)
    kept = {path: path.read_bytes() for path in bed.httpd.store.glob("ocsp/other/ocsp-*.json")}
    ocsp.heal()
    for name, bad in bad_answers(bed.authority, hosts).items():
        ocsp.inject(name, bad, times=None)
    about = x509.load_pem_x509_certificate(hosts["good"].certificate_file.read_bytes())
    ocsp.inject("good", says(forged(bed.authority.root, bed.authority.key, about)), times=None)
    bed.httpd.start()
    for name, reason in BAD_ANSWERS.items():
        eventually(lambda: [line for line in bed.httpd.log().splitlines() if "goes on being stapled" in line and
                            f"/{name}:" in line and reason in line], f"{name} is refused, and the reason is said")
        good_staple(bed.httpd.https_port, hosts[name].name)
    jobs = [json.loads(path.read_text()) for path in bed.httpd.store.glob("ocsp/other/job-*.json")]
    assert sum(job["errors"] == 1 for job in jobs) == len(BAD_ANSWERS)
    changed = [path for path, content in kept.items() if path.read_bytes() != content]
    assert len(changed) == 1, "the good answer alone has replaced one"


def served_by(proxy, endpoint):
    """Who asked the responder: our worker, which has a name, or mod_ssl, which has none."""
    return {"ours" if "mod_md" in exchange.headers.get("User-Agent", "") else "mod_ssl"
            for exchange in proxy.requests(endpoint)}


@pytest.mark.ours
def test_each_certificate_is_stapled_by_one_module_alone(bed, ocsp):
    """OC-12, OC-06: MDStapling and MDStapleOthers by host, together with SSLUseStapling. Where ours is off, mod_ssl's
    own goes on; where it is on, mod_ssl asks nobody, not even while no answer is known. No responder: no complaint."""
    words = {"by-server": [], "host-off": ["MDStapling off"], "others-off": ["MDStapleOthers off"],
             "others-on": ["MDStapleOthers on"]}
    hosts = {name: replace(host_with_responder(bed, name, ocsp.url_of(name)), vhost=tuple(lines))
             for name, lines in words.items()}
    plain = PlainHost("plain.example.org", *bed.authority.server_files("plain", ("plain.example.org",)))
    for name in hosts:
        ocsp.inject(name, answer(503), times=None)
    bed.serve(*hosts.values(), plain, options=[
        STAPLING, "SSLUseStapling on", "SSLStaplingCache shmcb:logs/staples(128000)",
        "SSLStaplingReturnResponderErrors off", "SSLStaplingFakeTryLater off"])
    for name in hosts:
        staple(bed.httpd.https_port, hosts[name].name)
        expected = {"mod_ssl"} if name in ("host-off", "others-off") else {"ours"}
        eventually(lambda: served_by(ocsp, name) == expected, f"{name} is asked for by {expected}")
    assert staple(bed.httpd.https_port, plain.name).status is None
    about_plain = [line for line in bed.httpd.log().splitlines() if "names no OCSP responder" in line]
    assert all(":debug]" in line for line in about_plain)


@pytest.mark.ours
def test_must_staple_without_a_responder_is_said(bed):
    demand = x509.TLSFeature([x509.TLSFeatureType.status_request])
    certificate, key = bed.authority.server_files("must", ("must.example.org",), (demand,))
    certificate.write_bytes(certificate.read_bytes() + bed.authority.root_file.read_bytes())
    bed.serve(PlainHost("must.example.org", certificate, key), options=[STAPLING])
    assert [line for line in bed.httpd.log().splitlines() if ":warn]" in line and "must-staple" in line]


@pytest.mark.ours
def test_must_staple_without_stapling_is_said(bed):
    domain = Domain("demands.example.org", settings=("MDMustStaple on", "MDRenewMode manual"))
    for lines, is_warned in (((), True), (("SSLUseStapling on", "SSLStaplingCache shmcb:logs/staples(32768)"), False),
                             ((STAPLING,), False)):
        mark = bed.httpd.mark()
        bed.serve(domain, options=lines)
        said = [line for line in bed.httpd.log_since(mark).splitlines() if "MDMustStaple is on" in line]
        assert len(said) == is_warned
        bed.httpd.stop()


@pytest.mark.ours
def test_certificate_files_are_stapled_and_the_status_tells(bed, ocsp):
    files = host_with_responder(bed, "files", ocsp.url_of("files"))
    about = x509.load_pem_x509_certificate(files.certificate_file.read_bytes())
    ocsp.inject("files", says(forged(bed.authority.root, bed.authority.key, about)), times=None)
    domain = Domain(files.name, settings=(f"MDCertificateFile {files.certificate_file}",
                                          f"MDCertificateKeyFile {files.key_file}"))
    bed.serve(domain, options=[STAPLING])
    wait_stapled(bed, domain.name)
    seen = eventually(lambda: (one := stapling_status(bed, domain.name, "0"))["status"] == "good" and one, "it is known")
    assert seen["responder"] == ocsp.url_of("files") and seen["renewal"]["errors"] == 0
    assert sorted(bed.md_status(domain.name)["cert"]) == ["0", "valid"]


@pytest.mark.ours
@pytest.mark.root
def test_a_handshake_without_a_known_answer_reads_no_file(bed, ocsp):
    """OC-10: and no lock is taken but that of a pointer's copy, see ocsp::StapleCache; bench/stapling.py has the cost."""
    host = host_with_responder(bed, "nothing-known", ocsp.url_of("nothing-known"))
    refused = ocsp.inject("nothing-known", answer(503), times=None)
    bed.serve(host, options=[STAPLING])
    eventually(lambda: refused.struck and list(bed.httpd.store.glob("ocsp/other/job-*.json")), "the answer is refused")
    with FilesTouched(bed.httpd.serving_children(), bed.root / "strace") as files:
        eventually(lambda: tls.fetch(bed.httpd.https_port, host.name) and
                   any("index.html" in line for line in files.lines), "the trace sees what a request reads")
        for _ in range(30):
            assert staple(bed.httpd.https_port, host.name).status is None
        # Main threads and ours load answers; neither answers handshakes.
        children = bed.httpd.serving_children()
        own_threads = {str(thread) for pid in children for thread in (pid, *threads_named(pid, "md-"))}
    assert own_threads
    assert [line for line in files.lines if "ocsp" in line and line.split()[0] not in own_threads] == []


@pytest.mark.ours
def test_events_tell_how_the_fetches_go(bed, ocsp):
    """Failures at most once an hour, across restarts, too; each new answer."""
    domain = Domain("told.example.org")
    listener = Listener(bed)
    refused = ocsp.inject("ocsp", answer(503), times=2)
    bed.serve(domain, options=[STAPLING, listener.option])
    bed.wait_served(domain)
    for failures in (1, 2):
        eventually(lambda: refused.struck == failures and list(bed.httpd.store.glob("ocsp/*/job-*.json")),
                   "the answer is refused")
        bed.httpd.stop()
        forget_jobs(bed)
        bed.httpd.start()
    wait_stapled(bed, domain.name)
    eventually(lambda: "ocsp-renewed" in listener.events(), "the event of the answer")
    child = users(None)[0]
    assert [call for call in listener.calls() if call[1].startswith("ocsp-")] == [
        (child, "ocsp-errored", domain.name), (child, "ocsp-renewed", domain.name)]


@pytest.mark.ours
def test_a_responder_is_asked_by_the_proxy(bed, ocsp):
    """Of a responder that cannot be reached, nor looked up, otherwise."""
    host = host_with_responder(bed, "behind-proxy", "http://responder.invalid/of-ours")
    about = x509.load_pem_x509_certificate(host.certificate_file.read_bytes())
    ocsp.inject("ocsp", says(forged(bed.authority.root, bed.authority.key, about)))
    bed.serve(host, options=[STAPLING, f"MDHttpProxy {ocsp.url}"])
    wait_stapled(bed, host.name)
    assert [exchange.path for exchange in ocsp.requests("ocsp")
            if not exchange.path.startswith("http://responder.invalid/of-ours")] == []
