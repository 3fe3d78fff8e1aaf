// SPDX-License-Identifier: Apache-2.0
// Holds docs/a2md.md, the shell completion and the tree of commands together.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "cli/command_line.h"

namespace md::cli {
namespace {

using ::testing::HasSubstr;

std::string content_of(const std::string& name) {
  const auto root = std::filesystem::path(__FILE__).parent_path().parent_path().parent_path();
  std::ifstream file(root / name);
  EXPECT_TRUE(file) << name;
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

/// "| `store add` | …": the commands of the table's rows, in their order.
std::vector<std::string> documented_commands() {
  std::istringstream text(content_of("docs/a2md.md"));
  std::vector<std::string> commands;
  for (std::string line; std::getline(text, line);) {
    if (line.starts_with("| `") && line[3] != '-') {
      commands.push_back(line.substr(3, line.find('`', 3) - 3));
    }
  }
  return commands;
}

TEST(Documentation, HasARowForEachCommand) {
  EXPECT_EQ(documented_commands(), command_names());
}

TEST(Completion, KnowsTheFirstWordOfEachCommand) {
  const std::string script = content_of("contrib/completion/a2md");
  std::vector<std::string> words;
  for (const std::string& command : command_names()) {
    const std::string word = command.substr(0, command.find(' '));
    if (words.empty() || words.back() != word) {
      words.push_back(word);
    }
  }
  std::string list;
  for (const std::string& word : words) {
    list += (list.empty() ? "" : " ") + word;
  }
  EXPECT_THAT(script, HasSubstr(":) words=\"" + list + "\""));
}

}  // namespace
}  // namespace md::cli
