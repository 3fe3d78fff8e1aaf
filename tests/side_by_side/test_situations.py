# SPDX-License-Identifier: Apache-2.0
"""The situations' bench itself: how moments are told, and that each situation is there once and looked at."""

from datetime import datetime, timedelta, timezone
from email.utils import format_datetime

import pytest

import situations
from situations_life import BY_CHANCE, DATE, how_far


def in_(**distance):
    return format_datetime(datetime.now(timezone.utc) + timedelta(**distance), usegmt=True)


@pytest.mark.parametrize("date, told", [
    (in_(minutes=-20), "<now>"), (in_(seconds=1), "<now>"), (in_(minutes=35), "<in an hour>"), (in_(hours=12), "<in hours>"),
    (in_(days=5), "<in 5 days>"), (in_(days=59, hours=23), "<in 60 days>"), (in_(days=1500), "<in years>"),
    (in_(hours=-12), "<hours ago>"), (in_(days=-30), "<days ago>")])
def test_a_moment_is_told_by_its_distance(date, told):
    assert DATE.sub(lambda found: how_far(found[0]), f'"{date}"') == f'"{told}"'


@pytest.mark.parametrize("text, told", [
    ("https://localhost/my-order/r4nd0m-One", "https://localhost/my-order/<id>"),
    ("Pebble Intermediate CA 0a1b2c", "Pebble Intermediate CA <id>"),
    ("abcdefghijklmnopqrst1.uvwxyz", "<token>"),
    ("next run in 31 minutes 23 seconds", "next run in <time>"),
    ("Creating new order, key-spec=default, profile=none, replacing-cert=none",
     "Creating new order, key-spec=default, profile=none, replacing-cert=none")])
def test_what_differs_by_chance_is_named(text, told):
    for pattern, name in BY_CHANCE:
        text = pattern.sub(name, text)
    assert text.strip() == told


def test_there_are_sixty_situations_of_different_names():
    names = [case.name for case in situations.cases()]
    assert len(names) == len(set(names)) >= 60


def test_a_situation_that_debians_module_does_not_reach_is_no_observation():
    class Life:
        ours = False

        @staticmethod
        def told(text):
            return str(text)

    def never(life):
        raise AssertionError("not within 30 s")
    with pytest.raises(AssertionError):
        situations.is_there(never, Life)
    Life.ours = True
    assert situations.is_there(never, Life) == "did not come about: not within 30 s"


def test_what_only_one_side_has_is_told_once():
    stock = {"file x/job.json": "-rw", "x/job.json errors": "1", "events": "renewing"}
    ours = {"events": "renewing"}
    assert situations.told_once(stock, stock, ours) == {"file x/job.json": "-rw", "events": "renewing"}
    assert situations.told_once(ours, stock, {"httpd": "refuses to start"}) == {"httpd": "runs"}
