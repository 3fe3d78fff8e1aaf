// SPDX-License-Identifier: Apache-2.0
#include "renewal/known_sets.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

namespace md::renewal {
namespace {

constexpr TimePoint kNow{std::chrono::hours(24 * 365 * 56)};

CertificateFacts facts(const model::KeySpec& spec) {
  CertificateFacts facts;
  facts.spec = spec;
  facts.validity = {kNow, kNow + std::chrono::hours(1)};
  facts.names = {"a.test", "*.a.test"};
  facts.serial = "0A";
  facts.issuer = "/CN=issuer";
  facts.sha256_fingerprint = "fingerprint";
  facts.ari_cert_id = "a.b";
  facts.must_staple = true;
  return facts;
}

KnownSet a_set(std::string basis) {
  KnownSet set;
  set.basis = std::move(basis);
  set.facts.flaw = "certificate(rsa) is missing";
  set.facts.certificates = {facts(model::KeySpec::rsa(3072)), facts(model::KeySpec::ec("P-256"))};
  set.has_any_file = true;
  return set;
}

KnownSets two_sets() {
  KnownSets sets;
  sets.remember("a.test", a_set("basis a"));
  sets.remember("b.test", KnownSet{"basis b", {}, false, kNow});
  return sets;
}

TEST(KnownSets, AreOfTheirBasisAlone) {
  const KnownSets sets = two_sets();
  EXPECT_NE(sets.find("a.test", "basis a", kNow), nullptr);
  EXPECT_EQ(sets.find("a.test", "basis b", kNow), nullptr);
  EXPECT_EQ(sets.find("c.test", "basis a", kNow), nullptr);
}

TEST(KnownSets, EndWithTheirFallbacks) {
  const KnownSets sets = two_sets();
  EXPECT_NE(sets.find("b.test", "basis b", kNow - std::chrono::seconds(1)), nullptr);
  EXPECT_EQ(sets.find("b.test", "basis b", kNow), nullptr);
}

TEST(KnownSets, ComeBackFromBytesAsTheyWere) {
  const KnownSets sets = KnownSets::from_bytes(two_sets().to_bytes());
  const KnownSet* const known = sets.find("a.test", "basis a", kNow);
  ASSERT_NE(known, nullptr);
  EXPECT_EQ(known->facts.flaw, "certificate(rsa) is missing");
  EXPECT_TRUE(known->has_any_file);
  EXPECT_FALSE(known->fallbacks_until);
  ASSERT_EQ(known->facts.certificates.size(), 2U);
  for (const CertificateFacts& found : known->facts.certificates) {
    const CertificateFacts expected = facts(found.spec);
    EXPECT_EQ(found.validity, expected.validity);
    EXPECT_EQ(found.names, expected.names);
    EXPECT_EQ(found.serial, expected.serial);
    EXPECT_EQ(found.issuer, expected.issuer);
    EXPECT_EQ(found.sha256_fingerprint, expected.sha256_fingerprint);
    EXPECT_EQ(found.ari_cert_id, expected.ari_cert_id);
    EXPECT_TRUE(found.must_staple);
  }
  EXPECT_EQ(known->facts.certificates[0].spec, model::KeySpec::rsa(3072));
  EXPECT_EQ(known->facts.certificates[1].spec, model::KeySpec::ec("P-256"));
  EXPECT_EQ(sets.find("b.test", "basis b", kNow), nullptr);
  EXPECT_NE(sets.find("b.test", "basis b", kNow - std::chrono::hours(1)), nullptr);
}

TEST(KnownSets, AreNothingInBytesThatEndTooSoonOrHaveChanged) {
  const std::string bytes = two_sets().to_bytes();
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    const KnownSets cut = KnownSets::from_bytes(std::string_view(bytes).substr(0, size));
    EXPECT_EQ(cut.find("a.test", "basis a", kNow), nullptr) << size;
  }
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    std::string changed = bytes;
    changed[i] = static_cast<char>(changed[i] + 1);
    EXPECT_EQ(KnownSets::from_bytes(changed).find("a.test", "basis a", kNow), nullptr) << i;
  }
}

TEST(KnownSets, TakeOverWhatOthersKnowBetter) {
  KnownSets others;
  others.remember("b.test", a_set("basis c"));
  KnownSets sets = two_sets();
  sets.add(others);
  EXPECT_NE(sets.find("a.test", "basis a", kNow), nullptr);
  EXPECT_NE(sets.find("b.test", "basis c", kNow), nullptr);
  EXPECT_EQ(sets.find("b.test", "basis b", kNow - std::chrono::seconds(1)), nullptr);
}

TEST(KnownSets, AreTheSameBytesInWhateverOrderTheyCame) {
  KnownSets sets;
  sets.remember("b.test", KnownSet{"basis b", {}, false, kNow});
  sets.remember("a.test", a_set("basis a"));
  EXPECT_EQ(sets.to_bytes(), two_sets().to_bytes());
}

}  // namespace
}  // namespace md::renewal
