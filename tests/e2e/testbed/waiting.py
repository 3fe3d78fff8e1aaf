# SPDX-License-Identifier: Apache-2.0
"""Waiting by looking again, with a deadline. Tests synchronise with this alone, never with a bare sleep."""

import os
import time

# Sanitizer builds and busy machines are slower; they say so here instead of in each test.
PATIENCE = float(os.environ.get("MD_E2E_PATIENCE", "1"))


def eventually(probe, what, within=30.0, every=0.05):
    """Calls `probe` until it returns something true, and returns that. These errors mean "not yet"."""
    deadline = time.monotonic() + within * PATIENCE
    while True:
        try:
            seen = probe()
            if seen:
                return seen
        except (OSError, ValueError, AssertionError) as not_yet:
            seen = not_yet
        if time.monotonic() > deadline:
            raise AssertionError(f"{what}: not within {within * PATIENCE:.0f} s; last seen: {seen!r}")
        time.sleep(every)


def never(probe, what, during):
    """Looks for `during` seconds, and fails should `probe` return something true."""
    deadline = time.monotonic() + during
    while time.monotonic() < deadline:
        assert not probe(), what
        time.sleep(0.05)
