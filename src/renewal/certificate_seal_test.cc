// SPDX-License-Identifier: Apache-2.0
#include "renewal/certificate_seal.h"

#include <gtest/gtest.h>

#include "crypto/certificate.h"
#include "renewal/testing/sample_sets.h"
#include "store/testing/memory_store.h"

namespace md::renewal {
namespace {

using model::KeySpec;

class CertificateSealTest : public ::testing::Test {
 protected:
  [[nodiscard]] bool is_sealed(std::string_view text, std::string_view domain = "example.org",
                               const KeySpec& spec = KeySpec::ec("P-256")) const {
    return is_sealed_certificate(text, domain, spec, key_);
  }

  SecretBytes key_{std::string_view("the key of a store, 48 bytes of it in real life")};
  model::ManagedDomain domain_ = testing::sample_domain({"example.org"});
  std::string pem_ = *crypto::to_pem(
      testing::sample_chain(domain_, KeySpec::ec("P-256"), {TimePoint{}, TimePoint{}}).chain);
  std::string sealed_ = *seal_certificate(pem_, "example.org", KeySpec::ec("P-256"), key_);
};

TEST_F(CertificateSealTest, H4_HoldsForWhatItWasMadeFor) {
  EXPECT_TRUE(is_sealed(sealed_));
  EXPECT_FALSE(is_sealed(sealed_, "www.example.org"));
  EXPECT_FALSE(is_sealed(sealed_, "example.org", KeySpec::rsa()));
  EXPECT_FALSE(is_sealed_certificate(sealed_, "example.org", KeySpec::ec("P-256"),
                                     SecretBytes(std::string_view("the key of another store"))));
}

TEST_F(CertificateSealTest, H4_HoldsForNothingElse) {
  EXPECT_FALSE(is_sealed(pem_));
  EXPECT_FALSE(is_sealed(""));
  EXPECT_FALSE(is_sealed("Staged-By-Store: "));
  EXPECT_FALSE(is_sealed("Staged-By-Store: \n" + pem_));
  EXPECT_FALSE(is_sealed(sealed_ + " "));
  for (const std::size_t place : {std::size_t{20}, sealed_.find('\n') - 1, sealed_.size() / 2}) {
    std::string changed = sealed_;
    changed[place] = changed[place] == '0' ? '1' : '0';
    EXPECT_FALSE(is_sealed(changed)) << place;
  }
}

TEST_F(CertificateSealTest, IsPassedOverByReadersOfCertificates) {
  const auto chain = crypto::Certificate::chain_from_pem(sealed_);
  ASSERT_TRUE(chain) << chain.error().message;
  EXPECT_EQ(*crypto::to_pem(*chain), pem_);
}

TEST_F(CertificateSealTest, IsMadeAnewForADomainThatGetsAnotherName) {
  testing::MemoryStore store;
  const auto put = [&](const std::string& file, const std::string& text) {
    ASSERT_TRUE(
        store.save(store::Group::Staging, "old.test", file, text, store::Durability::Synced));
  };
  const auto is_sealed_for = [&](const std::string& domain, const KeySpec& spec) {
    return is_sealed_certificate(
        *store.load(store::Group::Staging, "old.test", store::certificate_file(spec)), domain, spec,
        key_);
  };
  const KeySpec ec = KeySpec::ec("P-256");
  put("pubcert.pem", *seal_certificate(pem_, "old.test", KeySpec::rsa(), key_));
  put("pubcert.p-256.pem", *seal_certificate(pem_, "old.test", ec, key_));
  put("job.json", "{}");
  for (int times = 0; times < 2; ++times) {  // a death in between
    ASSERT_TRUE(seal_for_new_name(store, "old.test", "new.test", key_));
    EXPECT_TRUE(is_sealed_for("new.test", KeySpec::rsa()));
    EXPECT_TRUE(is_sealed_for("new.test", ec));
    EXPECT_FALSE(is_sealed_for("old.test", ec));
  }
  EXPECT_TRUE(seal_for_new_name(store, "none.test", "new.test", key_));
}

TEST_F(CertificateSealTest, H4_IsNotMadeForWhatHadNone) {
  testing::MemoryStore store;
  for (const std::string& text :
       {pem_, *seal_certificate(pem_, "www.test", KeySpec::rsa(), key_),
        *seal_certificate(pem_, "old.test", KeySpec::ec("P-256"), key_), std::string("junk")}) {
    ASSERT_TRUE(store.save(store::Group::Staging, "old.test", "pubcert.pem", text,
                           store::Durability::Synced));
    ASSERT_TRUE(seal_for_new_name(store, "old.test", "new.test", key_));
    EXPECT_EQ(*store.load(store::Group::Staging, "old.test", "pubcert.pem"), text);
  }
}

}  // namespace
}  // namespace md::renewal
