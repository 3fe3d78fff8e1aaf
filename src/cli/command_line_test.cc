// SPDX-License-Identifier: Apache-2.0
#include "cli/command_line.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

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

TEST(CommandLine, SaysVersionAndHelp) {
  EXPECT_EQ(rendered({"-V"}).standard_output, "a2md 1.2.3\n");
  EXPECT_THAT(rendered({"-h"}).standard_output, HasSubstr("store"));
  EXPECT_THAT(rendered({"update", "--help"}).standard_output, HasSubstr("contacts"));
  EXPECT_EQ(rendered({"-h"}).exit_code, 0);
}

TEST(CommandLine, RefusesWhatItDoesNotKnow) {
  for (const std::vector<std::string>& line : std::vector<std::vector<std::string>>{
           {}, {"store"}, {"fly"}, {"list", "--fast"}, {"add"}, {"store", "remove"}, {"-d"}}) {
    const Rendered refusal = rendered(line);
    EXPECT_EQ(refusal.exit_code, 1);
    EXPECT_THAT(refusal.standard_error, HasSubstr("a2md --help"));
  }
}

TEST(CommandLine, RefusesInJsonWhereAsked) {
  for (const char* option : {"-j", "--json", "-vj"}) {
    EXPECT_THAT(rendered({option, "fly"}).standard_output, HasSubstr("\"status\": 22"));
  }
}

}  // namespace
}  // namespace md::cli
