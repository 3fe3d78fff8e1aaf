# SPDX-License-Identifier: Apache-2.0
"""README's first hour, line by line, on a system that has httpd and nothing of ours."""

import time

from conftest import eventually
from system import REPOSITORY
from test_life import blocks_of


def first_hour():
    """The blocks of that section up to the ways for other systems."""
    section = (REPOSITORY / "README.md").read_text().split("## The first hour\n")[1].split("\nElsewhere:")[0]
    return blocks_of(section)


def test_the_lines_lead_to_a_live_certificate(site, record_property):
    system = site.system
    blocks = first_hour()
    assert len(blocks) == 3
    installing, configuration, starting = blocks
    began = time.monotonic()
    system.run(f"set -e\n{installing}")
    file = configuration.splitlines()[0].removeprefix("# ")
    assert file.startswith("/etc/apache2/sites-available/")
    system.write(file, configuration + "\n")
    *before, check = starting.splitlines()
    for line in before:
        system.run(line)
    eventually(site.served, "the site has a certificate of the CA")
    took = time.monotonic() - began
    system.run(check)
    print(f"A live certificate {took:.1f} s after the installation began.")
    record_property("figures", f"{took:.1f} s")
    assert site.orders() == 1


def test_the_example_site_holds(site, package):
    system = site.system
    system.run(f"apt-get install -y ./{package.name} && a2enmod ssl md headers status")
    system.run("cp /usr/share/doc/libapache2-mod-md-live/examples/apache2/example-site.conf /etc/apache2/sites-available/ "
               "&& a2ensite example-site && apache2ctl configtest")
