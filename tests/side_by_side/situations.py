# SPDX-License-Identifier: Apache-2.0
"""
Situations of life, each made the same way for both modules: what a server, its store, its events and its status then show.

The situations themselves are in the modules named in SOURCES, as functions that take a Life.
"""

import importlib
import threading
import traceback
from functools import partial

from observing import Case
from situations_life import Life
from testbed.httpd import DEBIAN_MOD_MD, module_under_test
from testbed.ocsp import OcspProxy

SOURCES = ("situations_failing", "situations_renewing", "situations_staying")


def cases():
    for source in SOURCES:
        for name, bring_about, needs in importlib.import_module(source).SITUATIONS:
            yield Case(f"life/{name}", partial(observe, bring_about, needs), seconds=20)


def observe(bring_about, needs, module):
    """What is seen of a life with this module. Both lives are begun when the first is asked for."""
    sides = _Side.of(bring_about, needs)
    return told_once(sides[module].result(), *(side.result() for side in sides.values()))


def told_once(seen, *both):
    """Without what only says at length that a server does not run, or that a file is there, with one of both only."""
    if any("httpd" in one for one in both):
        return {"httpd": seen.get("httpd", "runs")}
    lonely = {what.removeprefix("file ") for what in set(both[0]) ^ set(both[1]) if what.startswith("file ")}
    return {what: value for what, value in seen.items() if what.split(" ")[0] not in lonely}


class _Side(threading.Thread):
    """One of two lives that are led at the same time."""

    _lives = {}

    @classmethod
    def of(cls, bring_about, needs):
        """Both sides; they are the same ones when asked for again."""
        if bring_about not in cls._lives:
            cls._lives = {bring_about: {module: cls(bring_about, needs, module) for module in (DEBIAN_MOD_MD, module_under_test())}}
            for side in cls._lives[bring_about].values():
                side.start()
        return cls._lives[bring_about]

    def __init__(self, bring_about, needs, module):
        super().__init__(daemon=True)
        self._bring_about, self._needs, self._module = bring_about, dict(needs), module
        self._seen = self._failed = None

    def run(self):
        try:
            self._seen = lead(self._bring_about, self._needs, self._module)
        except Exception as failed:  # told to the one who asks for the result
            self._failed = failed

    def result(self):
        self.join()
        if self._failed:
            raise self._failed
        return self._seen


def lead(bring_about, needs, module):
    needs = dict(needs)
    ocsp = OcspProxy().start() if needs.pop("ocsp", False) else None
    if ocsp:
        needs["config"] = {**needs.get("config", {}), "ocspResponderURL": ocsp.url}
    life = Life(module, ocsp, **needs)
    try:
        seen = {"situation": is_there(bring_about, life)}
        life.settle()
        return {**seen, **life.observe()}
    except Exception:
        raise RuntimeError(f"with {module}: {traceback.format_exc(limit=-2)}\n{_end_of(life)}") from None
    finally:
        life.close()


def is_there(bring_about, life):
    """Whether the situation came about. It has to with Debian's module; that it does not with ours is a difference."""
    try:
        bring_about(life)
        return "came about"
    except AssertionError as not_met:
        if not life.ours:
            raise
        return f"did not come about: {life.told(not_met)}"


def _end_of(life):
    return f"{life.httpd.log()[-1500:]}\n{life.httpd.stderr()[-1000:]}"
