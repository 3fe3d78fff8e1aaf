// SPDX-License-Identifier: Apache-2.0
// Fallback and challenge certificates, requests, and the CA for tests.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <openssl/objects.h>
#include <openssl/x509v3.h>

#include <set>

#include "base/text.h"
#include "crypto/certificate.h"
#include "crypto/digest.h"
#include "crypto/internal/handles.h"
#include "crypto/native.h"
#include "crypto/testing/test_ca.h"

namespace md::crypto {
namespace {

using model::DnsName;
using model::KeySpec;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

std::vector<DnsName> names(std::initializer_list<std::string_view> texts) {
  std::vector<DnsName> all;
  for (const std::string_view text : texts) {
    all.push_back(DnsName::parse(text).value());
  }
  return all;
}

TimePoint at(std::string_view text) {
  return parse_rfc3339(text).value();
}

const model::Validity kTwoWeeks{at("2026-03-01T00:00:00Z"), at("2026-03-15T00:00:00Z")};

const std::string kLongName = std::string(30, 'a') + "." + std::string(30, 'b') + ".example.org";

bool is_signed_by(const Certificate& certificate, const PrivateKey& key) {
  return X509_verify(native_handle(certificate), native_handle(key)) == 1;
}

/// The value of the extension and whether it is critical; empty if it is absent.
struct ExtensionValue {
  Bytes value;
  bool critical{false};
};
ExtensionValue extension(const Certificate& certificate, const char* oid) {
  const ObjectPtr object(OBJ_txt2obj(oid, 1));
  X509* const x509 = native_handle(certificate);
  const int place = X509_get_ext_by_OBJ(x509, object.get(), -1);
  if (place < 0) {
    return {};
  }
  X509_EXTENSION* const found = X509_get_ext(x509, place);
  const ASN1_OCTET_STRING* const data = X509_EXTENSION_get_data(found);
  const unsigned char* const bytes = ASN1_STRING_get0_data(data);
  return {Bytes(bytes, bytes + ASN1_STRING_length(data)), X509_EXTENSION_get_critical(found) == 1};
}

// CR-04, CR-05
TEST(FallbackCertificate, IsAnEndEntityOfVersion3ForItsNames) {
  for (const KeySpec& spec : {KeySpec::ec("P-256"), KeySpec::ec("secp384r1"), KeySpec::rsa(2048)}) {
    const PrivateKey key = PrivateKey::generate(spec).value();
    const Certificate certificate =
        make_fallback_certificate(key, names({"example.org", "*.example.org"}), kTwoWeeks).value();
    X509* const x509 = native_handle(certificate);
    ASSERT_NE(x509, nullptr);
    EXPECT_EQ(X509_get_version(x509), X509_VERSION_3);
    EXPECT_EQ(X509_check_ca(x509), 0);
    EXPECT_TRUE(extension(certificate, "2.5.29.19").critical);
    EXPECT_THAT(extension(certificate, "2.5.29.14").value, SizeIs(22));
    EXPECT_THAT(certificate.dns_names(), ElementsAre("example.org", "*.example.org"));
    EXPECT_EQ(certificate.subject_name(), "/CN=Apache Managed Domain Fallback");
    EXPECT_EQ(certificate.validity(), kTwoWeeks);
    EXPECT_TRUE(certificate.is_self_signed());
    EXPECT_TRUE(certificate.matches(key));
    EXPECT_TRUE(certificate.fits(spec));
    EXPECT_TRUE(is_signed_by(certificate, key));
    EXPECT_EQ(X509_check_private_key(x509, native_handle(key)), 1);
  }
}

TEST(FallbackCertificate, CanBeSignedWithAnotherKey) {
  const PrivateKey& signer = testing::shared_ec_key();
  const Certificate certificate =
      make_fallback_certificate(testing::shared_rsa_key(), signer, names({"a.test"}), kTwoWeeks)
          .value();
  EXPECT_EQ(certificate.subject_name(), "/CN=Apache Managed Domain Fallback");
  EXPECT_EQ(certificate.issuer_name(), "/CN=Apache Managed Domain Fallback");
  EXPECT_TRUE(certificate.matches(testing::shared_rsa_key()));
  EXPECT_TRUE(is_signed_by(certificate, signer));
}

TEST(FallbackCertificate, HasASerialNumberOfItsOwn) {
  std::set<std::string> seen;
  for (int i = 0; i < 50; ++i) {
    const auto certificate =
        make_fallback_certificate(testing::shared_ec_key(), names({"a.test"}), kTwoWeeks);
    EXPECT_THAT(certificate->serial(), SizeIs(32));
    EXPECT_LT(certificate->serial().front(), '8');  // positive
    seen.insert(certificate->serial());
  }
  EXPECT_EQ(seen.size(), 50U);
}

TEST(FallbackCertificate, NamesWhatIsTooLongForACommonNameOrAnAddress) {
  for (const std::string& first : {kLongName, std::string("192.0.2.1")}) {
    const auto certificate =
        make_fallback_certificate(testing::shared_ec_key(), names({first}), kTwoWeeks);
    ASSERT_TRUE(certificate) << certificate.error().message;
    EXPECT_TRUE(certificate->covers(DnsName::parse(first).value()));
    EXPECT_FALSE(extension(*certificate, "2.5.29.17").critical);
  }
}

TEST(FallbackCertificate, IsMadeForWordsThatAreNoNamesB2) {
  for (const char* word : {"inva!id.test", "", "a..b", "\xe4.test", "\xc3\xa4.test", "a/b\x01"}) {
    const std::vector<DnsName> words{DnsName::as_configured(word), *DnsName::parse("a.test")};
    const auto made = make_fallback_certificate(testing::shared_ec_key(), words, kTwoWeeks);
    ASSERT_TRUE(made) << word;
    EXPECT_TRUE(made->covers(*DnsName::parse("a.test"))) << word;
  }
}

TEST(FallbackCertificate, NamesHostsAndAddresses) {
  const auto certificate = make_fallback_certificate(
      testing::shared_ec_key(), names({"a.test", "2001:db8::1", "192.0.2.1"}), kTwoWeeks);
  ASSERT_TRUE(certificate);
  EXPECT_THAT(certificate->dns_names(), ElementsAre("a.test"));
  EXPECT_THAT(certificate->alternative_names(), ElementsAre("a.test", "2001:db8::1", "192.0.2.1"));
  EXPECT_TRUE(certificate->covers_all(names({"192.0.2.1", "2001:db8:0::1"})));
  EXPECT_FALSE(certificate->covers(DnsName::parse("192.0.2.2").value()));
}

TEST(FallbackCertificate, ReachesBeyond2050) {
  const model::Validity validity{at("2049-12-01T00:00:00Z"), at("2051-01-01T00:00:00Z")};
  EXPECT_EQ(
      make_fallback_certificate(testing::shared_ec_key(), names({"a.test"}), validity)->validity(),
      validity);
}

TEST(FallbackCertificate, NeedsAName) {
  EXPECT_EQ(make_fallback_certificate(testing::shared_ec_key(), {}, kTwoWeeks).error().kind,
            ErrorKind::InvalidInput);
}

TEST(ChallengeCertificate, HoldsTheDigestOfTheKeyAuthorization) {
  for (const PrivateKey& key : {testing::shared_ec_key(), testing::shared_rsa_key()}) {
    const auto certificate =
        make_challenge_certificate(key, names({"example.org"})[0], "token.thumbprint", kTwoWeeks);
    ASSERT_TRUE(certificate) << certificate.error().message;
    const ExtensionValue acme = extension(*certificate, "1.3.6.1.5.5.7.1.31");
    EXPECT_TRUE(acme.critical);
    EXPECT_EQ(encode_hex(acme.value), "0420" + encode_hex(sha256(as_bytes("token.thumbprint"))));
    EXPECT_THAT(certificate->dns_names(), ElementsAre("example.org"));
    EXPECT_TRUE(certificate->matches(key));
    EXPECT_TRUE(is_signed_by(*certificate, key));
  }
}

// AC-42: others, whom the module shares OpenSSL with, may have named these OIDs, or may not.
TEST(ChallengeCertificate, DoesNotCareWhoRegisteredTheOids) {
  const int before = OBJ_new_nid(0);
  EXPECT_TRUE(
      make_challenge_certificate(testing::shared_ec_key(), names({"a.test"})[0], "x.y", kTwoWeeks));
  EXPECT_EQ(OBJ_new_nid(0), before);
  OBJ_create("1.3.6.1.5.5.7.1.31", "somebodysAcmeIdentifier", "somebody's acmeIdentifier");
  OBJ_create("1.3.6.1.5.5.7.1.24", "somebodysTlsFeature", "somebody's TLS feature");
  EXPECT_TRUE(
      make_challenge_certificate(testing::shared_ec_key(), names({"a.test"})[0], "x.y", kTwoWeeks));
  EXPECT_TRUE(make_csr(testing::shared_ec_key(), names({"a.test"}), true));
}

TEST(Csr, AsksForAllNames) {
  for (const PrivateKey& key : {testing::shared_ec_key(), testing::shared_rsa_key()}) {
    const Bytes der =
        make_csr(key, names({"example.org", "*.example.org", "a.test"}), false).value();
    const auto csr = testing::read_csr(der);
    ASSERT_TRUE(csr) << csr.error().message;
    EXPECT_EQ(csr->common_name, "example.org");
    EXPECT_THAT(csr->dns_names, ElementsAre("example.org", "*.example.org", "a.test"));
    EXPECT_FALSE(csr->must_staple);
  }
}

TEST(Csr, AsksForMustStaple) {
  const Bytes der = make_csr(testing::shared_ec_key(), names({"a.test"}), true).value();
  EXPECT_TRUE(testing::read_csr(der)->must_staple);
}

TEST(Csr, HasNoCommonNameThatIsTooLong) {  // AC-30
  const auto csr = testing::read_csr(
      make_csr(testing::shared_ec_key(), names({kLongName, "a.test"}), false).value());
  EXPECT_EQ(csr->common_name, "");
  EXPECT_THAT(csr->dns_names, ElementsAre(kLongName, "a.test"));
}

TEST(Csr, HasACommonNameOf64Bytes) {
  const std::string name = std::string(30, 'a') + "." + std::string(33, 'b');
  const auto csr =
      testing::read_csr(make_csr(testing::shared_ec_key(), names({name}), false).value());
  EXPECT_EQ(csr->common_name, name);
}

TEST(Csr, NeedsAName) {
  EXPECT_EQ(make_csr(testing::shared_ec_key(), {}, false).error().kind, ErrorKind::InvalidInput);
}

TEST(TestCa, IssuesWhatACsrAsksFor) {
  const testing::TestCa ca;
  const PrivateKey& key = testing::shared_rsa_key();
  const auto chain =
      ca.issue_from_csr(make_csr(key, names({"a.test", "b.test"}), true).value(), kTwoWeeks);
  ASSERT_TRUE(chain) << chain.error().message;
  ASSERT_THAT(*chain, SizeIs(2));
  const Certificate& leaf = chain->front();
  EXPECT_THAT(leaf.dns_names(), ElementsAre("a.test", "b.test"));
  EXPECT_TRUE(leaf.matches(key));
  EXPECT_TRUE(leaf.must_staple());
  EXPECT_EQ(leaf.validity(), kTwoWeeks);
  EXPECT_EQ(leaf.issuer_name(), chain->back().subject_name());
  EXPECT_TRUE(is_signed_by(leaf, ca.key()));
  EXPECT_TRUE(leaf.ari_cert_id());
}

TEST(TestCa, MakesAChainThatOpensslVerifies) {
  using StorePtr = std::unique_ptr<X509_STORE, Free<X509_STORE_free>>;
  using ContextPtr = std::unique_ptr<X509_STORE_CTX, Free<X509_STORE_CTX_free>>;
  const testing::TestCa ca;
  const auto chain = ca.issue(names({"a.test"}), testing::shared_ec_key(), kTwoWeeks).value();
  const StorePtr store(X509_STORE_new());
  X509_STORE_add_cert(store.get(), native_handle(ca.root()));
  STACK_OF(X509)* const untrusted = sk_X509_new_null();
  sk_X509_push(untrusted, native_handle(chain[1]));
  const ContextPtr context(X509_STORE_CTX_new());
  X509_STORE_CTX_init(context.get(), store.get(), native_handle(chain[0]), untrusted);
  X509_STORE_CTX_set_time(context.get(), 0,
                          std::chrono::system_clock::to_time_t(at("2026-03-02T00:00:00Z")));
  EXPECT_EQ(X509_verify_cert(context.get()), 1)
      << X509_verify_cert_error_string(X509_STORE_CTX_get_error(context.get()));
  sk_X509_free(untrusted);
}

TEST(TestCa, GetsItWrongOnDemand) {
  const testing::TestCa ca;
  testing::IssueOptions options;
  options.other_names = names({"other.test"});
  options.other_key = testing::shared_rsa_key();
  options.intermediate_in_chain = false;
  const auto chain =
      ca.issue(names({"a.test"}), testing::shared_ec_key(), kTwoWeeks, options).value();
  ASSERT_THAT(chain, SizeIs(1));
  EXPECT_THAT(chain[0].dns_names(), ElementsAre("other.test"));
  EXPECT_FALSE(chain[0].matches(testing::shared_ec_key()));
  EXPECT_TRUE(chain[0].matches(testing::shared_rsa_key()));
}

TEST(TestCa, RefusesWhatIsNoCsr) {
  const testing::TestCa ca;
  Bytes der = make_csr(testing::shared_ec_key(), names({"a.test"}), false).value();
  EXPECT_EQ(ca.issue_from_csr(as_bytes("junk"), kTwoWeeks).error().kind, ErrorKind::InvalidInput);
  EXPECT_EQ(ca.issue_from_csr({}, kTwoWeeks).error().kind, ErrorKind::InvalidInput);
  der.back() ^= 1;  // the signature
  EXPECT_EQ(ca.issue_from_csr(der, kTwoWeeks).error().kind, ErrorKind::InvalidInput);
}

TEST(TestCa, TellsItsRoot) {
  const testing::TestCa ca("Some CA");
  EXPECT_EQ(Certificate::chain_from_pem(ca.root_pem())->front().subject_name(), "/CN=Some CA Root");
}

}  // namespace
}  // namespace md::crypto
