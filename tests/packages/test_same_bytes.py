# SPDX-License-Identifier: Apache-2.0
"""Built twice, in two folders, with another umask, time zone and language: the same bytes. Takes as long as two builds."""

import hashlib
import os
import shutil
import subprocess

from system import REPOSITORY


def build(suite, place, umask=0o022, **settings):
    environment = {**os.environ, "DEB_BUILD_OPTIONS": "nocheck", **settings}
    subprocess.run([REPOSITORY / "tools/build-deb", suite, place], check=True, env=environment, umask=umask, stdout=subprocess.DEVNULL)
    return {file.name: hashlib.sha256(file.read_bytes()).hexdigest()
            for file in (REPOSITORY / "build/deb" / suite).glob("*.deb")}


def test_two_builds_have_the_same_bytes(suite, tmp_path):
    kept = REPOSITORY / "build/deb" / suite
    if kept.exists():
        shutil.copytree(kept, tmp_path / "kept")
    try:
        one = build(suite, "/build/1")
        other = build(suite, "/build/another-place/below", umask=0o077, TZ="Pacific/Auckland", LC_ALL="C")
    finally:
        if (tmp_path / "kept").exists():
            shutil.rmtree(kept)
            shutil.copytree(tmp_path / "kept", kept)
    assert len(one) == 2
    assert one == other
