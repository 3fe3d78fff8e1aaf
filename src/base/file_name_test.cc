// SPDX-License-Identifier: Apache-2.0
#include "base/file_name.h"

#include <gtest/gtest.h>

#include <utility>
#include <vector>

namespace md {
namespace {

TEST(FileName, IsTheTextWhereThatCanBeOneB2) {
  for (const char* text : {"a.example.org", "*.example.org", "inva!id.example.org", "-bad", "a..b",
                           "\xc3\xa4.example.org", "2001:db8::1", "a b"}) {
    EXPECT_EQ(file_name_for(text), text);
  }
}

TEST(FileName, LeavesItsFolderNeverB2) {
  const std::vector<std::pair<std::string, std::string>> cases{
      {"", "%"},      {".", "%2e"},       {"..", "%2e."},    {"a/b", "a%2fb"}, {"../x", "%2e.%2fx"},
      {".x", "%2ex"}, {"/etc", "%2fetc"}, {"a\nb", "a%0ab"}, {"\x7f", "%7f"},  {"a%2fb", "a%252fb"},
      {"%", "%25"}};
  for (const auto& [text, name] : cases) {
    EXPECT_EQ(file_name_for(text), name);
  }
}

TEST(FileName, OfLongTextsIsShortAndTheirOwnB2) {
  const std::string one(1000, 'a');
  const std::string other = std::string(999, 'a') + 'b';
  EXPECT_LE(file_name_for(one).size(), 240U);
  EXPECT_LE(file_name_for(std::string(1000, '/')).size(), 240U);
  EXPECT_NE(file_name_for(one), file_name_for(other));
}

}  // namespace
}  // namespace md
