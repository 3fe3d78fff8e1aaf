// SPDX-License-Identifier: Apache-2.0
#include "status/md_status.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/text.h"

namespace md::status {
namespace {

using json::Value;
using renewal::CertificateFacts;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

TimePoint at(std::string_view http_date) {
  return *parse_http_date(http_date);
}

const TimePoint kNow = at("Sun, 22 Nov 2026 12:42:38 GMT");

// From md-status of mod_md 2.6.10; a trivial `ocsp` stands for what stapling will say.
constexpr std::string_view kOneDomain = R"json({
  "name": "one.example.org",
  "domains": [
    "one.example.org",
    "www.one.example.org"
  ],
  "contacts": [
    "mailto:admin@example.org"
  ],
  "transitive": 1,
  "ca": {
    "account": "ACME-localhost-0000",
    "proto": "ACME",
    "url": "https://localhost:24000/dir",
    "urls": [
      "https://localhost:24000/dir"
    ],
    "agreement": "accepted"
  },
  "privkey": [
    {
      "type": "RSA",
      "bits": 2048
    },
    {
      "type": "EC",
      "curve": "secp384r1"
    }
  ],
  "state": 2,
  "renew-mode": 1,
  "renew-window": "33%",
  "warn-window": "10%",
  "must-staple": false,
  "proto": {
    "acme-tls/1": [
      "one.example.org",
      "www.one.example.org"
    ]
  },
  "stapling": true,
  "profile-mandatory": false,
  "ari-renewals": true,
  "cert": {
    "rsa": {
      "issuer-name": "/CN=Pebble Intermediate CA 0a5231",
      "valid": {
        "from": "Sun, 22 Nov 2026 12:41:24 GMT",
        "until": "Sat, 28 Nov 2026 12:41:23 GMT"
      },
      "serial": "24358DC8DC5C1BE1",
      "sha256-fingerprint": "7e05499b37e803516b9935f90433c7484f954060260c23dbe678f21c859b25b7",
      "ari-cert-id": "2h_f96qfyELxk0m0UkEymVDcZzM.JDWNyNxcG-E",
      "ocsp": {
        "status": "good"
      }
    },
    "secp384r1": {
      "issuer-name": "/CN=Pebble Intermediate CA 0a5231",
      "valid": {
        "from": "Sun, 22 Nov 2026 12:41:24 GMT",
        "until": "Sat, 20 Feb 2027 12:41:23 GMT"
      },
      "serial": "786E04B690983E95",
      "sha256-fingerprint": "dbd9d1972f948544005277cdc06a0538b2a7276dc1628b6ce07b59b41cf7fa8e",
      "ari-cert-id": "2h_f96qfyELxk0m0UkEymVDcZzM.eG4EtpCYPpU"
    },
    "valid": {
      "from": "Sun, 22 Nov 2026 12:41:24 GMT",
      "until": "Sat, 28 Nov 2026 12:41:23 GMT"
    }
  },
  "renew-at": "Thu, 26 Nov 2026 13:10:12 GMT",
  "watched": true
})json";

constexpr std::string_view kDomainWithoutCertificate = R"json({
  "name": "bad.example.org",
  "domains": [
    "bad.example.org",
    "blocked-domain.example"
  ],
  "contacts": [
    "mailto:admin@example.org"
  ],
  "transitive": 1,
  "ca": {
    "proto": "ACME",
    "urls": [
      "https://localhost:24000/dir"
    ],
    "agreement": "accepted"
  },
  "state": 1,
  "state-descr": "certificate(rsa) is missing",
  "renew-mode": 1,
  "renew-window": "33%",
  "warn-window": "10%",
  "must-staple": false,
  "proto": {
    "acme-tls/1": [
      "bad.example.org"
    ]
  },
  "stapling": true,
  "profile-mandatory": false,
  "ari-renewals": true,
  "cert": {},
  "renew-at": "Sun, 22 Nov 2026 12:42:38 GMT",
  "watched": true,
  "renew": true
})json";

constexpr std::string_view kCertificateStatus = R"json({
  "valid": {
    "from": "Sun, 22 Nov 2026 12:41:24 GMT",
    "until": "Sat, 28 Nov 2026 12:41:23 GMT"
  },
  "rsa": {
    "valid": {
      "from": "Sun, 22 Nov 2026 12:41:24 GMT",
      "until": "Sat, 28 Nov 2026 12:41:23 GMT"
    },
    "serial": "24358DC8DC5C1BE1",
    "sha256-fingerprint": "7e05499b37e803516b9935f90433c7484f954060260c23dbe678f21c859b25b7"
  },
  "secp384r1": {
    "valid": {
      "from": "Sun, 22 Nov 2026 12:41:24 GMT",
      "until": "Sat, 20 Feb 2027 12:41:23 GMT"
    },
    "serial": "786E04B690983E95",
    "sha256-fingerprint": "dbd9d1972f948544005277cdc06a0538b2a7276dc1628b6ce07b59b41cf7fa8e"
  }
})json";

constexpr std::string_view kFailedRenewal = R"json({
  "name": "bad.example.org",
  "finished": false,
  "notified": false,
  "notified-renewed": false,
  "next-run": "Mon, 23 Nov 2026 03:18:54 GMT",
  "last-run": "Sun, 22 Nov 2026 12:41:24 GMT",
  "errors": 1,
  "last": {
    "status": 70013,
    "status-description": "Missing parameter for the specified command line option",
    "problem": "urn:ietf:params:acme:error:rejectedIdentifier",
    "detail": "Order included an identifier for which issuance is forbidden by policy",
    "activity": "Creating new order, key-spec=default, profile=none, replacing-cert=none",
    "subproblems": [
      {
        "type": "urn:ietf:params:acme:error:rejectedIdentifier",
        "detail": "blocked-domain.example is a forbidden domain",
        "identifier": {
          "type": "dns",
          "value": "blocked-domain.example"
        }
      }
    ]
  },
  "log": {
    "entries": [
      {
        "when": "Sun, 22 Nov 2026 12:41:24 GMT",
        "type": "message-errored"
      },
      {
        "when": "Sun, 22 Nov 2026 12:41:24 GMT",
        "type": "starting"
      }
    ]
  },
  "cert": {}
})json";

std::vector<model::DnsName> names(const std::vector<std::string>& texts) {
  std::vector<model::DnsName> result;
  result.reserve(texts.size());
  for (const std::string& text : texts) {
    result.push_back(*model::DnsName::parse(text));
  }
  return result;
}

model::ManagedDomain a_domain(const std::vector<std::string>& texts) {
  model::ManagedDomain domain;
  domain.name = texts.front();
  domain.names = names(texts);
  domain.is_used = true;
  domain.alpn_names = texts;
  domain.settings.contact = "admin@example.org";
  domain.settings.authorities = {{"https://localhost:24000/dir", ""}};
  domain.settings.agreement = "accepted";
  domain.settings.stapling = model::Switch::On;
  return domain;
}

Value parsed(std::string_view text) {
  return *Value::parse(text, "test");
}

/// A domain, its record, and the facts of the samples.
struct Sample {
  model::ManagedDomain domain;
  store::DomainRecord record;
  renewal::CertificateSetFacts live;
  std::optional<model::Job> job;

  [[nodiscard]] DomainStatus status(TimePoint now = kNow) const {
    const renewal::RenewalFacts facts{live, false, false};
    return {domain,
            record,
            live,
            job,
            {},
            {},
            renewal::renewal_due(domain, facts, now),
            renewal::supervision_of(domain),
            {}};
  }
};

Sample one_domain() {
  Sample sample{a_domain({"one.example.org", "www.one.example.org"}), {}, {}, {}};
  sample.domain.settings.key_specs = {model::KeySpec::rsa(), model::KeySpec::ec("secp384r1")};
  sample.record.account = "ACME-localhost-0000";
  sample.record.ca_url = "https://localhost:24000/dir";
  // The store's md.json is older than what is served.
  sample.record.state = model::DomainState::Incomplete;
  sample.record.state_description = "certificate(rsa) is missing";
  CertificateFacts rsa;
  rsa.spec = sample.domain.settings.key_specs[0];
  rsa.validity = {at("Sun, 22 Nov 2026 12:41:24 GMT"), at("Sat, 28 Nov 2026 12:41:23 GMT")};
  rsa.names = {"one.example.org", "www.one.example.org"};
  rsa.serial = "24358DC8DC5C1BE1";
  rsa.issuer = "/CN=Pebble Intermediate CA 0a5231";
  rsa.sha256_fingerprint = "7e05499b37e803516b9935f90433c7484f954060260c23dbe678f21c859b25b7";
  rsa.ari_cert_id = "2h_f96qfyELxk0m0UkEymVDcZzM.JDWNyNxcG-E";
  CertificateFacts ec = rsa;
  ec.spec = sample.domain.settings.key_specs[1];
  ec.validity.until = at("Sat, 20 Feb 2027 12:41:23 GMT");
  ec.serial = "786E04B690983E95";
  ec.sha256_fingerprint = "dbd9d1972f948544005277cdc06a0538b2a7276dc1628b6ce07b59b41cf7fa8e";
  ec.ari_cert_id = "2h_f96qfyELxk0m0UkEymVDcZzM.eG4EtpCYPpU";
  sample.live.certificates = {rsa, ec};
  return sample;
}

Sample domain_without_certificate() {
  Sample sample{a_domain({"bad.example.org", "blocked-domain.example"}), {}, {}, {}};
  sample.domain.alpn_names = {"bad.example.org"};
  sample.live.flaw = "certificate(rsa) is missing";
  return sample;
}

model::Job finished_job() {
  model::Job job;
  job.name = "one.example.org";
  job.finished = true;
  job.add_log({kNow, "finished", "", ""});
  return job;
}

TEST(MdStatus, ShowsADomainAsModMdDoes) {
  const Sample sample = one_domain();
  DomainStatus status = sample.status();
  status.ocsp["rsa"] = Value::object().set("status", "good");
  // Certificates that live for less than 10 days are renewed earlier here.
  EXPECT_LT(*status.due.renew_at, *parse_http_date("Thu, 26 Nov 2026 13:10:12 GMT"));
  status.due.renew_at = parse_http_date("Thu, 26 Nov 2026 13:10:12 GMT").value();
  EXPECT_EQ(domain_status(status, Detail::Full).dump(), parsed(kOneDomain).dump());
}

TEST(MdStatus, ShowsADomainWithoutCertificateAsModMdDoes) {
  const Sample sample = domain_without_certificate();
  EXPECT_EQ(domain_status(sample.status(), Detail::Summary).dump(),
            parsed(kDomainWithoutCertificate).dump());
}

TEST(MdStatus, ShowsWhatTheCaAdvises) {  // AC-38
  const Sample sample = one_domain();
  DomainStatus status = sample.status();
  const renewal::CertificateFacts& certificate = sample.live.certificates.front();
  ASSERT_FALSE(certificate.ari_cert_id.empty());
  status.advices.by_certificate[certificate.ari_cert_id] = {
      kNow, kNow + std::chrono::hours(2), kNow + std::chrono::hours(1), "https://ca.test/why"};
  const Value cert = domain_status(status, Detail::Full).get("cert");
  const Value ari = cert.get(certificate.spec.name()).get("ari");
  EXPECT_EQ(ari.get("explanation-url").as_string(), "https://ca.test/why");
  EXPECT_EQ(ari.get("renew-at").as_time(), kNow + std::chrono::hours(1));
  EXPECT_EQ(ari.get("suggested-window").get("from").as_time(), kNow);
  EXPECT_FALSE(cert.get(sample.live.certificates.back().spec.name()).has("ari"));
}

TEST(MdStatus, ListsAllDomainsByName) {
  const Sample one = one_domain();
  const Sample bad = domain_without_certificate();
  const Value document = md_status("3.0.0", {one.status(), bad.status()});
  EXPECT_THAT(document.members(), ElementsAre("version", "managed-domains"));
  EXPECT_EQ(document.get("version").as_string(), "3.0.0");
  const auto listed = document.get("managed-domains").elements();
  ASSERT_EQ(listed.size(), 2U);
  EXPECT_EQ(listed[0].get("name").as_string(), "bad.example.org");
  EXPECT_EQ(listed[1].get("name").as_string(), "one.example.org");
  EXPECT_EQ(md_status("3.0.0", {}).dump_compact(), R"({"version":"3.0.0","managed-domains":[]})");
}

TEST(MdStatus, ShowsTheRenewalUnderWay) {
  Sample sample = domain_without_certificate();
  sample.job = store::parse_job(parsed(kFailedRenewal));
  const DomainStatus status = sample.status();
  EXPECT_EQ(domain_status(status, Detail::Full).get("renewal").dump(),
            parsed(kFailedRenewal).dump());
  Value summary = parsed(kFailedRenewal);
  summary.erase("log");
  EXPECT_EQ(domain_status(status, Detail::Summary).get("renewal").dump(), summary.dump());
}

TEST(MdStatus, ShowsTheCertificateThatWaits) {
  Sample sample = domain_without_certificate();
  sample.job = finished_job();
  DomainStatus status = sample.status();
  status.staged = one_domain().live;
  const Value renewal = domain_status(status, Detail::Full).get("renewal");
  EXPECT_THAT(renewal.members(), ElementsAre("name", "finished", "notified", "notified-renewed",
                                             "errors", "last", "log", "cert"));
  EXPECT_EQ(renewal.get("cert").get("rsa").get("serial").as_string(), "24358DC8DC5C1BE1");
  EXPECT_TRUE(renewal.get("cert").has("valid"));
}

TEST(MdStatus, GoesOnShowingARenewalThatWentLive) {
  Sample sample = one_domain();
  sample.job = finished_job();
  DomainStatus status = sample.status();
  status.activated = kNow;
  const Value renewal = domain_status(status, Detail::Summary).get("renewal");
  EXPECT_EQ(renewal.get("finished").as_bool(), true);
  EXPECT_EQ(renewal.get("activated").as_string(), "Sun, 22 Nov 2026 12:42:38 GMT");
  EXPECT_EQ(renewal.get("cert").get("rsa").get("serial").as_string(), "24358DC8DC5C1BE1");
}

TEST(MdStatus, DoesNotMixTheLastRenewalIntoTheNext) {  // SE-08
  Sample sample = one_domain();
  sample.job = store::parse_job(parsed(kFailedRenewal));
  DomainStatus status = sample.status();
  status.activated = kNow;
  const Value renewal = domain_status(status, Detail::Summary).get("renewal");
  EXPECT_FALSE(renewal.has("activated"));
  EXPECT_EQ(renewal.get("cert").dump_compact(), "{}");
}

TEST(MdStatus, IgnoresAJobThatOnlyCallsItselfFinished) {  // ST-02
  Sample sample = one_domain();
  sample.job = finished_job();
  EXPECT_FALSE(domain_status(sample.status(), Detail::Full).has("renewal"));
}

TEST(MdStatus, SaysThatAnExpiredSetIsComplete) {
  const Sample sample = one_domain();
  const TimePoint later = at("Sun, 29 Nov 2026 00:00:00 GMT");
  const Value document = domain_status(sample.status(later), Detail::Full);
  EXPECT_EQ(document.get("state").as_int(), 2);
  EXPECT_FALSE(document.has("state-descr"));
  EXPECT_EQ(document.get("renew").as_bool(), true);
}

TEST(MdStatus, TellsThatARenewalIsDueWhoeverIsToMakeIt) {  // D4
  Sample sample = domain_without_certificate();
  sample.domain.settings.renew_mode = model::RenewMode::Manual;
  const Value document = domain_status(sample.status(), Detail::Full);
  EXPECT_EQ(document.get("watched").as_bool(), true) << "a host uses it";
  EXPECT_EQ(document.get("renew").as_bool(), true);
  sample.domain.is_used = false;
  const Value unused = domain_status(sample.status(), Detail::Full);
  EXPECT_EQ(unused.get("watched").as_bool(), false);
  EXPECT_EQ(unused.get("renew").as_bool(), true);
}

TEST(MdStatus, TellsThatARenewalIsUnderWayWhatIsNotDue) {  // D4
  Sample sample = one_domain();
  EXPECT_FALSE(domain_status(sample.status(), Detail::Full).has("renew"));
  sample.job = store::parse_job(parsed(kFailedRenewal));
  EXPECT_EQ(domain_status(sample.status(), Detail::Full).get("renew").as_bool(), true);
  sample.job = finished_job();
  DomainStatus live = sample.status();
  live.activated = kNow;
  EXPECT_FALSE(domain_status(live, Detail::Full).has("renew")) << "it is over";
}

TEST(MdStatus, NamesKeySpecsAsTheyAreConfigured) {
  Sample sample = one_domain();
  sample.domain.settings.key_specs = {model::KeySpec::rsa(), model::KeySpec::ec("P-256")};
  sample.live.certificates[1].spec = sample.domain.settings.key_specs[1];
  DomainStatus status = sample.status();
  status.ocsp["p-256"] = Value::object().set("status", "good");
  const Value cert = domain_status(status, Detail::Full).get("cert");
  EXPECT_THAT(cert.members(), ElementsAre("rsa", "P-256", "valid"));
  EXPECT_TRUE(cert.get("P-256").has("ocsp"));
  EXPECT_TRUE(certificate_status(status).has("P-256"));
}

TEST(MdStatus, ShowsNoSecrets) {
  Sample sample = one_domain();
  sample.domain.settings.external_account = {"kid-1", "aG1hYw", ""};
  sample.domain.settings.http_proxy = "http://user:pass@proxy.example.org:3128/";
  const Value document = domain_status(sample.status(), Detail::Full);
  EXPECT_EQ(document.get("eab").dump_compact(), R"({"kid":"kid-1","hmac":"***"})");
  EXPECT_EQ(document.get("proxy-url").as_string(), "http://***@proxy.example.org:3128/");
  EXPECT_THAT(document.dump(), Not(HasSubstr("aG1hYw")));
  EXPECT_THAT(document.dump(), Not(HasSubstr("pass")));
}

TEST(MdStatus, KeepsProxiesWithoutCredentialsAsTheyAre) {
  Sample sample = one_domain();
  for (const std::string url :
       {"http://proxy.example.org:3128", "http://proxy.example.org/a@b", "proxy"}) {
    sample.domain.settings.http_proxy = url;
    EXPECT_EQ(domain_status(sample.status(), Detail::Full).get("proxy-url").as_string(), url);
  }
}

TEST(MdStatus, KeepsWhatOtherVersionsStored) {
  Sample sample = one_domain();
  sample.record.document = Value::object().set("from-the-future", 1);
  EXPECT_EQ(domain_status(sample.status(), Detail::Full).get("from-the-future").as_int(), 1);
}

TEST(FindDomain, KnowsNamesAliasesAndWildcards) {  // SE-09
  const std::vector<model::ManagedDomain> domains{
      a_domain({"*.example.org", "example.org"}),
      a_domain({"one.example.org", "alias.example.net"}),
  };
  EXPECT_EQ(find_domain(domains, "one.example.org"), 1U);  // exact beats wildcard
  EXPECT_EQ(find_domain(domains, "ALIAS.example.net."), 1U);
  EXPECT_EQ(find_domain(domains, "example.org"), 0U);
  EXPECT_EQ(find_domain(domains, "*.example.org"), 0U);
  EXPECT_EQ(find_domain(domains, "any.example.org"), 0U);
  EXPECT_EQ(find_domain(domains, "a.b.example.org"), std::nullopt);
  for (const char* nothing : {"", "..", "../../etc", "other.example.com", "a/b"}) {
    EXPECT_EQ(find_domain(domains, nothing), std::nullopt) << nothing;
  }
}

TEST(CertificateStatus, IsAsModMdTellsIt) {
  EXPECT_EQ(certificate_status(one_domain().status()).dump(), parsed(kCertificateStatus).dump());
}

TEST(CertificateStatus, TellsOfTheCertificateToCome) {  // D6
  Sample sample = one_domain();
  sample.job = finished_job();
  DomainStatus status = sample.status();
  status.staged = status.live;
  status.live.certificates.resize(1);
  status.live.certificates[0].serial = "00AB";
  const Value document = certificate_status(status);
  EXPECT_EQ(document.get("rsa").get("serial").as_string(), "00AB");
  EXPECT_EQ(document.get("secp384r1").dump_compact(), "{}");
  EXPECT_THAT(document.get("renewal").members(), ElementsAre("cert"));
  const Value cert = document.get("renewal").get("cert");
  EXPECT_THAT(cert.members(), ElementsAre("rsa", "secp384r1", "valid"));
  EXPECT_THAT(cert.get("rsa").members(),
              ElementsAre("issuer-name", "valid", "serial", "sha256-fingerprint", "ari-cert-id"));
  EXPECT_EQ(cert.get("valid").dump(), parsed(kCertificateStatus).get("valid").dump());
}

TEST(CertificateStatus, TellsOfARenewalBeforeAnythingIsStaged) {  // D6
  Sample sample = one_domain();
  sample.job = store::parse_job(parsed(kFailedRenewal));
  EXPECT_EQ(certificate_status(sample.status()).get("renewal").dump_compact(), R"({"cert":{}})");
}

TEST(CertificateStatus, TellsOfNoRenewalThatIsOver) {  // D6
  Sample sample = one_domain();
  sample.job = finished_job();
  DomainStatus status = sample.status();
  status.activated = kNow;
  EXPECT_FALSE(certificate_status(status).has("renewal"));
}

TEST(CertificateStatus, TellsWhichLogsKnowTheCertificateToCome) {
  Sample sample = one_domain();
  sample.live.certificates[1].timestamps = {
      {"00ff", at("Fri, 31 May 2019 17:06:35 GMT"), "3045", "ecdsa-with-SHA256"}};
  sample.job = finished_job();
  DomainStatus status = sample.status();
  status.staged = status.live;
  const Value document = certificate_status(status);
  const Value cert = document.get("renewal").get("cert");
  EXPECT_EQ(cert.get("secp384r1").get("scts").dump_compact(),
            R"([{"logid":"00ff","signed":"Fri, 31 May 2019 17:06:35 GMT","signature":"3045",)"
            R"("signature-type":"ecdsa-with-SHA256"}])");
  EXPECT_FALSE(cert.get("rsa").has("scts"));
  EXPECT_FALSE(document.get("secp384r1").has("scts"));
}

TEST(CertificateStatus, HasAnEmptyMemberForEachSpecWithoutACertificate) {  // D6
  Sample sample = domain_without_certificate();
  EXPECT_EQ(certificate_status(sample.status()).dump_compact(), R"({"rsa":{}})");
  sample.domain.settings.key_specs = {model::KeySpec::rsa(), model::KeySpec::ec("P-256")};
  EXPECT_EQ(certificate_status(sample.status()).dump_compact(), R"({"rsa":{},"P-256":{}})");
}

TEST(DocumentedState, IsIncompleteWithoutTheMustStapleThatIsWanted) {
  using model::DomainState;
  Sample sample = one_domain();
  const auto state = [&] { return documented_state_of(sample.domain, sample.live); };
  EXPECT_EQ(state(), std::pair(DomainState::Complete, std::string()));
  sample.domain.settings.must_staple = model::Switch::On;
  EXPECT_EQ(state(),
            std::pair(DomainState::Incomplete,
                      std::string("'must-staple' is requested, but certificate(rsa) has it not "
                                  "enabled.")));
  for (CertificateFacts& certificate : sample.live.certificates) {
    certificate.must_staple = true;
  }
  EXPECT_EQ(state().first, DomainState::Complete);
}

TEST(DocumentedState, IsIncompleteWhereFilesLackAName) {
  using model::DomainState;
  Sample sample = one_domain();
  sample.domain.settings.certificate_files = {"/cert.pem"};
  sample.live.certificates.resize(1);
  sample.live.certificates[0].spec = model::KeySpec::ec("0");
  sample.live.certificates[0].names = {"one.example.org"};
  EXPECT_EQ(documented_state_of(sample.domain, sample.live),
            std::pair(DomainState::Incomplete,
                      std::string("certificate(rsa) does not cover all domains.")));
}

}  // namespace
}  // namespace md::status
