// SPDX-License-Identifier: Apache-2.0
#include "crypto/certificate.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <openssl/err.h>
#include <cstdint>
#include <limits>

#include <thread>

#include "base/text.h"
#include "crypto/native.h"
#include "crypto/testing/samples.h"
#include "crypto/testing/test_ca.h"

namespace md::crypto {
namespace {

using model::DnsName;
using model::KeySpec;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::SizeIs;
using ::testing::StartsWith;

DnsName name(std::string_view text) {
  return DnsName::parse(text).value();
}

std::vector<DnsName> names(std::initializer_list<std::string_view> texts) {
  std::vector<DnsName> all;
  for (const std::string_view text : texts) {
    all.push_back(name(text));
  }
  return all;
}

TimePoint at(std::string_view text) {
  return parse_rfc3339(text).value();
}

const model::Validity kYear{at("2026-01-01T00:00:00Z"), at("2027-01-01T00:00:00Z")};

std::vector<Certificate> sample() {
  return Certificate::chain_from_pem(testing::kStagedChain).value();
}

const testing::TestCa& ca() {
  static const testing::TestCa authority;
  return authority;
}

Certificate issued(const std::vector<DnsName>& for_names,
                   const testing::IssueOptions& options = {}) {
  return ca().issue(for_names, testing::shared_ec_key(), kYear, options)->front();
}

// RFC 9773 appendix A: an authority key id, a serial number whose first bit is set, and times in
// the year 1.
constexpr std::string_view kRfc9773Certificate = R"(-----BEGIN CERTIFICATE-----
MIIBQzCB66ADAgECAgUAh2VDITAKBggqhkjOPQQDAjAVMRMwEQYDVQQDEwpFeGFt
cGxlIENBMCIYDzAwMDEwMTAxMDAwMDAwWhgPMDAwMTAxMDEwMDAwMDBaMBYxFDAS
BgNVBAMTC2V4YW1wbGUuY29tMFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEeBZu
7cbpAYNXZLbbh8rNIzuOoqOOtmxA1v7cRm//AwyMwWxyHz4zfwmBhcSrf47NUAFf
qzLQ2PPQxdTXREYEnKMjMCEwHwYDVR0jBBgwFoAUaYhba4dGQEHhs3uEe6CuLN4B
yNQwCgYIKoZIzj0EAwIDRwAwRAIge09+S5TZAlw5tgtiVvuERV6cT4mfutXIlwTb
+FYN/8oCIClDsqBklhB9KAelFiYt9+6FDj3z4KGVelYM5MdsO3pK
-----END CERTIFICATE-----
)";

TEST(Certificate, TellsWhatPebbleWroteIntoIt) {
  const auto chain = sample();
  ASSERT_THAT(chain, SizeIs(2));
  const Certificate& leaf = chain[0];
  EXPECT_EQ(leaf.validity(),
            (model::Validity{at("2026-11-22T12:41:24Z"), at("2027-02-20T12:41:23Z")}));
  EXPECT_THAT(leaf.dns_names(), ElementsAre("one.example.org", "www.one.example.org"));
  EXPECT_EQ(leaf.serial(), "786E04B690983E95");
  EXPECT_EQ(leaf.issuer_name(), "/CN=Pebble Intermediate CA 0a5231");
  EXPECT_EQ(leaf.subject_name(), "");
  EXPECT_EQ(leaf.sha256_fingerprint(),
            "dbd9d1972f948544005277cdc06a0538b2a7276dc1628b6ce07b59b41cf7fa8e");
  EXPECT_EQ(encode_hex(leaf.sha1_id()), "c06e9bca2ce6b2f074f821dac9a7347437d1dfc4");
  EXPECT_EQ(leaf.ari_cert_id(), "2h_f96qfyELxk0m0UkEymVDcZzM.eG4EtpCYPpU");
  EXPECT_EQ(leaf.ocsp_responder_url(), "http://127.0.0.1:24002");
  EXPECT_FALSE(leaf.must_staple());
  EXPECT_FALSE(leaf.is_self_signed());
  EXPECT_TRUE(leaf.fits(KeySpec::ec("P-384")));
  EXPECT_EQ(chain[1].ocsp_responder_url(), std::nullopt);
  EXPECT_TRUE(chain[1].fits(KeySpec::rsa(2048)));
  EXPECT_TRUE(chain[1].fits(KeySpec::rsa(4096))) << "of whatever size";
}

TEST(Certificate, MatchesTheKeyThatItWasMadeFor) {
  const PrivateKey key =
      PrivateKey::from_pem(testing::kStagedKey, decode_base64url(testing::kStoreKey).value())
          .value();
  const auto chain = sample();
  EXPECT_TRUE(chain[0].matches(key));
  EXPECT_FALSE(chain[1].matches(key));
  EXPECT_FALSE(chain[0].matches(testing::shared_ec_key()));
  const auto rsa = ca().issue(names({"a.test"}), testing::shared_rsa_key(), kYear)->front();
  EXPECT_TRUE(rsa.matches(testing::shared_rsa_key()));
  EXPECT_FALSE(rsa.matches(testing::shared_ec_key()));
  EXPECT_TRUE(rsa.fits(KeySpec::rsa(2048)));
  EXPECT_FALSE(rsa.matches(PrivateKey::from_pem(testing::kRfc7517Key, {}).value()));
}

TEST(Certificate, HasTheAriIdOfRfc9773) {
  const auto chain = Certificate::chain_from_pem(kRfc9773Certificate);
  ASSERT_TRUE(chain) << chain.error().message;
  const Certificate& certificate = chain->front();
  EXPECT_EQ(certificate.ari_cert_id(), "aYhba4dGQEHhs3uEe6CuLN4ByNQ.AIdlQyE");
  EXPECT_EQ(certificate.serial(), "87654321");
  EXPECT_EQ(certificate.validity().until, at("1950-01-01T00:00:00Z"));
  EXPECT_EQ(certificate.issuer_name(), "/CN=Example CA");
}

TEST(Certificate, HasNoAriIdWithoutAnAuthorityKeyId) {
  testing::IssueOptions options;
  options.authority_key_id = false;
  EXPECT_EQ(issued(names({"a.test"}), options).ari_cert_id(), std::nullopt);
}

TEST(Certificate, KeepsLeadingZerosOfTheSerial) {
  testing::IssueOptions options;
  options.serial = "0A1B";
  EXPECT_EQ(issued(names({"a.test"}), options).serial(), "0A1B");
  options.serial = "80";
  EXPECT_EQ(issued(names({"a.test"}), options).serial(), "80");
}

// CR-07
TEST(Certificate, CoversItsNamesAndOneLabelBelowWildcards) {
  const Certificate certificate = issued(names({"example.org", "*.example.org", "a.b.test"}));
  EXPECT_TRUE(certificate.covers(name("example.org")));
  EXPECT_TRUE(certificate.covers(name("WWW.Example.Org")));
  EXPECT_TRUE(certificate.covers(name("*.example.org")));
  EXPECT_TRUE(certificate.covers(name("a.b.test")));
  EXPECT_FALSE(certificate.covers(name("a.b.example.org")));
  EXPECT_FALSE(certificate.covers(name("*.www.example.org")));
  EXPECT_FALSE(certificate.covers(name("b.test")));
  EXPECT_FALSE(certificate.covers(name("*.b.test")));
  EXPECT_FALSE(certificate.covers(name("org")));
  EXPECT_TRUE(certificate.covers_all(names({"example.org", "x.example.org", "a.b.test"})));
  EXPECT_FALSE(certificate.covers_all(names({"example.org", "x.y.example.org"})));
  EXPECT_TRUE(certificate.covers_all({}));
}

// CR-07
TEST(Certificate, CoversIpAddressesAsSuch) {
  const Certificate certificate = issued(names({"192.0.2.1", "a.test"}));
  EXPECT_TRUE(certificate.covers(name("192.0.2.1")));
  EXPECT_FALSE(certificate.covers(name("192.0.2.2")));
  EXPECT_THAT(certificate.dns_names(), ElementsAre("a.test"));
}

// CR-07
TEST(Certificate, CoversLongListsOfNames) {
  std::vector<DnsName> many;
  for (int i = 0; i < 1000; ++i) {
    many.push_back(name("host-" + std::to_string(i) + ".example.org"));
  }
  const Certificate certificate = issued(many);
  EXPECT_TRUE(certificate.covers_all(many));
  EXPECT_THAT(certificate.dns_names(), SizeIs(1000));
  EXPECT_FALSE(certificate.covers(name("host-1000.example.org")));
}

TEST(Certificate, CoversNothingWithoutAlternativeNames) {
  testing::IssueOptions options;
  options.other_names.emplace();
  const Certificate certificate = issued(names({"a.test"}), options);
  EXPECT_TRUE(certificate.dns_names().empty());
  EXPECT_FALSE(certificate.covers(name("a.test")));
}

TEST(Certificate, TellsMustStapleAndResponder) {
  testing::IssueOptions options;
  options.must_staple = true;
  options.ocsp_url = "http://ocsp.test/a";
  const Certificate certificate = issued(names({"a.test"}), options);
  EXPECT_TRUE(certificate.must_staple());
  EXPECT_EQ(certificate.ocsp_responder_url(), "http://ocsp.test/a");
  EXPECT_FALSE(issued(names({"a.test"})).must_staple());
  EXPECT_EQ(issued(names({"a.test"})).ocsp_responder_url(), std::nullopt);
}

/// The bytes of a list (RFC 6962 §3.2, §3.3) with one timestamp, v1, ecdsa and sha256.
Bytes timestamp_list(std::uint64_t milliseconds) {
  Bytes sct{0};
  sct.insert(sct.end(), 32, 0xAB);  // the log
  for (int shift = 56; shift >= 0; shift -= 8) {
    sct.push_back(static_cast<unsigned char>(milliseconds >> static_cast<unsigned>(shift)));
  }
  for (const int byte : {0, 0, 4, 3, 0, 2, 0x30, 0x45}) {  // no extensions; the signature
    sct.push_back(static_cast<unsigned char>(byte));
  }
  const auto size = static_cast<unsigned char>(sct.size());
  Bytes list{0, static_cast<unsigned char>(size + 2), 0, size};
  list.insert(list.end(), sct.begin(), sct.end());
  return list;
}

TEST(Certificate, TellsWhichLogsHavePromisedToListIt) {
  testing::IssueOptions options;
  options.timestamps = timestamp_list(1'559'322'395'000);
  std::string log;
  for (int i = 0; i < 32; ++i) {
    log += "ab";
  }
  EXPECT_THAT(
      issued(names({"a.test"}), options).timestamps(),
      ElementsAre(SignedTimestamp{log, at("2019-05-31T17:06:35Z"), "3045", "ecdsa-with-SHA256"}));
  EXPECT_THAT(issued(names({"a.test"})).timestamps(), SizeIs(0));
}

TEST(Certificate, SurvivesTimestampsThatAreNone) {
  testing::IssueOptions options;
  options.timestamps = timestamp_list(std::numeric_limits<std::uint64_t>::max());
  EXPECT_EQ(issued(names({"a.test"}), options).timestamps().at(0).signed_at,
            at("2200-01-01T00:00:00Z"));
  options.timestamps = {0, 99, 0, 1};
  EXPECT_THAT(issued(names({"a.test"}), options).timestamps(), SizeIs(0));
}

TEST(Certificate, IsSelfSignedIfItIsItsOwnIssuer) {
  EXPECT_TRUE(ca().root().is_self_signed());
  EXPECT_FALSE(ca().intermediate().is_self_signed());
  EXPECT_FALSE(issued(names({"a.test"})).is_self_signed());
}

TEST(Certificate, RoundTrips) {
  const auto chain = sample();
  EXPECT_EQ(to_pem(chain).value(), testing::kStagedChain);
  const Bytes der = chain[0].to_der().value();
  EXPECT_EQ(Certificate::from_der(der)->to_pem().value(), chain[0].to_pem().value());
  EXPECT_EQ(to_pem({}).value(), "");
}

TEST(Certificate, IsFoundAmongOtherBlocks) {
  const std::string pem = "subject=whatever\n" + std::string(testing::kRfc7515Key) +
                          std::string(testing::kStagedChain) + "# end\n";
  EXPECT_THAT(Certificate::chain_from_pem(pem).value(), SizeIs(2));
}

ErrorKind kind_of_chain(std::string_view pem) {
  const auto chain = Certificate::chain_from_pem(pem);
  EXPECT_FALSE(chain);
  return chain ? ErrorKind::Internal : chain.error().kind;
}

std::string pem_of(std::string_view der) {
  return "-----BEGIN CERTIFICATE-----\n" + encode_base64(as_bytes(der)) +
         "\n-----END CERTIFICATE-----\n";
}

TEST(Certificate, IsCorruptIfTheTextHoldsNone) {
  EXPECT_EQ(kind_of_chain(""), ErrorKind::Corrupt);
  EXPECT_EQ(kind_of_chain("garbage\n"), ErrorKind::Corrupt);
  EXPECT_EQ(kind_of_chain(testing::kRfc7515Key), ErrorKind::Corrupt);
  EXPECT_EQ(kind_of_chain(std::string((16 << 20) + 1, 'x')), ErrorKind::Corrupt);
  EXPECT_EQ(kind_of_chain(pem_of("junk")), ErrorKind::Corrupt);
  EXPECT_EQ(kind_of_chain(pem_of("")), ErrorKind::Corrupt);
  EXPECT_EQ(kind_of_chain(pem_of(std::string(100, '\0'))), ErrorKind::Corrupt);
  EXPECT_EQ(kind_of_chain("-----BEGIN CERTIFICATE-----\nAAAA\n"), ErrorKind::Corrupt);
}

TEST(Certificate, IsCorruptIfOneOfTheChainIs) {
  EXPECT_EQ(kind_of_chain(std::string(testing::kStagedChain) + pem_of("junk")), ErrorKind::Corrupt);
  const std::string_view whole = testing::kStagedChain;
  EXPECT_EQ(kind_of_chain(whole.substr(0, whole.size() - 100)), ErrorKind::Corrupt);
}

TEST(Certificate, IsCorruptIfSomethingFollowsIt) {
  Bytes der = sample()[0].to_der().value();
  der.push_back(0);
  const auto certificate = Certificate::from_der(der);
  ASSERT_FALSE(certificate);
  EXPECT_EQ(certificate.error().kind, ErrorKind::Corrupt);
  EXPECT_THAT(certificate.error().message, HasSubstr("something follows it"));
  EXPECT_EQ(Certificate::from_der(Bytes((1 << 20) + 1)).error().kind, ErrorKind::Corrupt);
  EXPECT_EQ(Certificate::from_der({}).error().kind, ErrorKind::Corrupt);
}

/// Everything that a caller may ask.
void ask_everything(const Certificate& certificate) {
  static_cast<void>(certificate.to_pem());
  static_cast<void>(certificate.dns_names());
  static_cast<void>(certificate.covers_all(names({"one.example.org", "192.0.2.1"})));
  static_cast<void>(certificate.matches(testing::shared_ec_key()));
  static_cast<void>(certificate.fits(KeySpec::ec("P-384")));
  static_cast<void>(certificate.serial() + certificate.issuer_name() + certificate.subject_name());
  static_cast<void>(certificate.sha256_fingerprint());
  static_cast<void>(certificate.sha1_id());
  static_cast<void>(certificate.ari_cert_id());
  static_cast<void>(certificate.must_staple());
  static_cast<void>(certificate.ocsp_responder_url());
  static_cast<void>(certificate.timestamps());
  static_cast<void>(certificate.is_self_signed());
  static_cast<void>(native_handle(certificate));
}

// CR-03
TEST(Certificate, SurvivesTruncatedAndFlippedDer) {
  const Bytes whole = sample()[0].to_der().value();
  for (std::size_t i = 0; i < whole.size(); ++i) {
    EXPECT_FALSE(Certificate::from_der(std::span(whole).first(i))) << i;
    Bytes flipped = whole;
    flipped[i] ^= 0x55;
    if (const auto certificate = Certificate::from_der(flipped)) {
      ask_everything(*certificate);
    }
  }
  EXPECT_EQ(ERR_peek_error(), 0U);
}

TEST(Certificate, IgnoresNamesThatHideTheirEndBehindANul) {
  std::string der;
  {
    const Bytes bytes = issued(names({"good.test", "evil.test"})).to_der().value();
    der.assign(bytes.begin(), bytes.end());
  }
  const auto place = der.rfind("evil.test");
  ASSERT_NE(place, std::string::npos);
  der[place + 4] = '\0';
  const auto certificate = Certificate::from_der(as_bytes(der));
  ASSERT_TRUE(certificate) << certificate.error().message;
  EXPECT_THAT(certificate->dns_names(), ElementsAre("good.test"));
  EXPECT_FALSE(certificate->covers(name("evil")));
}

// CR-06: the leak checker of the sanitizer preset looks at this.
TEST(Certificate, AnswersAgainAndAgain) {
  const Certificate leaf = sample()[0];
  for (int i = 0; i < 10000; ++i) {
    EXPECT_EQ(leaf.dns_names().size(), 2U);
    EXPECT_FALSE(leaf.issuer_name().empty());
  }
}

TEST(Certificate, IsUsableFromManyThreads) {
  const Certificate leaf = sample()[0];
  std::vector<std::jthread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&leaf] {
      for (int round = 0; round < 50; ++round) {
        ask_everything(leaf);
        EXPECT_NE(native_handle(leaf), nullptr);
      }
    });
  }
}

TEST(Certificate, HasOneHandleForAsLongAsItLives) {
  const Certificate leaf = sample()[0];
  const Certificate copy = leaf;
  EXPECT_EQ(native_handle(leaf), native_handle(copy));
}

}  // namespace
}  // namespace md::crypto
