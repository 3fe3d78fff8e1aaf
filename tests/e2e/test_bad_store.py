# SPDX-License-Identifier: Apache-2.0
"""A store with broken, missing, unreadable and foreign files, partial staged sets, a full disk: the server starts and
serves, says what is wrong, and loses nothing."""

import errno
import json
import os
import subprocess

import pytest

from testbed import batch, tls
from testbed.bed import Domain, Layout
from testbed.httpd import DEBIAN_MOD_MD
from testbed.processes import ORDINARY_USER
from testbed.waiting import eventually

DOMAIN = Domain("kept.example.org", settings=("MDPrivateKeys P-256 RSA", "MDCAChallenges http-01"))
SPECS = ("p-256", "")


def served(bed):
    return {bed.serial(DOMAIN.name, ciphers=ciphers) for ciphers in (tls.RSA_ONLY, tls.EC_ONLY)}


@pytest.fixture
def active(bed):
    """A stopped server with certificates in its store."""
    bed.serve(DOMAIN)
    bed.obtain(DOMAIN, specs=SPECS)
    bed.certificates = served(bed)
    bed.httpd.stop()
    return bed


@pytest.fixture
def staged(bed):
    """A stopped server with a staged set that the next start would activate."""
    bed.serve(DOMAIN, options=bed.wait_for_restart())
    bed.wait_staged(DOMAIN, specs=SPECS)
    bed.httpd.stop()
    return bed


BREAKAGES = {"empty": b"", "truncated": b'{"store": {"vers', "garbage": bytes(range(256)), "another type": b"[1, 2]"}
EXPENDABLE = [f"domains/{DOMAIN.name}/md.json", f"domains/{DOMAIN.name}/job.json",
              f"staging/{DOMAIN.name}/job.json", f"staging/{DOMAIN.name}/md.json", f"staging/{DOMAIN.name}/order.json",
              f"challenges/{DOMAIN.name}/acme-http-01.txt", f"domains/{DOMAIN.name}/fallback-pubcert.pem"]


@pytest.mark.parametrize("breakage", BREAKAGES)
def test_broken_files_cost_no_certificate(active, breakage):
    for name in EXPENDABLE:
        path = active.httpd.store / name
        path.parent.mkdir(mode=0o755, exist_ok=True)
        path.write_bytes(BREAKAGES[breakage])
    active.httpd.start()
    assert served(active) == active.certificates
    assert active.store.json("domains", DOMAIN.name, "md.json")["name"] == DOMAIN.name
    assert active.pebble.orders() == 2


@pytest.mark.ours
@pytest.mark.parametrize("breakage", BREAKAGES)
def test_broken_server_properties_are_written_anew(active, breakage):
    """ST-05"""
    (active.httpd.store / "httpd.json").write_bytes(BREAKAGES[breakage])
    active.httpd.start()
    assert active.store.json("httpd.json")["proto"]
    assert served(active) == active.certificates


@pytest.mark.ours
@pytest.mark.parametrize("breakage", BREAKAGES)
def test_a_broken_account_is_replaced_once(active, breakage):
    for name in ("account.json", "account.pem"):
        (active.httpd.store / "accounts" / active.store.accounts()[0] / name).write_bytes(BREAKAGES[breakage])
    grown = DOMAIN.grown("more.kept.example.org")
    active.configure(grown)
    active.httpd.start()
    assert served(active) == active.certificates
    active.obtain(grown, specs=SPECS)
    assert active.pebble.accounts() == 2


@pytest.mark.parametrize("breakage", BREAKAGES)
def test_a_broken_store_header_refuses_the_start_and_says_why(active, breakage):
    header = active.httpd.store / "md_store.json"
    keys = {path: path.read_bytes() for path in active.httpd.store.rglob("*.pem")}
    header.write_bytes(BREAKAGES[breakage])
    active.httpd.launch()
    eventually(lambda: not active.httpd.is_running(), "httpd refuses to start")
    assert "md_store.json" in active.httpd.log() + active.httpd.stderr()
    assert {path: path.read_bytes() for path in keys} == keys
    assert header.read_bytes() == BREAKAGES[breakage]


def test_missing_directories_come_back(active):
    for group in ("archive", "challenges", "staging", "tmp", "ocsp"):
        subprocess.run(["rm", "-rf", active.httpd.store / group], check=True)
    active.httpd.start()
    assert served(active) == active.certificates
    grown = DOMAIN.grown("again.kept.example.org")
    active.configure(grown)
    active.httpd.restart()
    active.obtain(grown, specs=SPECS)


def test_foreign_files_and_links_are_passed_over(active):
    for group in ("domains", "staging", "archive", "accounts", "challenges"):
        directory = active.httpd.store / group
        (directory / "notes.txt~").write_text("an editor's backup")
        (directory / "link").symlink_to("/nowhere/at/all")
        (directory / "empty-directory").mkdir()
    active.httpd.start()
    assert served(active) == active.certificates
    assert active.pebble.orders() == 2


@pytest.mark.root
def test_unreadable_files_are_survived(make_bed):
    """ST-06"""
    bed = make_bed(Layout(user=ORDINARY_USER))
    bed.serve(DOMAIN)
    bed.obtain(DOMAIN, specs=SPECS)
    certificates = served(bed)
    bed.httpd.stop()
    properties = bed.httpd.store / "httpd.json"
    properties.touch()
    unreadable = [properties, bed.httpd.store / "domains" / DOMAIN.name / "md.json"]
    foreign = bed.httpd.store / "domains" / "root.example.org"
    foreign.mkdir(mode=0o700)
    for path in unreadable:
        path.chmod(0)
    mark = bed.httpd.mark()
    bed.httpd.start()
    assert served(bed) == certificates
    for path in unreadable:
        assert str(path) in bed.httpd.log_since(mark)


STAGED_DAMAGE = {
    "no key": lambda staging: (staging / "privkey.pem").unlink(),
    "no certificate": lambda staging: (staging / "pubcert.p-256.pem").unlink(),
    "empty certificate": lambda staging: (staging / "pubcert.pem").write_bytes(b""),
    "half a certificate": lambda staging: halve(staging / "pubcert.pem"),
    "half a key": lambda staging: halve(staging / "privkey.p-256.pem"),
    "keys exchanged": lambda staging: exchange(staging / "privkey.pem", staging / "privkey.p-256.pem"),
    "nothing but a finished job": lambda staging: [p.unlink() for p in staging.iterdir() if p.name != "job.json"],
}


def halve(path):
    path.write_bytes(path.read_bytes()[:path.stat().st_size // 2])


def exchange(one, other):
    first, second = one.read_bytes(), other.read_bytes()
    one.write_bytes(second)
    other.write_bytes(first)


# Debian's mod_md takes the first two for finished forever, and the third for a reason to wait.
OURS_ALONE = {"no key", "no certificate", "empty certificate"}


@pytest.mark.parametrize("damage", [pytest.param(name, marks=pytest.mark.ours) if name in OURS_ALONE else name
                                    for name in STAGED_DAMAGE])
def test_a_damaged_staged_set_is_not_activated_and_the_renewal_starts_over(staged, damage):
    STAGED_DAMAGE[damage](staged.httpd.store / "staging" / DOMAIN.name)
    broken = {certificate for certificate, _ in staged.proxy.issued(DOMAIN.name)}
    mark = len(staged.httpd.log())
    staged.httpd.start()
    assert tls.fetch(staged.httpd.https_port, DOMAIN.name).status == 503
    staged.obtain(DOMAIN, specs=SPECS)
    assert not served(staged) & broken
    assert staged.store.damage() == []
    assert DOMAIN.name in staged.httpd.log()[mark:]


@pytest.fixture
def small_disk(bed):
    """The store on a file system of 1 MiB."""
    bed.httpd.store.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=1m,mode=0755", "tmpfs", bed.httpd.store],
                             capture_output=True, text=True)
    if mounted.returncode:
        pytest.skip(f"cannot mount: {mounted.stderr.strip()}")
    yield bed
    bed.httpd.stop()
    subprocess.run(["umount", bed.httpd.store], check=True)


@pytest.mark.ours
@pytest.mark.root
def test_a_full_disk(small_disk):
    bed = small_disk
    bed.serve(DOMAIN)
    bed.obtain(DOMAIN, specs=SPECS)
    certificates = served(bed)
    bed.httpd.stop()
    filler = bed.httpd.store / "filler"
    fill(filler)
    grown = DOMAIN.grown("more.kept.example.org")
    bed.configure(grown)
    mark = len(bed.httpd.log())
    bed.httpd.start()
    eventually(lambda: "No space left on device" in bed.httpd.log()[mark:], "the log tells")
    assert served(bed) == certificates
    filler.unlink()
    bed.httpd.graceful()
    bed.obtain(grown, specs=SPECS)
    assert bed.store.damage() == []


@pytest.mark.ours
@pytest.mark.root
def test_a_disk_too_small_for_the_first_start(small_disk):
    """Those of whom nothing could be written serve the fallback of another; all are well once there is room."""
    bed, domains = small_disk, batch.many(300)
    bed.configure(*domains, options=["MDPrivateKeys P-256", "MDRenewMode manual"])
    bed.httpd.start()
    assert "No space left on device" in bed.httpd.log()
    for domain in (domains[0], domains[-1]):
        assert tls.fetch(bed.httpd.https_port, domain.name).status == 503
    assert bed.store.damage() == []
    subprocess.run(["mount", "-o", "remount,size=10m", bed.httpd.store], check=True)
    bed.httpd.graceful()
    for file in ("fallback-pubcert.p-256.pem", "md.json"):
        assert len(list(bed.store.path.glob(f"domains/*/{file}"))) == len(domains)


def fill(path):
    with open(path, "wb", buffering=0) as file:
        try:
            while True:
                file.write(bytes(4096))
        except OSError as full:
            assert full.errno == errno.ENOSPC


def edited(change):
    """Changes a document and writes it back."""
    def edit(path):
        document = json.loads(path.read_text())
        change(document)
        path.write_text(json.dumps(document, indent=2))
    return edit


def rewritten(change):
    return lambda path: path.write_bytes(change(path.read_bytes()))


# What editors, copies and hands make of a document, whatever is in it.
HANDLED = {"a BOM": rewritten(lambda text: b"\xef\xbb\xbf" + text),
           "lines of Windows": rewritten(lambda text: text.replace(b"\n", b"\r\n")),
           "lines of old Macs": rewritten(lambda text: text.replace(b"\n", b"\r")),
           "unknown members": edited(lambda document: document.update({"x": {"y": [1]}, "z": None})),
           "another owner": lambda path: os.chown(path, 33, 33),
           "open to all": lambda path: path.chmod(0o666),
           "closed to all": lambda path: path.chmod(0)}
# What is only fine where the document can be written anew.
DAMAGED = {"half of it": rewritten(lambda text: text[:len(text) // 2]),
           "nothing": rewritten(lambda text: b""),
           "something behind it": rewritten(lambda text: text + b"\n\nnotes"),
           "a comma too many": rewritten(lambda text: text.rstrip()[:-1].rstrip() + b",\n}"),
           "a comment": rewritten(lambda text: b"// edited\n" + text),
           "a list": rewritten(lambda text: b"[]"),
           "null": rewritten(lambda text: b"null")}
MEMBERS = [("name", 5), ("name", ""), ("name", "../x"), ("name", "other.example.org"), ("domains", "kept.example.org"),
           ("domains", []), ("domains", [1, None]), ("domains", ["In!valid"]), ("contacts", "mailto:x@y.org"),
           ("contacts", {"a": 1}), ("state", "2"), ("state", 99), ("state", -1), ("renew-mode", "1"), ("renew-mode", 9),
           ("renew-window", "soon"), ("renew-window", 33), ("renew-window", "500%"), ("privkey", "RSA"),
           ("privkey", [{"type": "RSA", "bits": "2048"}]), ("privkey", {"type": "EC", "curve": "../x"}), ("ca", "x"),
           ("ca", {"urls": "x", "challenges": "http-01", "account": 7, "proto": 3}), ("must-staple", "yes"),
           ("transitive", "1"), ("require-https", 1), ("proto", []), ("eab", 7), ("cert-files", 5)]
VERSIONS = ["3.0", "3", "x", None, True, [], 3, -1]


def test_bad_input_in_md_json_costs_nothing(active):
    path = active.httpd.store / "domains" / DOMAIN.name / "md.json"
    whole = path.read_bytes()
    wrongs = {**HANDLED, **DAMAGED, **{f"{member}: {value}": edited(lambda document, m=member, v=value: document.update({m: v}))
                                      for member, value in MEMBERS}}
    for what, do_wrong in wrongs.items():
        path.write_bytes(whole)
        do_wrong(path)
        active.httpd.start()
        assert active.serial(DOMAIN.name, ciphers=tls.EC_ONLY) in active.certificates, what
        active.httpd.stop()
        assert active.store.json("domains", DOMAIN.name, "md.json")["domains"] == [DOMAIN.name], what
    assert active.pebble.orders() == 2


def test_bad_input_in_the_header_refuses_no_start(active):
    path = active.httpd.store / "md_store.json"
    whole = path.read_bytes()
    wrongs = {**{what: change for what, change in HANDLED.items()},
              **{f"version {value}": edited(lambda document, v=value: document["store"].update(version=v))
                 for value in VERSIONS},
              "no version": edited(lambda document: document["store"].pop("version")),
              "no store": edited(lambda document: document.pop("store"))}
    if active.httpd.layout.module == DEBIAN_MOD_MD:
        del wrongs["a BOM"]
    for what, do_wrong in wrongs.items():
        path.write_bytes(whole)
        do_wrong(path)
        active.httpd.start()
        assert active.serial(DOMAIN.name, ciphers=tls.EC_ONLY) in active.certificates, what
        active.httpd.stop()
    assert active.pebble.orders() == 2


JOBS = ['{"name": "kept", "finis', "[]", "", '{"finished": "false", "errors": "3", "next-run": 5, "last-run": {}}',
        '{"errors": -5, "last": 7, "log": {"entries": "x"}}', '{"errors": 1e300, "log": [[[]]]}']


def test_bad_input_in_job_json_costs_nothing(active):
    path = active.httpd.store / "staging" / DOMAIN.name / "job.json"
    path.parent.mkdir(mode=0o755, exist_ok=True)
    for text in JOBS:
        path.write_text(text)
        active.httpd.start()
        assert active.serial(DOMAIN.name, ciphers=tls.EC_ONLY) in active.certificates, text
        assert active.md_status(DOMAIN.name)["name"] == DOMAIN.name
        active.httpd.stop()
    assert active.pebble.orders() == 2
