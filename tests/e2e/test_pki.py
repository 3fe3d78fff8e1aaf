# SPDX-License-Identifier: Apache-2.0
"""The test's own certificate authority is one that strict verifiers take, as Python's from 3.13 on."""

import subprocess

from testbed.pki import TestAuthority


def test_strict_verifiers_take_what_the_authority_issues(tmp_path):
    authority = TestAuthority(tmp_path)
    certificate, _ = authority.server_files("server")
    said = subprocess.run(["openssl", "verify", "-x509_strict", "-purpose", "sslserver", "-CAfile", authority.root_file,
                           certificate], capture_output=True, text=True, check=False)
    assert said.returncode == 0, said.stderr
