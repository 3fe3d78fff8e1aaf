# SPDX-License-Identifier: Apache-2.0
"""The checks can fail: each rule has a file that breaks it."""

from pathlib import Path

import pytest

import check_layers
import check_sizes
import scenarios

GOOD = f"""{check_layers.SPDX}
#pragma once
#include <string>
#include "base/result.h"
namespace md::acme {{
}}
"""


def test_a_good_file_has_no_complaints():
    assert check_layers.check(Path("acme/order.h"), GOOD) == []


@pytest.mark.parametrize("place, text, expected", [
    ("acme/order.h", GOOD + '#include "store/store.h"', "acme may not include store"),
    ("acme/order.h", GOOD + "#include <openssl/evp.h>", "is for crypto alone"),
    ("acme/order.h", GOOD + "#include <http_config.h>", "is for httpd alone"),
    ("acme/order.h", GOOD + "#include <gtest/gtest.h>", "outside of tests"),
    ("acme/order.h", GOOD + '#include "base/testing/fake_clock.h"', "fakes are for tests"),
    ("acme/order.h", GOOD + '#include "acme/order_fixture.h"', "fixtures are for tests"),
    ("acme/order.h", GOOD + '#include "crypto/internal/handles.h"', "internal to crypto"),
    ("acme/order.h", GOOD + '#include "order.h"', "name the layer"),
    ("acme/order.h", GOOD + "\nnamespace md::store {", "namespace md::store"),
    ("acme/order.h", GOOD + "auto now = std::chrono::system_clock::now();", "comes in by constructor"),
    ("acme/order.h", GOOD.replace("#pragma once", ""), "#pragma once"),
    ("acme/order.h", GOOD.replace("SPDX", "X"), "does not start with"),
    ("util/order.h", GOOD, "is no layer"),
])
def test_each_rule_can_be_broken(place, text, expected):
    assert [complaint for complaint in check_layers.check(Path(place), text) if expected in complaint]


def test_tests_may_use_fakes():
    text = GOOD + '#include "base/testing/fake_clock.h"\n#include <gtest/gtest.h>\n'
    assert check_layers.check(Path("acme/order_test.cc"), text) == []
    assert check_layers.check(Path("acme/testing/fake_ca.h"), text) == []


BODY = "  call();\n" * 70


@pytest.mark.parametrize("source, name", [
    (f"int f(int a) {{\n{BODY}}}\n", "f"),
    (f"namespace a {{\nclass B {{\n  int g() const {{\n{BODY}  }}\n}};\n}}\n", "g"),
    (f"A::A(int b) : b_{{b}}, c_{{2}} {{\n{BODY}}}\n", "A::A"),
    (f'auto h() -> int {{\n  auto s = R"(}}}}}})";  // }}\n{BODY}}}\n', "h"),
    (f"TEST(Order, Works) {{\n{BODY}}}\n", "TEST(Order, Works)"),
])
def test_long_functions_are_found(source, name):
    assert [found[0] for found in check_sizes.functions(source)] == [name]
    assert len(list(check_sizes.check("a.cc", source))) == 1


@pytest.mark.parametrize("source", [
    "constexpr Row kTable[] = {\n" + "  {1, call()},\n" * 70 + "};\n",
    "constexpr auto kTable = std::to_array<Row>({\n" + "  {1, call()},\n" * 70 + "});\n",
    "struct A {\n" + "  int b;\n" * 70 + "};\n",
    "int f() { return 1; }\n" * 70,
])
def test_other_long_things_are_not_functions(source):
    assert list(check_sizes.check("a.cc", source)) == []


def test_long_files_are_found():
    assert list(check_sizes.check("a.cc", "\n" * 601))


def test_scenarios_are_found_where_they_stand(tmp_path):
    (tmp_path / "src/acme").mkdir(parents=True)
    (tmp_path / "docs").mkdir()
    (tmp_path / "src/acme/order_test.cc").write_text("TEST(Order, Exists) {  // AC-01, OC-17\n")
    (tmp_path / "src/acme/order.cc").write_text("// AC-02\n")
    (tmp_path / "docs/scenarios.md").write_text("As AC-03 shows:\n\n| AC-04 | it cannot be had |\n| AC-05 | |\n")
    assert scenarios.shown(tmp_path) == {"AC-01", "OC-17"}
    assert scenarios.excused(tmp_path) == {"AC-04"}
