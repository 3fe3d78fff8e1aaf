// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include "model/dns_name.h"
#include "model/job.h"
#include "model/key_spec.h"
#include "model/validity.h"

namespace md::model {
namespace {

DnsName name(std::string_view text) {
  return *DnsName::parse(text);
}

TEST(DnsName, NormalisesWhatAdministratorsWrite) {
  for (const auto& [written, normal] :
       std::vector<std::pair<std::string, std::string>>{{"Example.ORG", "example.org"},
                                                        {"example.org.", "example.org"},
                                                        {"example.org:8443", "example.org"},
                                                        {"*.Example.org", "*.example.org"},
                                                        {"a_b.example.org", "a_b.example.org"},
                                                        {"localhost", "localhost"}}) {
    const auto parsed = DnsName::parse(written);
    ASSERT_TRUE(parsed) << written;
    EXPECT_EQ(parsed->text(), normal);
  }
}

TEST(DnsName, RefusesWhatIsNoHostName) {
  const std::string long_label(64, 'a');
  const std::string long_name = std::string(250, 'a') + ".org";
  for (const std::string& bad :
       {std::string(), std::string("."), std::string("a..b"), std::string("../etc/passwd"),
        std::string("a/b"), std::string("a b"), std::string("-a.org"), std::string("a-.org"),
        std::string("*"), std::string("a.*.org"), std::string("a\0b", 3), long_label, long_name}) {
    const auto parsed = DnsName::parse(bad);
    ASSERT_FALSE(parsed) << bad;
    EXPECT_EQ(parsed.error().kind, ErrorKind::InvalidInput);
  }
}

TEST(DnsName, WildcardsCoverExactlyOneLabel) {
  EXPECT_TRUE(name("*.example.org").covers(name("a.example.org")));
  EXPECT_FALSE(name("*.example.org").covers(name("a.b.example.org")));
  EXPECT_FALSE(name("*.example.org").covers(name("example.org")));
  EXPECT_TRUE(name("*.example.org").covers(name("*.example.org")));
  EXPECT_FALSE(name("example.org").covers(name("a.example.org")));
}

TEST(DnsName, OrdersLeaveOutCoveredNames) {
  const auto kept = without_covered(
      {name("example.org"), name("*.example.org"), name("a.example.org"), name("example.org")});
  ASSERT_EQ(kept.size(), 2U);
  EXPECT_EQ(kept[0].text(), "example.org");
  EXPECT_EQ(kept[1].text(), "*.example.org");
}

TEST(KeySpec, NamesItsFiles) {
  EXPECT_EQ(KeySpec::rsa(4096).file_suffix(), "");
  EXPECT_EQ(KeySpec::rsa().name(), "rsa");
  EXPECT_EQ(KeySpec::ec("P-256").file_suffix(), ".p-256");
}

TEST(Window, IsReportedAsWritten) {
  for (const auto& [written, text] : std::vector<std::pair<std::string, std::string>>{
           {"14d", "14d"}, {"33%", "33%"}, {"10", "10d"}, {"12h", "12h"}, {"30mi", "30mi"}}) {
    EXPECT_EQ(Window::parse(written)->text(), text);
  }
}

TEST(Window, RefusesWhatIsNoWindow) {
  EXPECT_EQ(Window::parse("100%").error().message, "a length of 100% or more is not allowed.");
  for (const char* bad : {"", "%", "x%", "-1d", "1y"}) {
    EXPECT_FALSE(Window::parse(bad)) << bad;
  }
}

TEST(Window, IsNeverLongerThanTheLifetime) {
  using std::chrono::days;
  EXPECT_EQ(Window::percent(33).of(days(100)), days(33));
  EXPECT_EQ(Window::parse("200d")->of(days(90)), days(90));
}

TEST(Job, KeepsTheNewestEntriesFirst) {
  Job job;
  for (int i = 0; i < 200; ++i) {
    job.add_log({TimePoint(std::chrono::seconds(i)), "progress", "", std::to_string(i)});
  }
  ASSERT_EQ(job.log.size(), Job::kMaxLogEntries);
  EXPECT_EQ(job.log.front().detail, "199");
  EXPECT_EQ(job.last_logged("progress"), TimePoint(std::chrono::seconds(199)));
  EXPECT_EQ(job.last_logged("finished"), std::nullopt);
}

}  // namespace
}  // namespace md::model
