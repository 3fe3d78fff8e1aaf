#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""
Runs a command with one more argument: the URL of server-status of an httpd with the module, where one domain has its
certificate (good.example.org) and the CA of the other does not answer. MD_MODULE names the module.
"""

import subprocess
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "e2e"))

from testbed.bed import Bed, Domain  # noqa: E402
from testbed.waiting import eventually  # noqa: E402

GOOD = Domain("good.example.org", ("www.good.example.org",))
FAILING = Domain("failing.example.org", settings=("MDCertificateAuthority https://127.0.0.1:1/dir",))


def main(command):
    bed = Bed()
    try:
        bed.serve(GOOD, FAILING)
        bed.wait_served(GOOD)
        eventually(lambda: bed.md_status(FAILING.name)["renewal"]["last"]["status"], "an attempt has failed")
        return subprocess.run([*command, f"http://127.0.0.1:{bed.httpd.http_port}/server-status"], check=False).returncode
    finally:
        bed.close()
        bed.remove()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
