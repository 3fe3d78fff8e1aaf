// SPDX-License-Identifier: Apache-2.0
#include "store/domain_settings.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "store/testing/samples.h"

namespace md::store {
namespace {

using ::testing::HasSubstr;
using testing::samples::kDomainWithTwoKeys;

DomainRecord record_of(std::string_view text) {
  auto record = parse_domain(text, "sample");
  EXPECT_TRUE(record);
  return record ? *record : DomainRecord{};
}

DomainRecord changed(std::string_view member, json::Value value) {
  DomainRecord record = record_of(kDomainWithTwoKeys);
  record.document.set(member, std::move(value));
  return record;
}

TEST(DomainSettings, OfModMdComeBackByteForByte) {
  const DomainRecord record = record_of(kDomainWithTwoKeys);
  const auto domain = managed_domain_of(record);
  ASSERT_TRUE(domain) << domain.error().message;
  EXPECT_EQ(to_json(*domain, record).dump(), kDomainWithTwoKeys);
  EXPECT_TRUE(domain->is_used);
}

TEST(DomainSettings, OfModMdWithAllOfThemComeBackByteForByte) {
  const DomainRecord record = record_of(testing::samples::kDomainWithAllSettings);
  const auto domain = managed_domain_of(record);
  ASSERT_TRUE(domain) << domain.error().message;
  EXPECT_EQ(to_json(*domain, record).dump(), testing::samples::kDomainWithAllSettings);
}

TEST(DomainSettings, TakeTheDefaultKeyWrittenOutForTheDefault) {
  const auto domain =
      managed_domain_of(changed("privkey", json::Value::object().set("type", "Default")));
  ASSERT_TRUE(domain) << domain.error().message;
  EXPECT_TRUE(domain->settings.key_specs.empty());
  EXPECT_EQ(to_json(*domain, {}).get("privkey").dump_compact(), R"({"type":"Default"})");
}

TEST(DomainSettings, AreFoundWhereWeHadThemAtFirst) {
  DomainRecord record = changed("http-proxy", "http://p");
  record.document.set("ca",
                      json::Value::object()
                          .set("certs", "c.pem")
                          .set("eab", json::Value::object().set("kid", "k").set("hmac", "h")));
  const auto domain = managed_domain_of(record);
  ASSERT_TRUE(domain) << domain.error().message;
  EXPECT_EQ(domain->settings.http_proxy, "http://p");
  EXPECT_EQ(domain->settings.ca_certificate_file, "c.pem");
  EXPECT_EQ(domain->settings.external_account.kid, "k");
  EXPECT_EQ(domain->settings.external_account.hmac, "h");
}

TEST(DomainSettings, OfAllKindsComeBack) {
  model::ManagedDomain domain = managed_domain_of(record_of(kDomainWithTwoKeys)).value();
  model::ResolvedSettings& settings = domain.settings;
  settings.members = model::Members::Manual;
  settings.authorities = {{"https://one/dir", ""}, {"https://two/dir", ""}};
  settings.protocol = model::CertificateProtocol::Tailscale;
  settings.external_account = {"kid", "hmac", ""};
  settings.ca_certificate_file = "roots.pem";
  settings.http_proxy = "http://proxy:3128";
  settings.http_proxy_ca_certificate_file = "proxy.pem";
  settings.profile = "shortlived";
  settings.profile_mandatory = model::Switch::On;
  settings.key_specs = {model::KeySpec::rsa(4096)};
  settings.must_staple = model::Switch::On;
  settings.certificate_files = {"a.pem"};
  settings.certificate_key_files = {"k.pem"};
  settings.renew_mode = model::RenewMode::Always;
  settings.renew_window = model::Window::percent(20);
  settings.warn_window = model::Window::parse("14d").value();
  settings.renew_via_ari = model::Switch::Off;
  settings.challenges = {model::ChallengeType::Dns01, model::ChallengeType::Http01};
  settings.dns01_command = "/bin/dns";
  settings.require_https = model::RequireHttps::Permanent;
  settings.stapling = model::Switch::On;
  DomainRecord record;
  record.name = domain.name;
  for (const model::DnsName& name : domain.names) {
    record.names.push_back(name.text());
  }
  record.document = to_json(domain, record);
  const auto again = managed_domain_of(record);
  ASSERT_TRUE(again) << again.error().message;
  EXPECT_EQ(again->settings, settings);
  EXPECT_EQ(again->names, domain.names);
}

TEST(DomainSettings, ThatMakeNoSenseAreNamed) {
  const std::vector<std::pair<const char*, json::Value>> flaws{
      {"renew-window", "soon"},
      {"warn-window", "200%"},
      {"renew-mode", 7},
      {"privkey", json::Value::object().set("type", "DSA")},
      {"privkey", json::Value::object().set("type", "EC").set("curve", "../x")},
      {"privkey", json::Value::object().set("type", "RSA").set("bits", -1)}};
  for (const auto& [member, value] : flaws) {
    const auto domain = managed_domain_of(changed(member, value));
    ASSERT_FALSE(domain) << member;
    EXPECT_THAT(domain.error().message, HasSubstr(std::string("'") + member + "'"));
  }
  DomainRecord record = record_of(kDomainWithTwoKeys);
  record.names.clear();
  EXPECT_THAT(managed_domain_of(record).error().message, HasSubstr("'domains'"));
}

TEST(DomainSettings, KeepNamesThatAreNoneB2) {
  DomainRecord record = record_of(kDomainWithTwoKeys);
  record.names = {"a.test", "in!valid.test"};
  const auto domain = managed_domain_of(record);
  ASSERT_TRUE(domain) << domain.error().message;
  EXPECT_EQ(domain->names[1].text(), "in!valid.test");
  EXPECT_FALSE(domain->names[1].is_valid());
}

TEST(DomainSettings, KeepChallengeTypesThatNobodyKnowsB1) {
  const std::vector<std::string> words{"tls-sni-01", "http-01"};
  const auto domain =
      managed_domain_of(changed("ca", json::Value::object().set("challenges", words)));
  ASSERT_TRUE(domain) << domain.error().message;
  EXPECT_EQ(domain->settings.challenges.words, words);
  const auto written = to_json(*domain, record_of(kDomainWithTwoKeys));
  EXPECT_EQ(written.get("ca").get("challenges").as_strings(), words);
}

}  // namespace
}  // namespace md::store
