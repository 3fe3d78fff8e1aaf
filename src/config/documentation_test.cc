// SPDX-License-Identifier: Apache-2.0
// Holds docs/directives.md, the directive table and what the specification demands together. The
// running module and the specification itself: tests/e2e/test_directives.py.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <map>
#include <string>
#include <vector>

#include "base/text.h"
#include "config/directives.h"

namespace md::config {
namespace {

std::string escaped(std::string_view cell) {
  std::string text;
  for (const char character : cell) {
    text += character == '|' ? "\\|" : std::string(1, character);
  }
  return text;
}

/// The row of the documentation, up to the meaning.
std::string row_of(const Directive& directive) {
  const std::string default_cell =
      directive.default_text.empty() ? "–" : "`" + std::string(directive.default_text) + "`";
  return "| `" + std::string(directive.name) + " " + escaped(directive.syntax) + "` | " +
         std::string(describe(directive.scope)) + " | " + default_cell + " | ";
}

std::ifstream open_file(const std::filesystem::path& below_the_repository) {
  const auto path = std::filesystem::path(__FILE__).parent_path().parent_path().parent_path() /
                    below_the_repository;
  std::ifstream file(path);
  EXPECT_TRUE(file) << path;
  return file;
}

std::vector<std::string> documented_rows() {
  std::ifstream file = open_file("docs/directives.md");
  std::vector<std::string> rows;
  for (std::string line; std::getline(file, line);) {
    if (line.starts_with("| `MD") || line.starts_with("| `<MD")) {
      rows.push_back(line);
    }
  }
  return rows;
}

/// Of tests/data/directives.txt: each directive, and where it may stand in this module.
std::map<std::string, std::string> specified_scopes() {
  std::ifstream file = open_file("tests/data/directives.txt");
  std::map<std::string, std::string> scopes;
  for (std::string line; std::getline(file, line);) {
    const auto words = split_words(line);
    if (words.size() >= 2 && words.front() != "#") {
      const std::string& scope = words.back();
      scopes[words.front()] = scope == "GM,<If>" ? "GM, `<If>`" : scope;
    }
  }
  return scopes;
}

TEST(Documentation, HasARowForEachDirectiveInTheirOrder) {
  const auto rows = documented_rows();
  const auto directives = all_directives();
  for (std::size_t i = 0; i < std::min(rows.size(), directives.size()); ++i) {
    EXPECT_THAT(rows[i], ::testing::StartsWith(row_of(directives[i])));
    EXPECT_GT(rows[i].size(), row_of(directives[i]).size() + 2) << "no meaning: " << rows[i];
  }
  EXPECT_EQ(rows.size(), directives.size());
}

TEST(Directives, AreAllThoseOfTheSpecification) {
  std::map<std::string, std::string> known;
  for (const Directive& directive : all_directives()) {
    known.emplace(directive.name, describe(directive.scope));
  }
  EXPECT_EQ(known, specified_scopes());
}

}  // namespace
}  // namespace md::config
