# SPDX-License-Identifier: Apache-2.0
"""The life of an installation on a running site. A client asks twenty times a second all the while."""

import re
import time

from conftest import rebuilt
from running_site import NAME, STORE
from system import MODULE, PACKAGE, REPOSITORY

ASIDE = MODULE + ".distrib"
KEPT = ("domains/", "accounts/")  # what a store is for


def kept(system):
    return {file: digest for file, digest in system.digests(STORE).items() if any(part in file for part in KEPT)
            and not file.endswith(("job.json", "md.json"))}


def diversions(system):
    return system.run(f"dpkg-divert --listpackage {MODULE}").strip()


def settle(site):
    """Some more answers of the client, with all as it is."""
    before = len(site.answers())
    deadline = time.monotonic() + 30
    while len(site.answers()) < before + 40:
        assert time.monotonic() < deadline, "The client gets no more answers."
        time.sleep(0.1)


def install(system, file):
    return system.run(f"apt-get install -y --allow-downgrades ./{file}")


def test_life_of_an_installation(debians_site, package, newer_package, record_property):
    site, system = debians_site, debians_site.system
    began = time.time()
    before = kept(system)
    assert before
    system.copy_in(newer_package, "/root/newer.deb")

    def takes_over(is_ours):
        site.wait_for_module()
        settle(site)
        assert site.is_ours() == is_ours
        assert kept(system) == before
        system.run("apache2ctl configtest && a2query -m md")

    assert not site.is_ours()
    install(system, package.name)
    takes_over(True)
    assert diversions(system) == PACKAGE
    assert system.path("/etc/apache2/mods-enabled/md.conf").is_symlink()
    assert f"{NAME}" in system.run(f"a2md -d {STORE} status")

    install(system, "newer.deb")
    takes_over(True)
    assert "newer-build" in system.run(f"grep -ao newer-build {MODULE}")

    system.run("service apache2 reload")
    takes_over(True)

    restart = time.time()
    system.run("service apache2 restart")
    restarted = time.time()
    takes_over(True)

    system.run(f"apt-get remove -y {PACKAGE}")
    takes_over(False)
    assert not diversions(system) and not system.path(ASIDE).exists()
    assert system.run("dpkg -V apache2-bin") == ""

    whole_store = system.digests(STORE)
    system.run(f"apt-get purge -y {PACKAGE}")
    assert system.digests(STORE) == whole_store
    assert not system.path("/etc/apache2/mods-available/md.conf").exists()
    assert not system.path("/etc/apache2/mods-enabled/md.conf").is_symlink()
    takes_over(False)
    system.run("service apache2 reload")
    takes_over(False)

    install(system, package.name)
    takes_over(True)

    answers = site.answers()
    at_restart = [answer for answer in answers if restart - 1 <= answer.at <= restarted + 1]
    lost_at_restart = [answer for answer in at_restart if not answer.is_good]
    others = [answer for answer in site.failures(began) if answer not in at_restart]
    slowest = max(answer.took for answer in answers if answer.is_good)
    said = (f"{len(answers)} requests in {time.time() - began:.0f} s, {len(others)} failed; {len(lost_at_restart)} of "
            f"{len(at_restart)} failed around the restart; slowest answer {slowest:.2f} s; {site.orders()} order")
    print(said)
    record_property("figures", said)
    assert others == []
    assert len({answer.outcome for answer in answers if answer.is_good}) == 1, "one certificate"
    assert site.orders() == 1


def test_an_upgrade_of_apache_goes_beside_the_module(debians_site, package):
    site, system = debians_site, debians_site.system
    debians = system.path(MODULE).read_bytes()
    install(system, package.name)
    ours = system.path(MODULE).read_bytes()
    system.path(ASIDE).unlink()
    unpacked = "/root/apache2-bin"
    # The package apache2-bin once more, made of its files as they are installed.
    system.run(f"mkdir -p {unpacked}/DEBIAN {unpacked}/usr/lib/apache2/modules && dpkg-query -s apache2-bin | "
               f"sed '/^Status:/d; /^Conffiles:/,/^ /d' >{unpacked}/DEBIAN/control")
    system.path(unpacked + MODULE).write_bytes(debians)
    for file in system.run("dpkg -L apache2-bin").splitlines():
        if file != MODULE and system.path(file).is_file():
            system.run(f"mkdir -p {unpacked}$(dirname {file}) && cp -a {file} {unpacked}{file}")
    system.run(f"dpkg-deb -b {unpacked} apache2-bin.deb && dpkg -i apache2-bin.deb")
    assert system.path(MODULE).read_bytes() == ours
    assert system.path(ASIDE).read_bytes() == debians
    system.run("apache2ctl configtest && service apache2 restart")
    assert site.served()
    system.run(f"apt-get purge -y {PACKAGE}")
    assert system.path(MODULE).read_bytes() == debians


def with_failing(script):
    def change(tree):
        file = tree / "DEBIAN" / script
        file.write_text(file.read_text() + "\nexit 1\n")
    return change


def with_a_file_of_another(tree):
    """dpkg finds out when it has unpacked the module already."""
    taken = tree / "usr/share/doc/apache2/copyright"
    taken.parent.mkdir(parents=True)
    taken.write_text("not ours")


def broken_packages(package, folder, version):
    for number, change in enumerate([with_failing("preinst"), with_a_file_of_another]):
        place = folder / f"{version.replace(':', '-')}-{number}"
        place.mkdir()
        yield rebuilt(package, place, change, version)


def test_installations_that_are_broken_off_leave_debians_module(debians_site, package, tmp_path):
    site, system = debians_site, debians_site.system
    debians = system.path(MODULE).read_bytes()
    for broken in broken_packages(package, tmp_path, "1"):
        system.copy_in(broken, "/root/broken.deb")
        said = system.run("dpkg -i broken.deb", None)
        assert "error processing" in said
        assert diversions(system) == "" and not system.path(ASIDE).exists(), said
        assert system.path(MODULE).read_bytes() == debians
        system.run("apache2ctl configtest && service apache2 reload")
    settle(site)
    install(system, package.name)
    site.wait_for_module()
    assert site.is_ours()
    assert site.failures() == []


def test_upgrades_that_are_broken_off_leave_the_older_version(debians_site, package, tmp_path):
    site, system = debians_site, debians_site.system
    debians = system.path(MODULE).read_bytes()
    install(system, package.name)
    ours = system.path(MODULE).read_bytes()
    for broken in broken_packages(package, tmp_path, "9:1"):
        system.copy_in(broken, "/root/broken.deb")
        assert "error processing" in system.run("dpkg -i broken.deb", None)
        assert diversions(system) == PACKAGE
        assert system.path(MODULE).read_bytes() == ours
        assert system.path(ASIDE).read_bytes() == debians
        system.run("apache2ctl configtest && service apache2 reload")
    settle(site)
    system.run(f"apt-get purge -y {PACKAGE}")
    assert system.path(MODULE).read_bytes() == debians
    assert site.failures() == []


def test_a_configuration_that_does_not_hold_leaves_the_server_as_it_is(debians_site, package):
    site, system = debians_site, debians_site.system
    loaded = site.loaded_module()[0]
    system.write("/etc/apache2/conf-enabled/broken.conf", "NoSuchDirective on\n")
    assert "configuration is broken" in install(system, package.name)
    assert site.loaded_module()[0] == loaded
    assert "configuration is broken" in system.run(f"apt-get purge -y {PACKAGE}")
    assert site.loaded_module()[0] == loaded
    settle(site)
    assert site.failures() == []


def test_a_module_that_is_not_enabled_stays_so(site, package):
    system = site.system
    system.run("service apache2 start")
    install(system, package.name)
    assert "No module matches" in system.run("a2query -m md", 1)
    assert not system.path("/etc/apache2/mods-enabled/md.conf").is_symlink()
    system.run(f"apt-get purge -y {PACKAGE}")


def test_directives_of_our_own_do_not_stop_debians_module(debians_site, package):
    site, system = debians_site, debians_site.system
    install(system, package.name)
    file = system.path("/etc/apache2/mods-available/md.conf")
    # Each default and example of the file, as if somebody had taken all the hashes away before directives.
    text = re.sub(r"^(\s*)#(MD|Protocols)", r"\1\2", file.read_text(), flags=re.MULTILINE)
    text = text.replace("MDCertificateAuthority LetsEncrypt", "#").replace("MDMessageCmd", "#")
    assert "\n    MDLiveActivation on" in text
    file.write_text(text)
    system.run("apache2ctl configtest")
    system.run(f"apt-get remove -y {PACKAGE}")
    site.wait_for_module()
    assert not site.is_ours()
    system.run("apache2ctl configtest")


def blocks_of(markdown):
    """The indented blocks of a text."""
    blocks = re.findall(r"(?:^|\n\n)((?:    .*\n?)+)", markdown)
    return ["\n".join(line[4:] for line in block.splitlines()) for block in blocks]


def test_moving_in_and_back_as_the_document_says(debians_site):
    site, system = debians_site, debians_site.system
    blocks = blocks_of((REPOSITORY / "docs/moving-from-debians-mod_md.md").read_text())
    assert len(blocks) == 4
    for block in blocks:
        system.run(f"set -e\n{block}")
    settle(site)
    assert site.failures() == []
    assert site.orders() == 1
