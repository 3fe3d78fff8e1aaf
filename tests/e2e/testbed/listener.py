# SPDX-License-Identifier: Apache-2.0
"""A command for MDMessageCmd that writes down which events came, in which order, and as which user."""

import os
import pwd

from .httpd import CHILD_USER


class Listener:
    """A command that writes down who called it with what; it fails for the events it was told to."""

    def __init__(self, bed, fails_for="none"):
        self._events = bed.root / "events"
        self._events.touch()
        self._events.chmod(0o666)
        self._script = bed.root / "listener"
        self._script.write_text(f'#!/bin/sh\necho "$(id -un) $*" >> {self._events}\n'
                                f'case "$2" in {fails_for}*) exit 1;; esac\n')
        self._script.chmod(0o755)
        self.option = f"MDMessageCmd {self._script} argument"

    def calls(self):
        """(user, event, domain) of each call."""
        return [(user, event, domain) for user, _, event, domain in
                (line.split() for line in self._events.read_text().splitlines())]

    def events(self):
        return [event for _, event, _ in self.calls()]


def users(httpd_user):
    """The users of events: of the children, and of the one who started httpd."""
    if httpd_user:
        return httpd_user, httpd_user
    me = pwd.getpwuid(os.getuid()).pw_name
    return (CHILD_USER if me == "root" else me), me
