// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include "model/dns_name.h"
#include "model/job.h"
#include "model/key_spec.h"
#include "model/settings.h"
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

TEST(DnsName, KnowsAddresses) {
  struct Case {
    std::string_view written;
    std::string_view normal;
    std::string_view reverse;
  };
  constexpr std::string_view kDb8One =
      "1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2.ip6.arpa";
  for (const Case& one : {
           Case{"192.0.2.1", "192.0.2.1", "1.2.0.192.in-addr.arpa"},
           Case{"192.0.2.1:8080", "192.0.2.1", "1.2.0.192.in-addr.arpa"},
           Case{"2001:db8::1", "2001:db8::1", kDb8One},
           Case{"2001:DB8:0:0:0:0:0:1", "2001:db8::1", kDb8One},
           Case{"[2001:db8::1]", "2001:db8::1", kDb8One},
           Case{"[2001:db8::1]:443", "2001:db8::1", kDb8One},
           Case{"2001:db8::443", "2001:db8::443",
                "3.4.4.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2.ip6.arpa"},
       }) {
    const auto parsed = DnsName::parse(one.written);
    ASSERT_TRUE(parsed) << one.written;
    EXPECT_EQ(parsed->text(), one.normal);
    EXPECT_TRUE(parsed->is_ip()) << one.written;
    EXPECT_FALSE(parsed->is_wildcard());
    EXPECT_EQ(parsed->reverse_name(), one.reverse);
    EXPECT_EQ(DnsName::of_reverse_name(one.reverse), *parsed);
    EXPECT_EQ(name(parsed->text()), *parsed);  // the store's folder gives it back
  }
}

TEST(DnsName, RefusesWhatOnlyLooksLikeAnAddress) {
  for (const std::string& bad :
       {std::string("192.0.2"), std::string("192.0.2.256"), std::string("192.0.02.1"),
        std::string("1.2.3.4.5"), std::string("*.0.2.1"), std::string("[2001:db8::1"),
        std::string("[2001:db8::1]x"), std::string("[192.0.2.1]"), std::string("2001:db8::g"),
        std::string("fe80::1%eth0"), std::string("2001:db8::1\0x", 13), std::string("::1::")}) {
    EXPECT_FALSE(DnsName::parse(bad)) << bad;
  }
}

TEST(DnsName, TakesNoOtherNameForAReverseOne) {
  for (const std::string_view other :
       {"in-addr.arpa", "2.0.192.in-addr.arpa", "01.2.0.192.in-addr.arpa", "a.b.c.d.in-addr.arpa",
        "1.ip6.arpa", "192.0.2.1", "example.org", "1.2.0.192.in-addr.arpa.example.org", ""}) {
    EXPECT_EQ(DnsName::of_reverse_name(other), std::nullopt) << other;
  }
  EXPECT_EQ(name("example.org").reverse_name(), "example.org");
  EXPECT_FALSE(name("in-addr.arpa").is_ip());
}

TEST(DnsName, NothingButItselfCoversAnAddress) {
  EXPECT_TRUE(name("192.0.2.1").covers(name("192.0.2.1")));
  EXPECT_FALSE(name("192.0.2.1").covers(name("192.0.2.2")));
  EXPECT_TRUE(name("[::1]").covers(name("0:0:0:0:0:0:0:1")));
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
  const std::vector<DnsName> as_they_are{name("b.a.example.org"), name("*.example.org"),
                                         name("*.a.example.com"), name("192.0.2.1"),
                                         name("localhost")};
  EXPECT_EQ(without_covered(as_they_are), as_they_are);
}

TEST(KeySpec, NamesItsFiles) {
  EXPECT_EQ(KeySpec::rsa(4096).file_suffix(), "");
  EXPECT_EQ(KeySpec::rsa().name(), "rsa");
  EXPECT_EQ(KeySpec::ec("P-256").file_suffix(), ".p-256");
  EXPECT_EQ(KeySpec::ec("../X").file_suffix(), ".%2e.%2fx") << "B3: no path";
}

TEST(DnsName, KeepsWordsOfTheConfigurationThatAreNoneB2) {
  for (const char* word : {"inva!id.example.org", "-bad.example.org", "a..org", "a/b", "..", "a b",
                           "*.*.org", "1.2.3", "", "x:y:z", "*"}) {
    const DnsName name = DnsName::as_configured(word);
    EXPECT_FALSE(name.is_valid()) << word;
    EXPECT_EQ(name.text(), word);
    EXPECT_FALSE(name.is_wildcard() || name.is_ip()) << word;
    EXPECT_EQ(name.base(), word);
    EXPECT_TRUE(name.covers(name));
    EXPECT_FALSE(DnsName::as_configured("*.example.org").covers(name)) << word;
    EXPECT_FALSE(name.covers(*DnsName::parse("a.org"))) << word;
  }
  EXPECT_EQ(DnsName::as_configured("In!Valid").text(), "in!valid");
  EXPECT_EQ(DnsName::as_configured("A.Example.org."), *DnsName::parse("a.example.org"));
  const std::vector both{DnsName::as_configured("*.example.org"),
                         DnsName::as_configured("in!valid.example.org")};
  EXPECT_EQ(without_covered(both), both) << "a CA is to refuse it";
}

TEST(ChallengeList, KeepsUnknownWordsInTheirPlaceB1) {
  ChallengeList list;
  EXPECT_TRUE(list.empty());
  for (const char* word : {"tls-sni-01", "HTTP-01", "http-01", "dns-01", "Tls-Sni-01"}) {
    list.add(word);
  }
  EXPECT_EQ(list.words, (std::vector<std::string>{"tls-sni-01", "http-01", "dns-01"}));
  EXPECT_EQ(list.types(), (std::vector{ChallengeType::Http01, ChallengeType::Dns01}));
  EXPECT_EQ(list.unknown_words(), (std::vector<std::string>{"tls-sni-01"}));
  EXPECT_TRUE(list.has(ChallengeType::Dns01));
  EXPECT_FALSE(list.has(ChallengeType::TlsAlpn01));
}

TEST(Window, IsReportedAsWritten) {
  for (const auto& [written, text] :
       std::vector<std::pair<std::string, std::string>>{{"14d", "14d"},
                                                        {"33%", "33%"},
                                                        {"10", "10d"},
                                                        {"12h", "12h"},
                                                        {"30mi", "30mi"},
                                                        {"-1d", "-1d"},
                                                        {"10days", "10d"},
                                                        {"33%%", "33%"},
                                                        {"+33%", "33%"},
                                                        {"%", "0%"}}) {
    EXPECT_EQ(Window::parse(written)->text(), text);
  }
}

TEST(Window, RefusesWhatIsNoWindow) {
  EXPECT_EQ(Window::parse("100%").error().message, "a length of 100% or more is not allowed.");
  for (const char* bad : {"", "x%", "33.3%", "33x%", "1y", "-5%"}) {
    EXPECT_FALSE(Window::parse(bad)) << bad;
  }
}

TEST(Window, IsNeverLessThanNothingB3) {
  using std::chrono::days;
  EXPECT_EQ(Window::parse("-7d")->of(days(90)), Duration(0));
  EXPECT_EQ(Window::parse("-7d")->of(days(-1)), Duration(0));
  EXPECT_EQ(Window::parse("-7d")->fixed_length(), days(-7));
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
