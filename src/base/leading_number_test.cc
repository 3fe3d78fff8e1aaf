// SPDX-License-Identifier: Apache-2.0
#include "base/leading_number.h"

#include <gtest/gtest.h>

#include <vector>

namespace md {
namespace {

TEST(LeadingNumber, IsFoundAsModMdFindsItB3) {
  struct Case {
    const char* text;
    std::int64_t number;
    const char* rest;
  };
  for (const Case& c : std::vector<Case>{{"5", 5, ""},
                                         {" 5x", 5, "x"},
                                         {"+5", 5, ""},
                                         {"-7d", -7, "d"},
                                         {"080", 80, ""},
                                         {"1.5", 1, ".5"}}) {
    const auto leading = leading_number(c.text);
    ASSERT_TRUE(leading) << c.text;
    EXPECT_EQ(leading->number, c.number) << c.text;
    EXPECT_EQ(leading->rest, c.rest) << c.text;
  }
  for (const char* none : {"", " ", "x5", "-", "+", "+-5", "99999999999999999999"}) {
    EXPECT_FALSE(leading_number(none)) << none;
  }
}

}  // namespace
}  // namespace md
