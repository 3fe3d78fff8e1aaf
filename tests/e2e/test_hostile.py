# SPDX-License-Identifier: Apache-2.0
"""What who is not root may lay into the store, or hold, and what administrators' links lead to."""

import json
import os
import pwd
import resource
import shutil
import subprocess
import time
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec

from testbed import processes, tls
from testbed.bed import Domain, Layout
from testbed.httpd import CHILD_USER, DEBIAN_MOD_MD, module_under_test
from testbed.pki import pem
from testbed.store import certificates
from testbed.waiting import PATIENCE, eventually, never

DOMAIN = Domain("hostile.example.org", settings=("MDPrivateKeys P-256",))
SPEC = ("p-256",)
MEBIBYTE = 1024 * 1024
OURS_UNDER_TEST = module_under_test() != DEBIAN_MOD_MD.resolve()


def as_user(user, *command, **how):
    entry = pwd.getpwnam(user)
    return subprocess.run(command, user=entry.pw_uid, group=entry.pw_gid, extra_groups=[], capture_output=True, **how)


def plant(path, content, user=CHILD_USER):
    """Lays a file as the children's user, as a script of a web application could."""
    done = as_user(user, "sh", "-c", 'mkdir -p "$(dirname "$1")" && cat > "$1"', "sh", str(path), input=content)
    assert done.returncode == 0, done.stderr


def costly_list():
    return b"[" + b"{}," * (MEBIBYTE // 3 - 2) + b"{}]"


def costly_object():
    return b"{" + b",".join(b'"%d":0' % number for number in range(MEBIBYTE // 10)) + b"}"


def cpu_seconds(pid):
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def live(bed):
    bed.serve(DOMAIN)
    bed.obtain(DOMAIN, specs=SPEC)
    bed.httpd.stop()
    return bed.store.serial(DOMAIN.name, "p-256")


@pytest.mark.ours
@pytest.mark.root
@pytest.mark.parametrize("content", [costly_list(), costly_object()], ids=["list", "object"])
def test_files_that_are_costly_to_read_cost_a_moment(bed, content):  # H1
    serial = live(bed)
    for name in (f"staging/{DOMAIN.name}/kept.json", f"staging/{DOMAIN.name}/job.json", f"requests/{DOMAIN.name}.json",
                 f"renewal-info/{DOMAIN.name}.json", "ocsp/other.example.org/ocsp-00ff.json"):
        plant(bed.httpd.store / name, content)
    bed.httpd.start()
    parent = bed.httpd.pid
    assert cpu_seconds(parent) < 2 * PATIENCE
    assert not (bed.httpd.store / "staging" / DOMAIN.name / "kept.json").exists()
    plant(bed.httpd.store / "staging" / DOMAIN.name / "kept.json", content)
    before = cpu_seconds(parent)
    bed.httpd.graceful()
    assert cpu_seconds(parent) - before < 2 * PATIENCE
    plant(bed.httpd.store / "staging" / DOMAIN.name / "job.json", content)
    children = bed.httpd.serving_children()
    before = sum(cpu_seconds(pid) for pid in children)
    time.sleep(4)
    assert sum(cpu_seconds(pid) for pid in children) - before < 2 * PATIENCE
    assert bed.serial(DOMAIN.name) == serial


# -- H2: links and folders that are not root's


def refuses_to_start(bed, *words):
    mark = bed.httpd.mark()
    bed.httpd.launch()
    eventually(lambda: not bed.httpd.is_running(), "httpd refuses to start")
    said = bed.httpd.log_since(mark) + bed.httpd.stderr()
    for word in words:
        assert word in said, said[-2000:]


def give_away(path):
    entry = pwd.getpwnam(CHILD_USER)
    os.chown(path, entry.pw_uid, entry.pw_gid, follow_symlinks=False)


@pytest.mark.ours
@pytest.mark.root
@pytest.mark.parametrize("group", ["staging", "challenges", "domains", "accounts", "archive", "tmp", "ocsp"])
def test_root_follows_no_link_of_others_in_place_of_a_group(bed, group):  # H2
    live(bed)
    target = bed.root / "precious"
    target.mkdir(mode=0o700)
    shutil.rmtree(bed.httpd.store / group)
    link = bed.httpd.store / group
    link.symlink_to(target)
    give_away(link)
    refuses_to_start(bed, str(link), "www-data", "chown")
    status = target.stat()
    assert (status.st_uid, status.st_mode & 0o7777) == (0, 0o700)
    assert list(target.iterdir()) == []


@pytest.mark.ours
@pytest.mark.root
def test_root_takes_over_no_store_of_others(bed):  # H2
    live(bed)
    planted = bed.root / "planted"
    shutil.copytree(bed.httpd.store, planted)
    header = json.loads((planted / "md_store.json").read_text())
    (planted / "md_store.json").write_text(json.dumps({**header, "key": "A" * 64}))
    shutil.rmtree(bed.httpd.store)
    planted.rename(bed.httpd.store)
    give_away(bed.httpd.store)
    refuses_to_start(bed, str(bed.httpd.store), "www-data", "chown root")
    assert pwd.getpwuid(bed.httpd.store.stat().st_uid).pw_name == CHILD_USER


@pytest.mark.ours
@pytest.mark.root
def test_root_takes_no_keys_from_a_folder_of_others(bed):  # H2
    live(bed)
    give_away(bed.httpd.store / "domains")
    refuses_to_start(bed, str(bed.httpd.store / "domains"), "chown root")


# A volume with fsGroup (Kubernetes), a share (CIFS) as it is mounted, and folders that somebody opened.
SHARED = {
    "fsGroup": (("", "domains", "accounts"), 0o2770, CHILD_USER),
    "CIFS": (("", "domains", "accounts", "archive", "tmp"), 0o777, "root"),
    "only a group": (("domains",), 0o777, "root"),
}


@pytest.mark.ours
@pytest.mark.root
@pytest.mark.parametrize("how", SHARED)
def test_a_store_that_others_may_write_is_warned_of_and_used(bed, how):
    names, mode, group = SHARED[how]
    live(bed)
    folders = [bed.httpd.store / name for name in names]
    for folder in folders:
        folder.mkdir(exist_ok=True)
        os.chown(folder, 0, pwd.getpwnam(group).pw_gid)
        folder.chmod(mode)
    mark = bed.httpd.mark()
    bed.httpd.start()
    bed.wait_served(DOMAIN)
    for folder in folders:
        assert f"{folder} may be written by others than root" in bed.httpd.log_since(mark)
        assert folder.stat().st_mode & 0o7777 == mode, "modes are the administrator's"
    grown = DOMAIN.grown("more.example.org")
    bed.configure(grown)
    bed.httpd.graceful()
    bed.wait_served(grown)


@pytest.mark.root
def test_a_first_start_in_a_folder_that_all_may_write(bed):
    bed.httpd.store.mkdir()
    bed.httpd.store.chmod(0o777)
    bed.serve(DOMAIN)
    bed.obtain(DOMAIN, specs=SPEC)
    assert bed.httpd.store.stat().st_mode & 0o7777 == 0o777
    assert (bed.httpd.store / "domains").stat().st_mode & 0o7777 == 0o700


@pytest.mark.root
def test_a_link_of_root_in_place_of_the_key_of_the_store_is_followed(bed):
    bed.serve(DOMAIN)
    bed.obtain(DOMAIN, specs=SPEC)
    bed.httpd.stop()
    secret = bed.root / "secret.json"
    shutil.move(bed.httpd.store / "md_store.json", secret)
    (bed.httpd.store / "md_store.json").symlink_to(secret)
    bed.httpd.start()
    bed.wait_served(DOMAIN)
    assert (bed.httpd.store / "md_store.json").is_symlink()


@pytest.mark.ours
@pytest.mark.root
def test_a_link_of_others_in_place_of_the_key_of_the_store_is_not(bed):  # H2
    live(bed)
    secret = bed.root / "secret.json"
    shutil.move(bed.httpd.store / "md_store.json", secret)
    (bed.httpd.store / "md_store.json").symlink_to(secret)
    give_away(bed.httpd.store / "md_store.json")
    refuses_to_start(bed, str(bed.httpd.store / "md_store.json"), "www-data", "chown")


@pytest.mark.root
@pytest.mark.parametrize("linked", ["", "challenges", "staging", "domains"])
def test_links_of_root_are_followed(bed, linked):  # H2
    elsewhere = bed.root / "elsewhere"
    elsewhere.mkdir(mode=0o755)
    if linked:
        bed.httpd.store.mkdir(mode=0o755)
    (bed.httpd.store / linked if linked else bed.httpd.store).symlink_to(elsewhere)
    bed.serve(DOMAIN)
    bed.obtain(DOMAIN, specs=SPEC)
    assert bed.fetch(DOMAIN.name).status == 200


# -- H3: links of administrators


def linked_files(bed, how):
    """A pair as certbot keeps it; the lines that name it."""
    archive, files = bed.root / "archive", bed.root / "live"
    for folder in (archive, files):
        folder.mkdir(mode=0o755)
    key = ec.generate_private_key(ec.SECP256R1())
    certificate = bed.authority.issue([DOMAIN.name], key.public_key())
    for name, thing in (("fullchain.pem", certificate), ("privkey.pem", key)):
        (archive / name).write_bytes(pem(thing))
        if how == "folder":
            (files / name).write_bytes(pem(thing))
        else:
            (files / name).symlink_to(Path("../archive") / name)
    if how != "file":
        (bed.root / "linked").symlink_to("live")
        files = bed.root / "linked"
    return certificate, (f"MDCertificateFile {files}/fullchain.pem", f"MDCertificateKeyFile {files}/privkey.pem")


@pytest.mark.parametrize("how", ["file", "folder", "both"])
def test_certificate_files_behind_links_are_served(bed, how):  # H3 reports 3
    certificate, lines = linked_files(bed, how)
    bed.serve(Domain(DOMAIN.name, settings=lines))
    assert tls.served_certificate(bed.httpd.https_port, DOMAIN.name).serial_number == certificate.serial_number
    assert tls.fetch(bed.httpd.https_port, DOMAIN.name).status == 200


def test_a_file_of_an_external_account_behind_a_link_is_read(bed):  # H3 reports 3
    (bed.root / "secret.json").write_text(json.dumps({"kid": "kid-1", "hmac": "MTIzNDU2Nzg5MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTI"}))
    (bed.httpd.root / "eab.json").symlink_to(bed.root / "secret.json")
    bed.serve(Domain(DOMAIN.name, settings=("MDExternalAccountBinding eab.json",)))
    assert bed.httpd.is_running()


# -- H4: what proves that our worker wrote it


@pytest.fixture
def running(bed):
    """A server with a live certificate of ours, which does nothing by itself."""
    bed.serve(DOMAIN, options=["MDCheckInterval 1h"])
    bed.wait_served(DOMAIN)
    bed.initial = bed.serial(DOMAIN.name)
    return bed


def own_pair(bed, names=DOMAIN.names):
    """Of another CA, with every name: all that fits but whose it is."""
    key = ec.generate_private_key(ec.SECP256R1())
    return key, bed.authority.issue(list(names), key.public_key())


def stage(bed, key_pem, certificate_pem):
    staging = bed.httpd.store / "staging" / DOMAIN.name
    plant(staging / "privkey.p-256.pem", key_pem)
    plant(staging / "pubcert.p-256.pem", certificate_pem)


def encrypted(key, pass_phrase):
    return key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8,
                             serialization.BestAvailableEncryption(pass_phrase))


def stays_as_it_is(bed):
    never(lambda: bed.serial(DOMAIN.name) != bed.initial, "another certificate is served", 2)
    bed.httpd.graceful()
    assert bed.serial(DOMAIN.name) == bed.initial
    bed.httpd.restart()
    assert bed.serial(DOMAIN.name) == bed.initial


@pytest.mark.ours
@pytest.mark.root
@pytest.mark.parametrize("form", ["plain", "of another store", "of a challenge"])
def test_a_staged_key_that_is_not_ours_goes_not_live(running, form):  # H4
    key, certificate = own_pair(running)
    if form == "plain":
        stage(running, pem(key), pem(certificate))
    elif form == "of another store":
        stage(running, encrypted(key, b"another"), pem(certificate))
    else:
        # A key that the store's key encrypts, copied from another place, and a certificate for its public half.
        copied = encrypted(key, running.store.pass_phrase())
        stage(running, copied, pem(certificate))
    stays_as_it_is(running)


@pytest.mark.ours
@pytest.mark.root
def test_a_staged_account_that_is_not_ours_is_not_promoted(bed):  # H4
    bed.serve(DOMAIN, options=bed.wait_for_restart())
    bed.wait_staged(DOMAIN, specs=SPEC)
    staging = bed.httpd.store / "staging" / DOMAIN.name
    account = json.loads((staging / "account.json").read_text())
    plant(staging / "account.pem", pem(ec.generate_private_key(ec.SECP256R1())))
    plant(staging / "account.json", json.dumps({**account, "url": "https://ca.test/of/an/attacker"}).encode())
    bed.httpd.restart()
    bed.wait_served(DOMAIN)
    for name in bed.store.accounts():
        assert "attacker" not in (bed.httpd.store / "accounts" / name / "account.json").read_text()


@pytest.mark.ours
@pytest.mark.root
def test_a_planted_note_keeps_no_event_back(bed):  # H4
    told, script = bed.root / "told", bed.root / "tell"
    told.touch()
    told.chmod(0o666)
    script.write_text(f'#!/bin/sh\necho "$1" >> {told}\n')
    script.chmod(0o755)
    options = [f"MDMessageCmd {script}", *bed.wait_for_restart()]
    bed.serve(DOMAIN, options=options)
    bed.wait_staged(DOMAIN, specs=SPEC)
    path = bed.httpd.store / "staging" / DOMAIN.name / "job.json"
    job = json.loads(path.read_text())
    job["log"]["entries"].insert(0, {"type": "message-installed", "when": "Sun, 22 Nov 2026 12:00:00 GMT"})
    plant(path, json.dumps(job).encode())
    bed.configure(DOMAIN, options=[f"MDMessageCmd {script}"])
    bed.httpd.restart()
    bed.wait_served(DOMAIN)
    eventually(lambda: "installed" in told.read_text().split(), "the installed event")


# -- M1, M5: other users of the machine


@pytest.mark.ours
@pytest.mark.root
def test_nobody_else_can_hold_a_lock_or_read_a_secret(make_bed):  # M1 M5
    hmac = "MTIzNDU2Nzg5MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTI"
    bed = make_bed(config={"externalAccountBindingRequired": True, "externalAccountMACKeys": {"kid-1": hmac}})
    domain = Domain(DOMAIN.name, settings=(*DOMAIN.settings, f"MDExternalAccountBinding kid-1 {hmac}"))
    bed.serve(domain, options=[*bed.wait_for_restart(), "MDStoreLocks on"])
    bed.wait_staged(domain, specs=SPEC)
    readable = [path for path in bed.httpd.store.rglob("*")
                if path.is_file() and as_user("nobody", "test", "-r", str(path)).returncode == 0]
    assert not [path for path in readable if path.suffix == ".lock"]
    assert not [path for path in readable if hmac.encode() in path.read_bytes()]
    bed.httpd.restart()
    bed.wait_served(domain)
    for path in bed.httpd.store.rglob("*"):
        if path.is_file() and hmac.encode() in path.read_bytes():
            assert as_user("nobody", "cat", str(path)).returncode != 0, path
    assert bed.store.exposures(pwd.getpwnam(CHILD_USER).pw_uid) == []
