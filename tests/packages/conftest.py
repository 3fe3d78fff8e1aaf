# SPDX-License-Identifier: Apache-2.0
"""Fixtures: for each Debian of MD_SUITES (bookworm, if unset) a system, and the package that was built for it."""

import os
import shutil
import subprocess

import pytest

from running_site import SITE, Site, eventually
from system import MODULE, PACKAGE, REPOSITORY, System, base_of

SUITES = os.environ.get("MD_SUITES", "bookworm").split()


def pytest_generate_tests(metafunc):
    if "suite" in metafunc.fixturenames:
        metafunc.parametrize("suite", SUITES, scope="session")


@pytest.fixture(scope="session")
def package(suite):
    """The file of the package, as tools/build-deb has made it."""
    files = sorted((REPOSITORY / "build/deb" / suite).glob(f"{PACKAGE}_*.deb"))
    if len(files) != 1:
        pytest.fail(f"There is no package for {suite}: make deb SUITE={suite}")
    return files[0]


def rebuilt(package, folder, change, version=None):
    """The package with something changed in its files or scripts (`change` gets their folder), as another version."""
    tree = folder / "tree"
    shutil.rmtree(tree, ignore_errors=True)
    subprocess.run(["dpkg-deb", "-R", package, tree], check=True)
    change(tree)
    control = tree / "DEBIAN/control"
    if version:
        control.write_text("".join(f"Version: {version}\n" if line.startswith("Version:") else line
                                   for line in control.read_text().splitlines(keepends=True)))
    result = folder / f"{PACKAGE}_{version or 'changed'}_amd64.deb"
    subprocess.run(["dpkg-deb", "--root-owner-group", "-b", tree, result], check=True, stdout=subprocess.DEVNULL)
    return result


def with_other_bytes(tree):
    """A module as a newer build is: another file, which does the same."""
    module = tree / MODULE.lstrip("/")
    note = tree.parent / "note"
    note.write_text("a newer build")
    subprocess.run(["objcopy", "--add-section", f".newer-build={note}", module], check=True)
    sums = tree / "DEBIAN/md5sums"
    digest = subprocess.run(["md5sum", module], check=True, capture_output=True, text=True).stdout.split()[0]
    sums.write_text("".join(f"{digest}  {line.split(None, 1)[1]}" if line.endswith("/mod_md.so\n") else line
                            for line in sums.read_text().splitlines(keepends=True)))


@pytest.fixture
def newer_package(package, tmp_path):
    return rebuilt(package, tmp_path, with_other_bytes, version="9:1")


@pytest.fixture
def system(suite, package):
    system = System(base_of(suite, package))
    try:
        system.start()
        system.copy_in(package, f"/root/{package.name}")
        yield system
    finally:
        system.stop()


@pytest.fixture
def site(system):
    """A server with a CA that it may ask, and no domain yet."""
    site = Site(system)
    site.start_ca()
    return site


@pytest.fixture
def debians_site(site):
    """A running site, with a certificate that Debian's module has got, and a client that asks all the while."""
    system = site.system
    system.write("/etc/apache2/sites-available/example.org.conf", SITE)
    system.run("a2enmod ssl md && a2ensite example.org && service apache2 start")

    staged = "/etc/apache2/md/staging/example.org/pubcert.pem"
    eventually(lambda: system.path(staged).exists(), "Debian's module gets a certificate", patience=120)
    system.run("service apache2 reload")
    eventually(site.served, "Debian's module serves the certificate")
    site.start_client()
    return site
