# SPDX-License-Identifier: Apache-2.0
"""Three domains that get no certificate, each in its own way, to stand among many that do."""

import os
import signal
import threading

from .fault_proxy import hold
from .httpd import Domain

HANGING = "hanging.example.org"
SLEEPING = "sleeping.example.org"
REJECTED = "rejected.example.org"
SLEEP = 60


class Trouble:
    """One domain's CA stalls (the fault proxy takes its requests and does not answer), one's dns-01 script sleeps for a
    minute, one is rejected by the CA of all the others: pebble has to run with `PEBBLE_CONFIG`."""

    PEBBLE_CONFIG = {"domainBlocklist": [REJECTED]}

    def __init__(self, root, proxy):
        self._began, self._woke = root / "script-began", root / "script-woke"
        self._gate = threading.Event()
        self.stalled = proxy.inject("any", hold(self._gate, at_most=2 * SLEEP), times=None)
        script = root / "sleep-then-set"
        script.write_text(f"#!/bin/sh\n[ $1 = setup ] || exit 0\n"
                          f"echo $$ >> {self._began}\nsleep {SLEEP}\necho >> {self._woke}\n")
        script.chmod(0o755)
        for mark in (self._began, self._woke):  # before httpd's children, who are somebody else, write to them
            mark.write_text("")
            mark.chmod(0o666)
        self.domains = [
            Domain(HANGING, settings=(f"MDCertificateAuthority {proxy.url}",)),
            Domain(SLEEPING, settings=("MDCAChallenges dns-01", f"MDChallengeDns01 {script}")),
            Domain(REJECTED)]

    def is_asleep(self):
        """The script has been called, and nobody has waited for its end so far."""
        return self._began.stat().st_size > 0 and self._woke.stat().st_size == 0

    def end(self):
        """Lets the CA answer, and ends the scripts: a stop of the server leaves them running."""
        self._gate.set()
        for pid in self._began.read_text().split():
            try:
                os.killpg(int(pid), signal.SIGKILL)  # each has a process group of its own
            except ProcessLookupError:
                pass
