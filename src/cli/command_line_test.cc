// SPDX-License-Identifier: Apache-2.0
#include "cli/command_line.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <optional>
#include <string>
#include <vector>

namespace md::cli {
namespace {

using ::testing::HasSubstr;

Rendered rendered(const std::vector<std::string>& arguments) {
  const auto parsed = parse_command_line(arguments, "1.2.3");
  const auto* found = std::get_if<Rendered>(&parsed);
  EXPECT_NE(found, nullptr);
  return found != nullptr ? *found : Rendered{};
}

Options options_of(const std::vector<std::string>& arguments) {
  const auto parsed = parse_command_line(arguments, "1.2.3");
  const auto* found = std::get_if<Invocation>(&parsed);
  EXPECT_NE(found, nullptr);
  return found != nullptr ? found->options : Options{};
}

TEST(CommandLine, TakesOptionsBeforeAndAfterTheCommand) {
  const Options options = options_of({"-d", "/x", "store", "list", "-j", "-a", "https://one/dir",
                                      "-a", "https://two/dir", "-t", "accepted", "-C", "roots.pem",
                                      "-p", "http://proxy:3128", "-vv", "-q"});
  EXPECT_EQ(options.store_dir, "/x");
  EXPECT_EQ(options.format, Format::Json);
  EXPECT_EQ(options.ca_urls, (std::vector<std::string>{"https://one/dir", "https://two/dir"}));
  EXPECT_EQ(options.terms, "accepted");
  EXPECT_EQ(options.ca_certificate_file, "roots.pem");
  EXPECT_EQ(options.proxy, "http://proxy:3128");
  EXPECT_EQ(options.verbosity, 1);
}

TEST(CommandLine, TakesTheLastOfAnOptionThatIsRepeated) {
  EXPECT_EQ(options_of({"-d", "one", "list", "-d", "two", "-j", "-j"}).store_dir, "two");
}

TEST(CommandLineA6, SaysTheVersionThatItStandsInForAndItsOwn) {
  EXPECT_EQ(rendered({"-V"}).standard_output, "version: 2.6.11-git\n");
  EXPECT_EQ(rendered({"--version"}).standard_output, "version: 1.2.3\n");
  EXPECT_EQ(rendered({"-V"}).exit_code, 0);
}

TEST(CommandLine, HelpOfOurCommandsIsAnAnswer) {
  const Rendered help = rendered({"status", "--help"});
  EXPECT_THAT(help.standard_output, HasSubstr("status"));
  EXPECT_EQ(help.standard_error, "");
  EXPECT_EQ(help.exit_code, 0);
}

TEST(CommandLineFamily, HelpOfOldCommandsIsOnStandardErrorWithTwo) {
  for (const std::vector<std::string>& line : std::vector<std::vector<std::string>>{
           {"-h"}, {"--help"}, {"update", "-h"}, {"store", "-h"}, {"acme", "newreg", "-h"}}) {
    const Rendered help = rendered(line);
    EXPECT_EQ(help.standard_output, "");
    EXPECT_THAT(help.standard_error, HasSubstr("Usage"));
    EXPECT_EQ(help.exit_code, 2);
  }
  EXPECT_THAT(rendered({"update", "--help"}).standard_error, HasSubstr("contacts"));
}

TEST(CommandLineFamily, KnowsTheLongOptionsOfModMdsTool) {
  const Options options =
      options_of({"--acme", "https://one/dir", "--cafile", "roots.pem", "list"});
  EXPECT_EQ(options.ca_urls, std::vector<std::string>{"https://one/dir"});
  EXPECT_EQ(options.ca_certificate_file, "roots.pem");
  options_of({"drive", "-f", "-r", "example.org"});
}

struct Refused {
  std::vector<std::string> line;
  int exit_code;
  bool has_frame;
};

class CommandLineA3 : public ::testing::TestWithParam<Refused> {};

TEST_P(CommandLineA3, RefusesWithExitCodeAndFrame) {
  std::vector<std::string> line = GetParam().line;
  const Rendered text = rendered(line);
  line.insert(line.begin(), "-j");
  const Rendered json = rendered(line);
  for (const Rendered& one : {text, json}) {
    EXPECT_EQ(one.exit_code, GetParam().exit_code);
    EXPECT_THAT(one.standard_error, HasSubstr("a2md --help"));
  }
  EXPECT_EQ(text.standard_output, "");
  EXPECT_EQ(json.standard_output.find("\"status\": 22") != std::string::npos, GetParam().has_frame)
      << json.standard_output;
}

const Refused kRefused[] = {
    {{}, 1, false},
    {{"store"}, 1, false},
    {{"acme"}, 1, false},
    {{"fly"}, 1, true},
    {{""}, 1, true},
    {{"store", "fly"}, 1, true},
    {{"acme", "fly"}, 1, true},
    {{"-Z", "list"}, 2, false},
    {{"list", "--fast"}, 2, false},
    {{"add", "-a.example.org"}, 2, false},
    {{"-d"}, 2, false},
    {{"list", "-d"}, 2, false},
    {{"drive", "-c"}, 2, false},
    // Ours: exit code 2 of `check` says something.
    {{"check", "--fast"}, 1, true},
    {{"explain"}, 1, true},
    {{"explain", "a.org", "b.org"}, 1, true},
    {{"restore", "a.org", "many"}, 1, true},
    {{"restore", "a.org", "99999999999999999999"}, 1, true},
    {{"renew"}, 1, true},
    {{"acme", "authz"}, 1, true},
};
INSTANTIATE_TEST_SUITE_P(Lines, CommandLineA3, ::testing::ValuesIn(kRefused));

TEST(CommandLine, ShowsDetailOfOurCommandsAndWhereVerbose) {
  const auto detail_of = [](const std::vector<std::string>& line) {
    const auto parsed = parse_command_line(line, "1.2.3");
    const auto* found = std::get_if<Invocation>(&parsed);
    return found != nullptr ? std::optional(found->detail) : std::nullopt;
  };
  EXPECT_EQ(detail_of({"list"}), Detail::NotOfRefusals);
  EXPECT_EQ(detail_of({"list", "-v"}), Detail::Always);
  EXPECT_EQ(detail_of({"status"}), Detail::Always);
}

}  // namespace
}  // namespace md::cli
