// SPDX-License-Identifier: Apache-2.0
#include "config/challenge_choice.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/text.h"

namespace md::config {
namespace {

using model::ChallengeType;
using model::ManagedDomain;
using ::testing::HasSubstr;

constexpr std::uint16_t kHttp = 80;
constexpr std::uint16_t kHttps = 443;

/// `names`, all of which speak acme-tls/1 if their host does.
ManagedDomain domain(std::string_view names, std::string_view acme_tls_names = "") {
  ManagedDomain made;
  for (const std::string& name : split_words(names)) {
    made.names.push_back(*model::DnsName::parse(name));
  }
  made.name = made.names.front().text();
  made.alpn_names = split_words(acme_tls_names);
  return made;
}

/// "a.test: http-01 dns-01, b.test: dns-01", or the error.
std::string choice(const ManagedDomain& made, const std::vector<std::uint16_t>& ports) {
  const auto choices = choose_challenges(made, ports);
  if (!choices) {
    EXPECT_EQ(choices.error().kind, ErrorKind::Permanent);
    EXPECT_EQ(choices.error().problem->type, "challenge-mismatch");
    return choices.error().problem->detail;
  }
  std::vector<std::string> texts;
  for (const NameChallenges& chosen : *choices) {
    std::string text = chosen.name.text() + ":";
    for (const ChallengeType type : chosen.types) {
      text += " " + std::string(name_of(type));
    }
    texts.push_back(text);
  }
  return join(texts, ", ");
}

TEST(ChallengeChoice, FollowsTheDocumentedOrder) {  // CH-02
  ManagedDomain made = domain("a.test", "a.test");
  made.settings.dns01_command = "/bin/dns";
  EXPECT_EQ(choice(made, {kHttp, kHttps}), "a.test: tls-alpn-01 http-01 dns-01");
  EXPECT_EQ(choice(made, {kHttps}), "a.test: tls-alpn-01 dns-01");
  EXPECT_EQ(choice(made, {kHttp}), "a.test: http-01 dns-01");
  EXPECT_EQ(choice(made, {}), "a.test: dns-01");
}

TEST(ChallengeChoice, TakesAnExplicitListAsItIs) {  // CH-03
  ManagedDomain made = domain("a.test");
  made.settings.challenges = {ChallengeType::TlsAlpn01};
  EXPECT_EQ(choice(made, {}), "a.test: tls-alpn-01");
  made.settings.challenges = {ChallengeType::Dns01, ChallengeType::Http01};
  EXPECT_EQ(choice(made, {}), "a.test: dns-01 http-01");
}

TEST(ChallengeChoice, IsMadeForEachName) {  // CH-04
  EXPECT_EQ(choice(domain("a.test b.test", "b.test"), {kHttp, kHttps}),
            "a.test: http-01, b.test: tls-alpn-01 http-01");
}

TEST(ChallengeChoice, HeedsThePortMap) {
  ManagedDomain made = domain("a.test", "a.test");
  made.settings.port_map = model::PortMap{8000, 8443};
  EXPECT_EQ(choice(made, {8000, 8443}), "a.test: tls-alpn-01 http-01");
  made.settings.port_map = model::PortMap{std::nullopt, 443};
  EXPECT_EQ(choice(made, {kHttp, kHttps}), "a.test: tls-alpn-01");
}

TEST(ChallengeChoice, ForWildcardsIsDnsOnly) {
  ManagedDomain made = domain("a.test *.a.test b.a.test");
  made.settings.dns01_command = "/bin/dns";
  EXPECT_EQ(choice(made, {kHttp}), "a.test: http-01 dns-01, *.a.test: dns-01")
      << "and none for what the wildcard covers";
  made.settings.challenges = {ChallengeType::Http01, ChallengeType::Dns01};
  EXPECT_EQ(choice(made, {}), "a.test: http-01 dns-01, *.a.test: dns-01");
}

TEST(ChallengeChoice, SaysWhatWouldBeNeeded) {
  ManagedDomain made = domain("a.test b.test", "a.test");
  EXPECT_EQ(choice(made, {kHttps}),
            "No challenge type is possible for b.test: tls-alpn-01, as the Protocols of the "
            "VirtualHost for that name do not hold acme-tls/1; http-01, as the server does not "
            "listen on port 80 (see Listen and MDPortMap); dns-01, as there is no MDChallengeDns01 "
            "command.");
  made.settings.port_map = model::PortMap{std::nullopt, std::nullopt};
  EXPECT_THAT(choice(made, {kHttp, kHttps}),
              HasSubstr("tls-alpn-01, as MDPortMap says that https is not reachable"));
}

TEST(ChallengeChoice, HasNoDns01ForAddresses) {
  ManagedDomain made = domain("192.0.2.1 2001:db8::1 a.test", "2001:db8::1");
  made.settings.dns01_command = "/bin/dns";
  EXPECT_EQ(choice(made, {kHttp, kHttps}),
            "192.0.2.1: http-01, 2001:db8::1: tls-alpn-01 http-01, a.test: http-01 dns-01");
  made.settings.challenges = {ChallengeType::Dns01, ChallengeType::Http01};
  EXPECT_EQ(choice(made, {}), "192.0.2.1: http-01, 2001:db8::1: http-01, a.test: dns-01 http-01");
  made.settings.challenges = {ChallengeType::Dns01};
  EXPECT_EQ(choice(made, {kHttp}),
            "IP addresses (192.0.2.1, 2001:db8::1) need http-01 or tls-alpn-01: MDCAChallenges "
            "lists neither.");
}

TEST(ChallengeChoice, SaysWhatWildcardsNeed) {
  ManagedDomain made = domain("a.test *.a.test");
  EXPECT_EQ(choice(made, {kHttp}),
            "Wildcards (*.a.test) need dns-01: there is no MDChallengeDns01 command.");
  made.settings.challenges = {ChallengeType::Http01};
  EXPECT_EQ(choice(made, {kHttp}),
            "Wildcards (*.a.test) need dns-01: MDCAChallenges does not list it.");
}

TEST(ChallengeChoice, NeverTakesTypesThatNobodyKnowsB1) {
  ManagedDomain made = domain("a.test", "a.test");
  for (const char* word : {"tls-sni-01", "none"}) {
    made.settings.challenges.add(word);
  }
  EXPECT_EQ(choice(made, {kHttp, kHttps}),
            "No challenge type is possible for a.test: MDCAChallenges lists tls-sni-01, none, "
            "which nobody knows.");
  made.settings.challenges.add("http-01");
  EXPECT_EQ(choice(made, {kHttp, kHttps}), "a.test: http-01");
}

}  // namespace
}  // namespace md::config
