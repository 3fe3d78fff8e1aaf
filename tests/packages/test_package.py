# SPDX-License-Identifier: Apache-2.0
"""What is in the package, and what lintian says of it."""

import subprocess

from system import MODULE, PACKAGE

FILES = {f".{MODULE}", "./usr/bin/a2md", "./usr/share/man/man1/a2md.1.gz", "./usr/share/man/man5/mod_md.5.gz",
         "./usr/share/bash-completion/completions/a2md", "./etc/apache2/mods-available/md.conf",
         f"./usr/share/doc/{PACKAGE}/copyright", f"./usr/share/doc/{PACKAGE}/moving-from-debians-mod_md.md",
         f"./usr/share/doc/{PACKAGE}/examples/apache2/example-site.conf",
         f"./usr/share/doc/{PACKAGE}/examples/prometheus/mod_md.rules.yml",
         f"./usr/share/doc/{PACKAGE}/examples/grafana/mod_md.json"}


def listing(package):
    lines = subprocess.run(["dpkg-deb", "-c", package], check=True, capture_output=True, text=True).stdout.splitlines()
    return {line.split()[5]: (line.split()[0], line.split()[1]) for line in lines}


def test_the_package_has_what_it_promises(package):
    files = listing(package)
    assert FILES - set(files) == set()
    assert {owner for _, owner in files.values()} == {"root/root"}
    assert files[f".{MODULE}"][0] == "-rw-r--r--"
    assert files["./usr/bin/a2md"][0] == "-rwxr-xr-x"
    assert not [file for file in files if file.endswith(".load")], "md.load is apache2's"
    conffiles = subprocess.run(["dpkg-deb", "-I", package, "conffiles"], check=True, capture_output=True, text=True).stdout
    assert conffiles.split() == ["/etc/apache2/mods-available/md.conf"]


def test_debug_symbols_are_apart(package, tmp_path):
    symbols = [file for file in package.parent.glob(f"{PACKAGE}-dbgsym_*.deb")]
    assert len(symbols) == 1
    assert sum(name.endswith(".debug") for name in listing(symbols[0])) == 2
    tree = tmp_path / "tree"
    subprocess.run(["dpkg-deb", "-x", package, tree], check=True)
    sections = subprocess.run(["readelf", "-SW", tree / MODULE.lstrip("/")], check=True, capture_output=True, text=True).stdout
    assert ".text" in sections and ".debug_info" not in sections


def test_lintian_has_nothing_to_say(system, package):
    for file in package.parent.iterdir():
        if file.suffix in (".deb", ".changes", ".buildinfo"):
            system.copy_in(file, f"/root/{file.name}")
    said = system.run("lintian --fail-on error,warning --pedantic --allow-root *.changes")
    assert not [line for line in said.splitlines() if line.startswith(("E:", "W:"))], said
    print(said)


def test_manual_and_completion_are_found(system, package):
    system.run(f"apt-get install -y ./{package.name}")
    assert "MDLiveActivation" in system.run("man mod_md | col -b")
    assert "store remove" in system.run("man a2md | col -b")
    said = system.run("source /usr/share/bash-completion/bash_completion; _completion_loader a2md; "
                      "COMP_WORDS=(a2md st) COMP_CWORD=1; $(complete -p a2md | sed 's/.*-F //; s/ .*//'); echo ${COMPREPLY[*]}",
                      None)
    assert "status store" in said
