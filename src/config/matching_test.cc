// SPDX-License-Identifier: Apache-2.0
#include "config/matching.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <ctime>
#include <iostream>

#include "base/text.h"

namespace md::config {
namespace {

using model::ManagedDomain;
using model::Settings;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

DomainDefinition mdomain(std::string_view words, int line = 1) {
  return *parse_definition(split_words(words), {"md.conf", line});
}

VirtualHost http_host(const std::string& name, std::string_view aliases = "") {
  VirtualHost host;
  host.server_name = name;
  host.aliases = split_words(aliases);
  host.ports = {80};
  host.place = {"hosts.conf", 7};
  return host;
}

VirtualHost tls_host(const std::string& name, std::string_view aliases = "") {
  VirtualHost host = http_host(name, aliases);
  host.ports = {443};
  host.speaks_tls = true;
  return host;
}

VirtualHost main_server(const std::string& name) {
  VirtualHost host = http_host(name);
  host.is_base_server = true;
  return host;
}

VirtualHost with_acme_tls(VirtualHost host) {
  host.offers_acme_tls = true;
  return host;
}

VirtualHost by_server_name(VirtualHost host) {
  host.match_names = model::MatchNames::ServerNames;
  return host;
}

Plan plan(const std::vector<DomainDefinition>& definitions, const std::vector<VirtualHost>& hosts,
          const Settings& server = {}) {
  return make_plan(definitions, hosts, server);
}

Settings matching_server_names() {
  Settings settings;
  settings.match_names = model::MatchNames::ServerNames;
  return settings;
}

std::string names(const ManagedDomain& domain) {
  std::vector<std::string> texts;
  for (const auto& name : domain.names) {
    texts.push_back(name.text());
  }
  return join(texts, " ");
}

std::vector<int> ids(const Plan& made) {
  std::vector<int> result;
  for (const Finding& finding : made.findings) {
    result.push_back(finding.id.number);
  }
  return result;
}

constexpr std::optional<std::size_t> kNone;

TEST(Matching, JoinsNamesOfTlsHosts) {
  const Plan made = plan({mdomain("a.test")},
                         {tls_host("a.test", "www.a.test A.test."), tls_host("x.test", "a.test")});
  EXPECT_EQ(names(made.domains[0]), "a.test www.a.test x.test");
  EXPECT_EQ(made.domains[0].name, "a.test");
  EXPECT_TRUE(made.domains[0].is_used && made.has_tls_host[0]);
  EXPECT_THAT(made.host_domains, ElementsAre(0U, 0U));
  EXPECT_THAT(made.findings, IsEmpty());
  EXPECT_EQ(made.names.find("www.a.test"), 0U);
}

TEST(Matching, DoesNotJoinNamesOfPlainHosts) {  // VH-01, VH-02
  const Plan made = plan({mdomain("a.test"), mdomain("b.test")},
                         {http_host("all.test", "a.test b.test c.test"),
                          http_host("a.test", "d.test"), tls_host("a.test"), tls_host("b.test")});
  EXPECT_EQ(names(made.domains[0]), "a.test");
  EXPECT_EQ(names(made.domains[1]), "b.test");
  EXPECT_THAT(made.host_domains, ElementsAre(kNone, 0U, 0U, 1U));
  EXPECT_THAT(made.findings, IsEmpty());
}

TEST(Matching, WarnsAboutMissingNamesInManualMode) {  // VH-03
  const Plan made = plan({mdomain("a.test manual")}, {tls_host("a.test", "b.test *.c.test")});
  EXPECT_EQ(names(made.domains[0]), "a.test");
  ASSERT_THAT(ids(made), ElementsAre(10040));
  EXPECT_EQ(made.findings[0].level, LogLevel::Warning);
  EXPECT_EQ(made.findings[0].message,
            "Virtual Host a.test:443 matches Managed Domain 'a.test', but the name/alias b.test "
            "itself is not managed. A requested MD certificate will not match ServerName.");
  EXPECT_FALSE(made.is_fatal());
}

TEST(Matching, InheritsMembersFromTheServer) {
  Settings server;
  server.members = model::Members::Manual;
  const Plan made = plan({mdomain("a.test"), mdomain("b.test auto")},
                         {tls_host("a.test", "aa.test"), tls_host("b.test", "bb.test")}, server);
  EXPECT_EQ(names(made.domains[0]), "a.test");
  EXPECT_EQ(names(made.domains[1]), "b.test bb.test");
}

TEST(Matching, RefusesDomainsThatShareAName) {  // VH-13
  const Plan made =
      plan({mdomain("a.test b.test", 3), mdomain("c.test b.test a.test", 9)}, {tls_host("a.test")});
  ASSERT_EQ(ids(made).front(), 10038);
  EXPECT_TRUE(made.is_fatal());
  EXPECT_EQ(made.findings[0].message,
            "two Managed Domains have an overlap in domain 'b.test', first definition in "
            "md.conf:3, second in md.conf:9");
  EXPECT_EQ(std::ranges::count(ids(made), 10038), 1) << "one message for a pair of domains";
}

TEST(Matching, RefusesAWildcardAndThenANameThatItCovers) {
  for (const char* wildcard : {"*.a.test", "x.test *.a.test"}) {
    const Plan made = plan({mdomain(wildcard, 1), mdomain("y.test b.a.test", 2)}, {});
    ASSERT_EQ(ids(made).front(), 10038);
    EXPECT_TRUE(made.is_fatal());
    EXPECT_THAT(made.findings[0].message, HasSubstr("'b.a.test', first definition in md.conf:1"));
  }
  EXPECT_FALSE(plan({mdomain("*.a.test"), mdomain("a.test")}, {}).is_fatal());
  EXPECT_FALSE(plan({mdomain("*.a.test b.a.test")}, {}).is_fatal());
}

TEST(Matching, WarnsOfANameAndThenAWildcardThatCoversIt) {
  const std::vector<DomainDefinition> definitions{mdomain("b.a.test", 1),
                                                  mdomain("x.test *.a.test", 2)};
  const Plan made = plan(definitions, {tls_host("b.a.test"), tls_host("c.a.test")});
  EXPECT_THAT(made.host_domains, ElementsAre(0U, 1U)) << "the exact name counts";
  ASSERT_THAT(ids(made), ElementsAre(10038));
  EXPECT_EQ(made.findings[0].level, LogLevel::Warning);
  EXPECT_FALSE(made.is_fatal());
  EXPECT_THAT(made.findings[0].message,
              HasSubstr("second in md.conf:2: it is taken for one of 'b.a.test'"));
}

TEST(Matching, ByServerNameDomainsMayShareNamesThatAreNotTheFirst) {
  const Plan made = plan(
      {mdomain("a.test b.test", 1), mdomain("c.test b.test", 2)},
      {by_server_name(tls_host("a.test", "b.test")), by_server_name(tls_host("c.test", "b.test"))},
      matching_server_names());
  EXPECT_FALSE(made.is_fatal());
  EXPECT_THAT(made.host_domains, ElementsAre(0U, 1U));
  EXPECT_EQ(names(made.domains[0]), "a.test b.test");
  EXPECT_EQ(names(made.domains[1]), "c.test b.test");
  ASSERT_THAT(ids(made), ElementsAre(10038));
  EXPECT_EQ(made.findings[0].level, LogLevel::Warning);
  EXPECT_TRUE(
      plan({mdomain("a.test"), mdomain("a.test b.test")}, {}, matching_server_names()).is_fatal())
      << "there is one folder for both";
}

TEST(Matching, LeavesATlsHostOfTwoDomainsAlone) {  // VH-04
  const Plan made = plan({mdomain("a.test", 1), mdomain("b.test", 2)},
                         {tls_host("a.test", "b.test c.test"), tls_host("b.test")});
  EXPECT_THAT(made.host_domains, ElementsAre(kNone, 1U));
  EXPECT_EQ(names(made.domains[0]), "a.test");
  ASSERT_THAT(ids(made), ElementsAre(10238, 10042));
  EXPECT_EQ(made.findings[0].message,
            "conflict: 2 MDs match Virtualhost a.test:443 which uses SSL, however there can be at "
            "most 1.");
  EXPECT_THAT(made.findings[1].message,
              HasSubstr("'a.test' (defined in md.conf:1) and 'b.test' (defined in md.conf:2)"));
  EXPECT_EQ(made.findings[1].level, LogLevel::Error);
  EXPECT_FALSE(made.is_fatal());
}

TEST(Matching, ExactNamesBeatWildcardsWhateverTheOrder) {  // VH-05
  for (const bool is_wildcard_first : {true, false}) {
    std::vector definitions{mdomain("*.a.test"), mdomain("b.a.test")};
    if (!is_wildcard_first) {
      std::swap(definitions[0], definitions[1]);
    }
    const Plan made = plan(
        definitions,
        {by_server_name(tls_host("b.a.test", "x.a.test")), by_server_name(tls_host("c.a.test"))},
        matching_server_names());
    const std::size_t wildcard = is_wildcard_first ? 0 : 1;
    EXPECT_THAT(made.host_domains, ElementsAre(1 - wildcard, wildcard));
    EXPECT_THAT(made.findings, IsEmpty());
    EXPECT_EQ(names(made.domains[1 - wildcard]), "b.a.test x.a.test");
  }
}

TEST(Matching, ByServerNameLeavesNamesOfOtherDomainsToThem) {
  const Plan made = plan({mdomain("a.test"), mdomain("b.test")},
                         {by_server_name(tls_host("a.test", "b.test c.test")),
                          by_server_name(tls_host("b.test", "*.test"))},
                         matching_server_names());
  EXPECT_EQ(names(made.domains[0]), "a.test c.test");
  EXPECT_EQ(names(made.domains[1]), "b.test");
  EXPECT_THAT(made.host_domains, ElementsAre(0U, 1U));
  EXPECT_THAT(made.findings, IsEmpty());
}

TEST(Matching, WildcardsCoverOneLabelOnly) {  // VH-06, VH-07
  const Plan made = plan({mdomain("*.a.test")},
                         {tls_host("b.a.test"), tls_host("c.b.a.test"), tls_host("a.test")});
  EXPECT_THAT(made.host_domains, ElementsAre(0U, kNone, kNone));
  EXPECT_EQ(names(made.domains[0]), "*.a.test");
}

TEST(Matching, TakesPatternsAsHttpdDoes) {
  const std::vector<std::tuple<std::string, std::string, bool>> cases{
      {"*.b.test", "foo.b.test", true},   {"*.b.test", "x.foo.b.test", true},
      {"*.b.test", "*.b.test", true},     {"*.b.test", "b.test", false},
      {"*b.test", "b.test", true},        {"*", "foo.b.test", true},
      {"foo*", "foo.b.test", true},       {"fo?.b.test", "foo.b.test", true},
      {"fo?.b.test", "fo.b.test", false}, {"*.O?*.test", "a.old.test", true},
  };
  for (const auto& [pattern, name, is_match] : cases) {
    const Plan made = plan({mdomain(name)}, {tls_host("x.test", pattern)});
    EXPECT_EQ(made.host_domains[0].has_value(), is_match) << pattern << " " << name;
    EXPECT_EQ(names(made.domains[0]), is_match ? name + " x.test" : name) << pattern;
  }
}

TEST(Matching, NormalisesServerNames) {  // VH-08
  for (const char* name : {"https://A.Test:8443", "a.test.", "A.TEST:443"}) {
    EXPECT_EQ(plan({mdomain("a.test")}, {tls_host(name)}).host_domains[0], 0U) << name;
  }
}

TEST(Matching, ReportsNamesThatAreNone) {  // VH-12
  const Plan made = plan({mdomain("a.test")}, {tls_host("a.test", "b_.-x 'a b' www.a.test"),
                                               tls_host("other.test", "-.-")});
  EXPECT_EQ(names(made.domains[0]), "a.test www.a.test");
  ASSERT_EQ(made.findings.size(), 2U);
  EXPECT_THAT(made.findings[0].message, HasSubstr("'b_.-x' is not a DNS name"));
  EXPECT_THAT(made.findings[0].message, HasSubstr("hosts.conf:7"));
  EXPECT_THAT(made.findings[1].message, HasSubstr("'a b' is not a DNS name"));
}

TEST(Matching, ManagesTheMainServerOnlyWhenAllowed) {  // VH-11
  VirtualHost server = main_server("a.test");
  server.speaks_tls = true;
  EXPECT_THAT(plan({mdomain("a.test")}, {server}).host_domains, ElementsAre(kNone));
  Settings settings;
  settings.base_server = model::Switch::On;
  const Plan made = plan({mdomain("a.test")}, {server}, settings);
  EXPECT_THAT(made.host_domains, ElementsAre(0U));
  EXPECT_TRUE(made.domains[0].is_used);
}

TEST(Matching, IsUsedByAnyHostC1) {
  Settings base;
  base.base_server = model::Switch::On;
  struct Case {
    std::vector<VirtualHost> hosts;
    Settings server;
    bool is_used;
    bool has_tls_host;
  };
  for (const Case& c : std::vector<Case>{
           {{main_server("x.test"), tls_host("a.test")}, {}, true, true},
           {{main_server("x.test"), http_host("a.test")}, {}, true, false},
           {{main_server("x.test"), http_host("x.test", "a.test")}, {}, true, false},
           {{main_server("x.test"), http_host("x.test", "?.test")}, {}, true, false},
           {{main_server("x.test"), http_host("b.test"), http_host("c.test", "a.test b.test")},
            {},
            true,
            false},
           {{main_server("a.test")}, base, true, false},
           {{main_server("a.test")}, {}, false, false},
           {{main_server("x.test"), http_host("y.test")}, {}, false, false},
       }) {
    const Plan made = plan({mdomain("a.test"), mdomain("b.test")}, c.hosts, c.server);
    EXPECT_EQ(made.domains[0].is_used, c.is_used) << c.hosts.back().label();
    EXPECT_EQ(made.has_tls_host[0], c.has_tls_host) << c.hosts.back().label();
  }
}

TEST(Matching, WarnsAboutDomainsWithoutHosts) {
  const Plan unmatched = plan({mdomain("a.test")}, {main_server("a.test"), tls_host("b.test")});
  EXPECT_THAT(ids(unmatched), ElementsAre(10045));
  EXPECT_EQ(unmatched.findings[0].message, "No VirtualHost matches Managed Domain a.test");
  Settings server;
  server.require_https = model::RequireHttps::Temporary;
  const Plan plain = plan({mdomain("a.test")}, {http_host("a.test")}, server);
  EXPECT_THAT(ids(plain), ElementsAre(10105));
  EXPECT_THAT(ids(plan({mdomain("a.test")}, {tls_host("a.test")}, server)), IsEmpty());
}

TEST(Matching, RefusesUnequalCountsOfStaticFiles) {  // VH-23
  const std::vector<std::tuple<std::size_t, std::size_t, std::vector<int>>> cases{
      {0, 0, {}}, {1, 1, {}}, {2, 2, {}}, {2, 1, {10170}}, {1, 0, {10170}}, {0, 1, {10171}}};
  for (const auto& [certificates, keys, expected] : cases) {
    DomainDefinition definition = mdomain("a.test");
    definition.settings.certificate_files.emplace(certificates, "/c.pem");
    definition.settings.certificate_key_files.emplace(keys, "/k.pem");
    const Plan made = plan({definition}, {tls_host("a.test")});
    EXPECT_EQ(ids(made), expected);
    EXPECT_EQ(made.is_fatal(), !expected.empty());
  }
}

TEST(Matching, WarnsWhereProtocolCaAndNamesDoNotGoTogether) {
  using model::CertificateProtocol;
  const char* const socket = "file://localhost/run/tailscaled.sock";
  const char* const acme = "https://ca.test/dir";
  const std::vector<std::tuple<CertificateProtocol, const char*, DomainDefinition, const char*>>
      cases{
          {CertificateProtocol::Acme, acme, mdomain("a.test b.test"), nullptr},
          {CertificateProtocol::Tailscale, socket, mdomain("a.test"), nullptr},
          {CertificateProtocol::Acme, socket, mdomain("a.test"), "sockets of tailscaled"},
          {CertificateProtocol::Tailscale, acme, mdomain("a.test"), "has to name the socket"},
          {CertificateProtocol::Tailscale, socket, mdomain("a.test b.test"), "one name each"},
          {CertificateProtocol::Tailscale, socket, mdomain("*.a.test"), "without wildcards"},
      };
  for (const auto& [protocol, url, definition, words] : cases) {
    Settings server;
    server.protocol = protocol;
    server.authorities = {{{url, ""}}};
    const std::string host = definition.names.front().is_wildcard() ? "x.a.test" : "a.test";
    const Plan made = plan({definition}, {tls_host(host)}, server);
    if (words == nullptr) {
      EXPECT_THAT(made.findings, IsEmpty());
    } else {
      ASSERT_EQ(made.findings.size(), 1U) << words;
      EXPECT_THAT(made.findings[0].message, HasSubstr(words));
    }
    EXPECT_FALSE(made.is_fatal());
  }
}

TEST(Matching, WarnsThatTailscaleHasNoMustStaple) {
  Settings server;
  server.protocol = model::CertificateProtocol::Tailscale;
  server.authorities = {{{"file://localhost/run/tailscaled.sock", ""}}};
  server.must_staple = model::Switch::On;
  const Plan made = plan({mdomain("a.test")}, {tls_host("a.test")}, server);
  ASSERT_EQ(made.findings.size(), 1U);
  EXPECT_THAT(made.findings[0].message, HasSubstr("MDMustStaple is without effect"));
  EXPECT_EQ(made.findings[0].level, LogLevel::Warning);
  EXPECT_FALSE(made.is_fatal());
}

TEST(Matching, WarnsAboutCasThatNoLongerIssue) {
  Settings server;
  server.authorities = {{{"https://x.test", ""}, {"https://y.test", "Buypass"}}};
  const Plan made = plan({mdomain("a.test"), mdomain("b.test")},
                         {tls_host("a.test"), tls_host("b.test")}, server);
  ASSERT_EQ(made.findings.size(), 1U);
  EXPECT_THAT(made.findings[0].message, HasSubstr("'Buypass'"));
}

TEST(Matching, MergesSettings) {
  Settings server;
  server.stapling = model::Switch::On;
  server.profile = "classic";
  DomainDefinition definition = mdomain("a.test", 5);
  definition.settings.profile = "shortlived";
  const ManagedDomain domain = plan({definition}, {}, server).domains[0];
  EXPECT_EQ(domain.settings.stapling, model::Switch::On);
  EXPECT_EQ(domain.settings.profile, "shortlived");
  EXPECT_EQ(domain.place.line, 5);
}

VirtualHost administered(VirtualHost host, const std::string& admin) {
  host.server_admin = admin;
  return host;
}

TEST(Matching, TakesTheServerAdminOfTheMainServerElseOfTheFirstHostD3a) {
  const std::string nobody = "[no address given]";
  struct Case {
    std::string main;
    std::vector<VirtualHost> hosts;
    std::string expected;
  };
  for (const Case& c : std::vector<Case>{
           {"root@main.test", {administered(tls_host("a.test"), "vh@y.test")}, "root@main.test"},
           {"root@main.test", {http_host("x.test")}, "root@main.test"},
           {nobody, {administered(http_host("a.test"), "mailto:plain@y.test")}, "plain@y.test"},
           {nobody, {administered(tls_host("a.test"), "tls@y.test")}, "tls@y.test"},
           {nobody,
            {administered(http_host("a.test"), "one@y.test"),
             administered(tls_host("a.test"), "two@y.test")},
            "one@y.test"},
           {nobody,
            {administered(tls_host("a.test"), "one@y.test"),
             administered(http_host("a.test"), "two@y.test")},
            "one@y.test"},
           {nobody,
            {administered(http_host("a.test"), nobody),
             administered(http_host("a.test"), "two@y.test")},
            "two@y.test"},
           {nobody, {administered(http_host("x.test"), "other@y.test")}, ""},
       }) {
    std::vector<VirtualHost> hosts{administered(main_server("main.test"), c.main)};
    hosts.insert(hosts.end(), c.hosts.begin(), c.hosts.end());
    EXPECT_EQ(plan({mdomain("a.test")}, hosts).domains[0].server_admin, c.expected) << c.expected;
  }
}

TEST(Matching, JoinsNoNameThatHttpdFilledInReports13) {
  VirtualHost nameless = tls_host("vm12.internal", "a.test www.a.test");
  nameless.is_name_filled_in = true;
  const Plan made = plan({mdomain("a.test")}, {nameless});
  EXPECT_EQ(names(made.domains[0]), "a.test www.a.test");
  EXPECT_THAT(made.host_domains, ElementsAre(0U));
  nameless.is_name_filled_in = false;
  EXPECT_EQ(names(plan({mdomain("a.test")}, {nameless}).domains[0]),
            "a.test vm12.internal www.a.test");
}

TEST(Matching, ManagesNamesThatAreNoneB2) {
  const Plan made = plan({mdomain("in!valid.test"), mdomain("a.test a/b"), mdomain("../x")},
                         {tls_host("In!valid.test", "www.test"), tls_host("a.test", "a/b b!c")});
  EXPECT_EQ(names(made.domains[0]), "in!valid.test www.test");
  EXPECT_THAT(made.host_domains, ElementsAre(0U, 1U));
  EXPECT_EQ(made.domains[2].name, "%2e.%2fx") << "no path";
  EXPECT_FALSE(made.is_fatal());
  std::vector<std::string> said;
  for (const Finding& finding : made.findings) {
    EXPECT_EQ(finding.level, LogLevel::Warning);
    said.push_back(finding.message);
  }
  EXPECT_THAT(said, ::testing::Contains(HasSubstr("has the name 'in!valid.test'")));
  EXPECT_THAT(said, ::testing::Contains(HasSubstr("has the name 'a/b'")));
  EXPECT_THAT(said, ::testing::Contains(HasSubstr("'b!c' is not a DNS name")));
  EXPECT_EQ(names(made.domains[1]), "a.test a/b") << "names of hosts that are none do not join";
}

TEST(Matching, FindsNoneOfTheOtherWordsByServerNamesAloneB2) {
  VirtualHost host = tls_host("x.test", "in!valid.test");
  host.match_names = model::MatchNames::ServerNames;
  EXPECT_THAT(plan({mdomain("in!valid.test")}, {host}).host_domains, ElementsAre(kNone));
  host.server_name = "in!valid.test";
  EXPECT_THAT(plan({mdomain("in!valid.test")}, {host}).host_domains, ElementsAre(0U));
}

TEST(Matching, WarnsOnceOfAChallengeTypeThatNobodyKnowsB1) {
  Settings server;
  server.challenges.emplace().add("tls-sni-01");
  server.challenges->add("http-01");
  const Plan made = plan({mdomain("a.test"), mdomain("b.test")},
                         {tls_host("a.test"), tls_host("b.test")}, server);
  ASSERT_EQ(made.findings.size(), 1U);
  EXPECT_EQ(made.findings[0].level, LogLevel::Warning);
  EXPECT_THAT(made.findings[0].message,
              HasSubstr("MDCAChallenges 'tls-sni-01' of Managed Domain 'a.test' is no challenge "
                        "type that is known, and never matches."));
  EXPECT_FALSE(made.is_fatal());
}

TEST(Matching, WarnsOfSettingsThatAreTakenWithoutSenseB3) {
  Settings server;
  server.renew_window = *model::Window::parse("-1d");
  server.activation_delay = -std::chrono::hours(1);
  server.stapling_keep_response = *model::Window::parse("-7d");
  server.authorities = std::vector{model::CertificateAuthority{"mailto:x@y", ""}};
  const Plan made = plan({mdomain("a.test"), mdomain("b.test")},
                         {tls_host("a.test"), tls_host("b.test")}, server);
  EXPECT_FALSE(made.is_fatal());
  std::string said;
  for (const Finding& finding : made.findings) {
    EXPECT_EQ(finding.level, LogLevel::Warning) << finding.message;
    said += finding.message + "\n";
  }
  for (const char* part : {"MDRenewWindow -1d of", "MDActivationDelay is less than nothing",
                           "MDStaplingKeepResponse is less than nothing",
                           "cannot have certificates from mailto:x@y"}) {
    EXPECT_THAT(said, HasSubstr(part));
  }
  EXPECT_THAT(said, Not(HasSubstr("MDRenewWindow -1d of Managed Domain 'b.test'"))) << "said once";
}

TEST(AcmeTls, IsSaidOfEachNameAlone) {  // CH-04
  const Plan made = plan({mdomain("a.test b.test *.c.test")},
                         {with_acme_tls(tls_host("a.test")), tls_host("b.test")});
  EXPECT_THAT(made.domains[0].alpn_names, ElementsAre("a.test"));
}

TEST(AcmeTls, OfNamesWithoutHostIsUpToTheDefaultHost) {  // CH-05
  const std::vector definitions{mdomain("a.test b.test")};
  EXPECT_THAT(plan(definitions, {with_acme_tls(tls_host("x.test")), tls_host("a.test")})
                  .domains[0]
                  .alpn_names,
              ElementsAre("b.test"));
  EXPECT_THAT(plan(definitions, {tls_host("x.test"), with_acme_tls(tls_host("a.test"))})
                  .domains[0]
                  .alpn_names,
              ElementsAre("a.test"));
}

TEST(AcmeTls, OfTheMainServerCountsIfThereIsNoOtherHost) {  // CH-06
  VirtualHost server = with_acme_tls(main_server("a.test"));
  server.speaks_tls = true;
  server.ports = {};
  Settings settings;
  settings.base_server = model::Switch::On;
  const std::vector definitions{mdomain("a.test b.test")};
  EXPECT_THAT(plan(definitions, {server}, settings).domains[0].alpn_names,
              ElementsAre("a.test", "b.test"));
  EXPECT_THAT(plan(definitions, {server, tls_host("c.test")}, settings).domains[0].alpn_names,
              ElementsAre("a.test"));
}

TEST(AcmeTls, LooksAtAllMatchingHosts) {  // CH-07
  const Plan made = plan({mdomain("a.test www.b.test")},
                         {tls_host("a.test"), with_acme_tls(tls_host("x.test", "a.test")),
                          tls_host("y.test"), with_acme_tls(tls_host("a.test", "www*.test"))});
  EXPECT_THAT(made.domains[0].alpn_names, ::testing::IsSupersetOf({"a.test", "www.b.test"}));
}

TEST(AcmeTls, IsForHostsOnTheMappedPort) {
  VirtualHost elsewhere = with_acme_tls(tls_host("a.test"));
  elsewhere.ports = {8443};
  const std::vector definitions{mdomain("a.test")};
  EXPECT_THAT(plan(definitions, {elsewhere, tls_host("a.test")}).domains[0].alpn_names, IsEmpty());
  Settings mapped;
  mapped.port_map = model::PortMap{80, 8443};
  EXPECT_THAT(plan(definitions, {elsewhere}, mapped).domains[0].alpn_names, ElementsAre("a.test"));
  elsewhere.ports = {0};
  EXPECT_THAT(plan(definitions, {elsewhere}).domains[0].alpn_names, ElementsAre("a.test"));
}

TEST(Addresses, FindTheirDomainButJoinNoneByThemselves) {
  const std::vector definitions{mdomain("192.0.2.1 2001:db8::1"), mdomain("a.test")};
  const Plan made = plan(definitions, {tls_host("192.0.2.1"), tls_host("[2001:DB8::1]:443"),
                                       tls_host("a.test", "192.0.2.9 www.a.test")});
  EXPECT_EQ(made.host_domains, (std::vector<std::optional<std::size_t>>{0, 0, 1}));
  EXPECT_EQ(names(made.domains[0]), "192.0.2.1 2001:db8::1");
  EXPECT_EQ(names(made.domains[1]), "a.test www.a.test");
}

TEST(AcmeTls, IsTheDefaultHostsForAddresses) {  // the CA's SNI is a name below .arpa
  const std::vector definitions{mdomain("192.0.2.1")};
  EXPECT_THAT(plan(definitions, {tls_host("a.test"), with_acme_tls(tls_host("192.0.2.1"))})
                  .domains[0]
                  .alpn_names,
              IsEmpty());
  EXPECT_THAT(plan(definitions, {with_acme_tls(tls_host("a.test")), tls_host("192.0.2.1")})
                  .domains[0]
                  .alpn_names,
              ElementsAre("192.0.2.1"));
}

double cpu_milliseconds_for(const std::vector<DomainDefinition>& definitions,
                            const std::vector<VirtualHost>& hosts) {
  const std::clock_t start = std::clock();
  const Plan made = plan(definitions, hosts);
  const std::clock_t taken = std::clock() - start;
  EXPECT_EQ(made.host_domains.size(), hosts.size());
  return 1000.0 * static_cast<double>(taken) / CLOCKS_PER_SEC;
}

TEST(Matching, IsQuickForTenThousandDomains) {  // PM-10; budget: well under 100 ms
  std::vector<DomainDefinition> definitions;
  std::vector<VirtualHost> hosts;
  std::vector<VirtualHost> pattern_hosts;
  for (int i = 0; i < 10000; ++i) {
    const std::string name = fmt::format("host{}.example.org", i);
    definitions.push_back(mdomain(name, i));
    hosts.push_back(with_acme_tls(tls_host(name, fmt::format("www.{} alias.{}", name, name))));
    pattern_hosts.push_back(tls_host(name, "*." + name));
  }
  std::cout << "10,000 domains and hosts: " << cpu_milliseconds_for(definitions, hosts)
            << " ms; with patterns: " << cpu_milliseconds_for(definitions, pattern_hosts)
            << " ms\n";
}

}  // namespace
}  // namespace md::config
