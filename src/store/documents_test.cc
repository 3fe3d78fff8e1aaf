// SPDX-License-Identifier: Apache-2.0
#include "store/documents.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/problem_limits.h"
#include "base/text.h"
#include "store/testing/samples.h"

namespace md::store {
namespace {

namespace samples = md::testing::samples;
using model::KeySpec;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

model::DnsName dns(std::string_view name) {
  return model::DnsName::parse(name).value();
}

/// As the directives that the samples were made with say it.
model::ManagedDomain a_domain(std::vector<std::string> names) {
  model::ManagedDomain domain;
  domain.name = names.front();
  for (const std::string& name : names) {
    domain.names.push_back(dns(name));
  }
  domain.settings.authorities = {{"https://localhost:24000/dir", ""}};
  domain.settings.agreement = "accepted";
  domain.settings.stapling = model::Switch::On;
  domain.server_admin = "admin@example.org";
  domain.alpn_names = std::move(names);
  return domain;
}

json::Value json_of(std::string_view text) {
  return json::Value::parse(text, "test").value();
}

DomainRecord record_of(std::string_view text) {
  return parse_domain(text, "md.json").value();
}

TEST(DomainDocument, ReadsWhatModMdWrites) {
  const DomainRecord record = record_of(samples::kDomainWithTwoKeys);
  EXPECT_EQ(record.name, "one.example.org");
  EXPECT_THAT(record.names, ElementsAre("one.example.org", "www.one.example.org"));
  EXPECT_EQ(record.account, "ACME-localhost-0000");
  EXPECT_EQ(record.ca_url, "https://localhost:24000/dir");
  EXPECT_EQ(record.state, model::DomainState::Complete);
  EXPECT_EQ(record.state_description, "");

  const DomainRecord incomplete = record_of(samples::kDomainWithoutCertificate);
  EXPECT_EQ(incomplete.state, model::DomainState::Incomplete);
  EXPECT_EQ(incomplete.state_description, "certificate(rsa) is missing");
  EXPECT_EQ(incomplete.account, "");
  EXPECT_EQ(incomplete.ca_url, "");
}

TEST(DomainDocument, WritesByteForByteWhatModMdWrites) {
  model::ManagedDomain two_keys = a_domain({"one.example.org", "www.one.example.org"});
  two_keys.settings.key_specs = {KeySpec::rsa(2048), KeySpec::ec("secp384r1")};
  EXPECT_EQ(to_json(two_keys, record_of(samples::kDomainWithTwoKeys)).dump(),
            samples::kDomainWithTwoKeys);

  model::ManagedDomain with_settings = a_domain({"two.example.org", "alias.two.example.org"});
  with_settings.settings.challenges = {model::ChallengeType::TlsAlpn01};
  with_settings.settings.require_https = model::RequireHttps::Permanent;
  with_settings.settings.profile = "shortlived";
  EXPECT_EQ(to_json(with_settings, record_of(samples::kDomainWithSettings)).dump(),
            samples::kDomainWithSettings);

  model::ManagedDomain without = a_domain({"bad.example.org", "blocked-domain.example"});
  without.alpn_names = {"bad.example.org"};
  EXPECT_EQ(to_json(without, record_of(samples::kDomainWithoutCertificate)).dump(),
            samples::kDomainWithoutCertificate);
}

TEST(DomainDocument, WritesAllSettingsByteForByteAsModMdDoes) {  // CH-20
  model::ManagedDomain domain = a_domain({"all.example.org", "more.example.org"});
  domain.alpn_names = {"all.example.org"};
  model::ResolvedSettings& settings = domain.settings;
  settings.members = model::Members::Manual;
  settings.authorities = {{"https://localhost:3/dir", ""}};
  settings.agreement = "https://localhost/terms";
  settings.contact = "me@example.org";
  settings.external_account = {"kid", "aGVsbG8", ""};
  settings.ca_certificate_file = "ca.pem";
  settings.http_proxy = "http://localhost:3128";
  settings.http_proxy_ca_certificate_file = "ca.pem";
  settings.profile = "shortlived";
  settings.profile_mandatory = model::Switch::On;
  settings.key_specs = {KeySpec::ec("secp384r1"), KeySpec::rsa(3072)};
  settings.must_staple = model::Switch::On;
  settings.renew_mode = model::RenewMode::Always;
  settings.renew_window = *model::Window::parse("14d");
  settings.warn_window = *model::Window::parse("20%");
  settings.renew_via_ari = model::Switch::Off;
  settings.challenges = {model::ChallengeType::Http01, model::ChallengeType::Dns01};
  settings.dns01_command = "/bin/dns arg";
  settings.require_https = model::RequireHttps::Temporary;
  settings.stapling = model::Switch::On;
  DomainRecord record;
  record.state = model::DomainState::Incomplete;
  record.state_description = "certificate(secp384r1) is missing";
  EXPECT_EQ(to_json(domain, record).dump(), samples::kDomainWithAllSettings);
}

TEST(DomainDocument, NeedsNothingElseOfWhatIsStored) {
  const model::ManagedDomain domain = a_domain({"a.test"});
  DomainRecord whole = record_of(
      R"({"name":"x","ca":{"url":"u","odd":1},"proto":{"acme-tls/1":["x"],"h9":[]},"odd":{"a":1}})");
  DomainRecord kept = whole;
  keep_foreign_members(kept);
  EXPECT_EQ(kept.document.dump_compact(), R"({"odd":{"a":1},"ca":{"odd":1},"proto":{"h9":[]}})");
  EXPECT_EQ(to_json(domain, kept).dump(), to_json(domain, whole).dump());

  DomainRecord ours = record_of(to_json(domain, {}).dump());
  keep_foreign_members(ours);
  EXPECT_TRUE(ours.document.is_null());
}

TEST(DomainDocument, NamesStaticFiles) {
  model::ManagedDomain domain = a_domain({"a.test"});
  domain.settings.certificate_files = {"/c.pem"};
  domain.settings.certificate_key_files = {"/k.pem"};
  const json::Value document = to_json(domain, {});
  EXPECT_THAT(document.get("cert-files").as_strings(), ElementsAre("/c.pem"));
  EXPECT_THAT(document.get("pkey-files").as_strings(), ElementsAre("/k.pem"));
}

TEST(DomainDocument, DropsMembersOfOlderVersionsOfOurs) {
  DomainRecord record;
  record.document = json::Value::object()
                        .set("http-proxy", "http://p")
                        .set("ca", json::Value::object().set("eab", "x").set("certs", "y"));
  const json::Value document = to_json(a_domain({"a.test"}), record);
  EXPECT_FALSE(document.has("http-proxy"));
  EXPECT_FALSE(document.get("ca").has("eab"));
  EXPECT_FALSE(document.get("ca").has("certs"));
}

TEST(DomainDocument, SaysMailtoOnceAndTakesServerAdminOnlyIfItIsAnAddress) {
  const auto contacts = [](std::string contact, std::string admin) {
    model::ManagedDomain domain = a_domain({"a.test"});
    domain.settings.contact = std::move(contact);
    domain.server_admin = std::move(admin);
    return to_json(domain, {}).get("contacts").as_strings();
  };
  EXPECT_THAT(contacts("me@a.test", "you@a.test"), ElementsAre("mailto:me@a.test"));
  EXPECT_THAT(contacts("mailto:me@a.test", ""), ElementsAre("mailto:me@a.test"));
  EXPECT_THAT(contacts("", "you@a.test"), ElementsAre("mailto:you@a.test"));
  EXPECT_THAT(contacts("", "[no address given]"), IsEmpty());
  EXPECT_THAT(contacts("", "http://a.test/@admin"), IsEmpty());
}

TEST(DomainDocument, WritesKeysAsTheyAreConfigured) {  // VH-19, D2
  const auto keys = [](std::vector<KeySpec> specs) {
    model::ManagedDomain domain = a_domain({"a.test"});
    domain.settings.key_specs = std::move(specs);
    return to_json(domain, {}).get("privkey").dump_compact();
  };
  EXPECT_EQ(keys({}), "null");
  model::ManagedDomain of_default_keys = a_domain({"a.test"});
  of_default_keys.settings.default_keys = model::Switch::On;
  EXPECT_EQ(to_json(of_default_keys, {}).get("privkey").dump_compact(), R"({"type":"Default"})");
  EXPECT_EQ(keys({KeySpec::rsa(2048)}), R"({"type":"RSA","bits":2048})");
  EXPECT_EQ(keys({KeySpec::rsa(4096)}), R"({"type":"RSA","bits":4096})");
  EXPECT_EQ(keys({KeySpec::ec("P-256")}), R"({"type":"EC","curve":"P-256"})");
  EXPECT_EQ(keys({KeySpec::ec("P-256"), KeySpec::rsa(2048)}),
            R"([{"type":"EC","curve":"P-256"},{"type":"RSA","bits":2048}])");
}

TEST(DomainDocument, NamesNoCaWhereThereIsNoneA8) {
  model::ManagedDomain domain = a_domain({"a.test"});
  domain.settings.authorities.clear();
  domain.settings.agreement = "";
  EXPECT_EQ(to_json(domain, DomainRecord()).get("ca").dump_compact(), R"({"proto":"ACME"})");
}

TEST(DomainDocument, AlwaysTellsWhichNamesAreReachedByAcmeTls) {  // D1
  model::ManagedDomain domain = a_domain({"a.test"});
  domain.alpn_names = {};
  EXPECT_EQ(to_json(domain, {}).get("proto").dump_compact(), R"({"acme-tls/1":[]})");
  domain.alpn_names = {"a.test"};
  EXPECT_EQ(to_json(domain, {}).get("proto").dump_compact(), R"({"acme-tls/1":["a.test"]})");
}

TEST(DomainDocument, SaysThatCertificateFilesAreNotRenewed) {  // D5
  const auto mode = [](model::RenewMode configured, std::vector<std::string> files) {
    model::ManagedDomain domain = a_domain({"a.test"});
    domain.settings.renew_mode = configured;
    domain.settings.certificate_files = std::move(files);
    return to_json(domain, {}).get("renew-mode").as_int();
  };
  EXPECT_EQ(mode(model::RenewMode::Auto, {}), 1);
  EXPECT_EQ(mode(model::RenewMode::Auto, {"a.pem"}), 0);
  EXPECT_EQ(mode(model::RenewMode::Manual, {"a.pem"}), 0);
  EXPECT_EQ(mode(model::RenewMode::Always, {"a.pem"}), 2);
}

TEST(DomainDocument, DropsWhatIsNotConfiguredAnyMore) {  // ST-23
  const json::Value document =
      to_json(a_domain({"two.example.org"}), record_of(samples::kDomainWithSettings));
  EXPECT_FALSE(document.get("ca").has("challenges"));
  EXPECT_FALSE(document.has("profile"));
  EXPECT_FALSE(document.has("require-https"));
  EXPECT_FALSE(to_json(a_domain({"one.example.org"}), record_of(samples::kDomainWithTwoKeys))
                   .has("privkey"));
}

TEST(DomainDocument, KeepsWhatOnlyOthersKnow) {
  const DomainRecord record = record_of(
      R"({"name":"a.test","future":{"a":[1]},"ca":{"new":true,"agreement":"old"},
          "proto":{"acme-tls/1":["x"],"h3":["a.test"]}})");
  const json::Value document = to_json(a_domain({"a.test"}), record);
  EXPECT_EQ(document.get("future").dump_compact(), R"({"a":[1]})");
  EXPECT_EQ(document.get("ca").get("new").as_bool(), true);
  EXPECT_EQ(document.get("ca").get("agreement").as_string(), "accepted");
  EXPECT_THAT(document.get("proto").get("h3").as_strings(), ElementsAre("a.test"));
  EXPECT_THAT(document.get("proto").get("acme-tls/1").as_strings(), ElementsAre("a.test"));

  const DomainRecord again = record_of(document.dump());
  EXPECT_EQ(to_json(a_domain({"a.test"}), again).dump(), document.dump());
}

TEST(DomainDocument, OnlyWhatIsNoJsonObjectIsCorrupt) {
  for (const std::string_view text : {"", "{", "[]", "\"x\"", "null", "{\"name\":\"a\"} x"}) {
    const auto parsed = parse_domain(text, "md.json of a");
    ASSERT_FALSE(parsed) << text;
    EXPECT_EQ(parsed.error().kind, ErrorKind::Corrupt);
    EXPECT_THAT(parsed.error().message, HasSubstr("md.json of a"));
  }
  const DomainRecord odd = record_of(R"({"name":1,"domains":"x","ca":[],"state":"2"})");
  EXPECT_EQ(odd.name, "");
  EXPECT_THAT(odd.names, IsEmpty());
  EXPECT_EQ(odd.state, model::DomainState::Unknown);
  EXPECT_EQ(record_of(R"({"state":99})").state, model::DomainState::Unknown);
}

TEST(JobDocument, ReadsWhatModMdWrites) {
  const model::Job job = parse_job(json_of(samples::kJobThatFailed));
  EXPECT_EQ(job.name, "bad.example.org");
  EXPECT_FALSE(job.finished);
  EXPECT_EQ(job.errors, 1U);
  EXPECT_EQ(job.next_run, parse_http_date("Mon, 23 Nov 2026 03:18:54 GMT").value());
  EXPECT_FALSE(job.valid_from);
  EXPECT_EQ(job.last.status, 70013);
  EXPECT_EQ(job.last.problem.type, "urn:ietf:params:acme:error:rejectedIdentifier");
  EXPECT_THAT(job.last.activity, HasSubstr("Creating new order"));
  ASSERT_EQ(job.last.problem.subproblems.size(), 1U);
  EXPECT_EQ(job.last.problem.subproblems[0].identifier_type, "dns");
  EXPECT_EQ(job.last.problem.subproblems[0].identifier, "blocked-domain.example");
  ASSERT_EQ(job.log.size(), 14U);
  EXPECT_EQ(job.log[1].type, "renewal-error");
  EXPECT_EQ(job.log[1].status, "urn:ietf:params:acme:error:rejectedIdentifier");

  const model::Job finished = parse_job(json_of(samples::kJobThatFinished));
  EXPECT_TRUE(finished.finished && finished.notified && finished.notified_renewed);
  EXPECT_EQ(finished.valid_from, parse_http_date("Sun, 22 Nov 2026 12:41:24 GMT").value());
}

TEST(JobDocument, WritesByteForByteWhatModMdWrites) {
  for (const std::string_view sample : {samples::kJobThatFailed, samples::kJobThatFinished,
                                        samples::kJobActivated, samples::kOcspJob}) {
    EXPECT_EQ(to_json(parse_job(json_of(sample))).dump(), sample);
  }
}

TEST(JobDocument, SurvivesOddContent) {
  const model::Job job = parse_job(json_of(
      R"({"name":[],"finished":"yes","errors":-1,"last":{"status":99999999999},"next-run":"soon",
          "log":{"entries":[1,{"when":"x"},{"type":"t"}]}})"));
  EXPECT_EQ(job.name, "");
  EXPECT_FALSE(job.finished);
  EXPECT_EQ(job.errors, 0U);
  EXPECT_EQ(job.last.status, 0);
  EXPECT_FALSE(job.next_run);
  EXPECT_THAT(job.log, IsEmpty());
  EXPECT_EQ(parse_job(json_of("[]")).name, "");
}

/// What is of most bytes in a file: each byte that is no UTF-8 becomes three.
std::string worst_text() {
  return std::string(100'000, static_cast<char>(0xFF));
}

TEST(JobDocument, M3_IsNeverTooLargeToBeLoadedAgain) {
  model::Job job;
  job.name = std::string(255, 'a');
  job.last.activity = job.last.status_description = worst_text();
  job.last.problem = {worst_text(), worst_text(), 400, {}};
  for (int i = 0; i < 1000; ++i) {
    job.last.problem.subproblems.push_back(
        {worst_text(), worst_text(), worst_text(), worst_text()});
    job.add_log({TimePoint{}, worst_text(), worst_text(), worst_text()});
  }
  const std::string written = to_json(job).dump();
  EXPECT_LT(written.size(), std::size_t{1024} * 1024);
  const auto again = json::Value::parse(written, "job");
  ASSERT_TRUE(again) << again.error().message;
  EXPECT_EQ(parse_job(*again).last.problem.subproblems.size(), kMaxSubproblems);
  EXPECT_LE(to_json(parse_job(*again)).dump().size(), written.size());
}

TEST(JobDocument, ReadsNoMoreLogThanIsKept) {
  json::Value entries = json::Value::array();
  for (int i = 0; i < 500; ++i) {
    entries.push_back(json::Value::object()
                          .set("when", "Sun, 22 Nov 2026 12:41:24 GMT")
                          .set("type", std::to_string(i)));
  }
  json::Value document = json::Value::object();
  document.set("log", json::Value::object().set("entries", std::move(entries)));
  const model::Job job = parse_job(document);
  ASSERT_EQ(job.log.size(), model::Job::kMaxLogEntries);
  EXPECT_EQ(job.log.front().type, "0");
}

TEST(AccountDocument, ReadsAndWritesWhatModMdWrites) {
  const AccountRecord account = parse_account(samples::kAccount, "account.json").value();
  EXPECT_EQ(account.status, "valid");
  EXPECT_EQ(account.url, "https://localhost:24000/my-account/3c08c0eea1d1e1bd");
  EXPECT_EQ(account.ca_url, "https://localhost:24000/dir");
  EXPECT_THAT(account.contacts, ElementsAre("mailto:admin@example.org"));
  EXPECT_EQ(account.orders, "https://localhost:24000/list-orderz/3c08c0eea1d1e1bd");
  for (const std::string_view sample : {samples::kAccount, samples::kStagedAccount}) {
    EXPECT_EQ(to_json(parse_account(sample, "account.json").value()).dump(), sample);
  }
}

TEST(AccountDocument, KeepsTheExternalBinding) {  // ST-30
  AccountRecord account;
  account.status = "valid";
  account.external_kid = "kid";
  account.external_hmac = "hmac";
  const AccountRecord again = parse_account(to_json(account).dump(), "account.json").value();
  EXPECT_EQ(again.external_kid, "kid");
  EXPECT_EQ(again.external_hmac, "hmac");
  EXPECT_EQ(parse_account("", "x").error().kind, ErrorKind::Corrupt);
}

TEST(OrderDocument, ReadsWhatItWrites) {
  const OrderRecord order{.url = "https://ca/order/1",
                          .ca_url = "https://ca/dir",
                          .account_url = "https://ca/acct/1",
                          .key_spec = "secp384r1",
                          .names = {"a.test", "*.b.test"},
                          .setups = {"http-01:a.test"}};
  const OrderRecord again = parse_order(to_json(order).dump(), "order.json").value();
  EXPECT_EQ(again.url, order.url);
  EXPECT_EQ(again.ca_url, order.ca_url);
  EXPECT_EQ(again.account_url, order.account_url);
  EXPECT_EQ(again.key_spec, order.key_spec);
  EXPECT_EQ(again.names, order.names);
  EXPECT_EQ(again.setups, order.setups);
  EXPECT_EQ(parse_order("[1]", "x").error().kind, ErrorKind::Corrupt);
}

TEST(FileNames, CarryTheKeySpecInLowerCase) {
  EXPECT_EQ(key_file(KeySpec::rsa(4096)), "privkey.pem");
  EXPECT_EQ(certificate_file(KeySpec::rsa()), "pubcert.pem");
  EXPECT_EQ(key_file(KeySpec::ec("P-256")), "privkey.p-256.pem");
  EXPECT_EQ(certificate_file(KeySpec::ec("secp384r1")), "pubcert.secp384r1.pem");
}

}  // namespace
}  // namespace md::store
