# SPDX-License-Identifier: Apache-2.0
"""How observations are compared, and what is read of a log."""

from differences import Difference
from observing import compare, flat, observe_log, without


def test_the_same_differs_in_nothing():
    seen = {"exit": "0", "log AH10045": ["warn: a", "warn: b"]}
    assert compare("case", seen, {**seen, "log AH10045": ["warn: b", "warn: a"]}) == []


def test_what_one_side_lacks_is_absent_there():
    assert compare("case", {"a": "1"}, {"b": "2"}) == [Difference("case", "a", "1", "-"), Difference("case", "b", "-", "2")]


def test_of_lists_only_what_differs_is_told():
    assert compare("case", {"log": ["x", "x", "y"]}, {"log": ["x", "z", "z"]}) == [
        Difference("case", "log", "x", "z"), Difference("case", "log", "y", "z")]
    assert compare("case", {"log": ["x"]}, {}) == [Difference("case", "log", "x", "-")]


def test_a_difference_is_one_line():
    assert compare("case", {"body": "a\nb"}, {"body": ""}) == [Difference("case", "body", "a\\nb", '""')]


def test_documents_are_compared_by_member():
    assert flat({"a": {"b": [1, "x"]}, "c": [], "d": {}}) == {"a.b.0": "1", "a.b.1": '"x"', "c": "[]", "d": "{}"}


def test_a_log_is_told_by_ids():
    log = "\n".join([
        "[Sat Nov 28 15:40:09.097092 2026] [md:warn] [pid 1:tid 1] AH10045: No VirtualHost matches",
        "[Sat Nov 28 15:40:09.097092 2026] [md:error] [pid 1:tid 1] (2)No such file or directory: AH10072: failed",
        "[Sat Nov 28 15:40:09.097092 2026] [md:debug] [pid 1:tid 1] AH00001: too fine",
        "[Sat Nov 28 15:40:09.097092 2026] [:notice] [pid 1:tid 1] no id",
        "AH00526: Syntax error on line 7 of /tmp/x/httpd.conf:", "MDStoreDir takes one argument", "Syntax OK", "warning"])
    assert observe_log(log) == {
        "log AH10045": ["warn: No VirtualHost matches"],
        "log AH10072": ["error: (2)No such file or directory: failed"],
        "log notice": ["notice: no id"],
        "syntax error": ["line 7: MDStoreDir takes one argument"],
        "said": ["warning"]}


def test_what_differs_from_run_to_run_gets_a_name():
    assert without("/tmp/a/b and /tmp/a", {"/tmp/a": "ROOT", "/tmp/a/b": "STORE"}) == "STORE and ROOT"
