// SPDX-License-Identifier: Apache-2.0
#include "renewal/staged_set.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "renewal/testing/staged_samples.h"
#include "store/testing/memory_store.h"

namespace md::renewal {
namespace {

using model::KeySpec;
using store::Group;
using ::testing::HasSubstr;

const TimePoint kNow = *parse_http_date("Sun, 22 Nov 2026 12:00:00 GMT");
const model::Validity kValid{kNow, kNow + std::chrono::days(90)};

class StagedSetTest : public ::testing::Test {
 protected:
  void put(Group group, const store::KeyedChain& keyed) {
    testing::put_pair(store_, group, domain_.name, keyed, key_);
    if (group == Group::Staging) {
      testing::stage_set(store_, domain_.name, {keyed}, key_);
    }
  }
  void put_all(Group group) {
    for (const store::KeyedChain& keyed : testing::sample_set(domain_, kValid)) {
      put(group, keyed);
    }
  }
  void overwrite(const std::string& file, const std::string& content) {
    ASSERT_TRUE(
        store_.save(Group::Staging, domain_.name, file, content, store::Durability::Synced));
  }
  void remove(const std::string& file) {
    ASSERT_TRUE(store_.remove_file(Group::Staging, domain_.name, file));
  }
  [[nodiscard]] LoadedSet load(Group group = Group::Staging) const {
    return load_set(store_, group, domain_, key_);
  }

  testing::MemoryStore store_;
  SecretBytes key_{std::string_view("the key of the store")};
  model::ManagedDomain domain_ = testing::sample_domain({"example.org", "www.example.org"});
};

TEST_F(StagedSetTest, IsCompleteWithKeysAndCertificatesOfAllSpecs) {
  for (const Group group : {Group::Staging, Group::Domains}) {
    put_all(group);
    const LoadedSet set = load(group);
    EXPECT_TRUE(set.is_complete()) << set.flaw;
    EXPECT_TRUE(set.has_any_file);
    EXPECT_FALSE(set.is_broken);
    ASSERT_EQ(set.keyed.size(), 2U);
    EXPECT_EQ(set.keyed[0].spec, KeySpec::rsa());
    EXPECT_EQ(set.keyed[1].spec, KeySpec::ec("P-256"));
    EXPECT_EQ(set.keyed[0].chain.size(), 2U);
    EXPECT_TRUE(has_all_files(store_, group, domain_));
  }
}

TEST_F(StagedSetTest, TellsFacts) {
  crypto::testing::IssueOptions options;
  options.must_staple = true;
  options.serial = "0A1B";
  domain_.settings.key_specs = {KeySpec::ec("P-256")};
  put(Group::Staging, testing::sample_chain(domain_, KeySpec::ec("P-256"), kValid, options));
  const CertificateSetFacts facts = load().facts();
  EXPECT_TRUE(facts.is_complete());
  const CertificateFacts* const found = facts.find(KeySpec::ec("P-256"));
  ASSERT_NE(found, nullptr);
  EXPECT_EQ(facts.find(KeySpec::rsa()), nullptr);
  EXPECT_EQ(found->validity, kValid);
  EXPECT_EQ(found->names, (std::vector<std::string>{"example.org", "www.example.org"}));
  EXPECT_EQ(found->serial, "0A1B");
  EXPECT_EQ(found->issuer, testing::sample_ca().intermediate().subject_name());
  EXPECT_EQ(found->sha256_fingerprint.size(), 64U);
  EXPECT_FALSE(found->ari_cert_id.empty());
  EXPECT_TRUE(found->must_staple);
}

TEST_F(StagedSetTest, OverlapsWhereAllAreValid) {
  const model::Validity later{kNow + std::chrono::days(1), kNow + std::chrono::days(7)};
  put(Group::Staging, testing::sample_chain(domain_, KeySpec::rsa(), kValid));
  put(Group::Staging, testing::sample_chain(domain_, KeySpec::ec("P-256"), later));
  EXPECT_EQ(load().facts().overlap(), later);
  EXPECT_EQ(CertificateSetFacts().overlap(), std::nullopt);
}

TEST_F(StagedSetTest, IsNothingWithoutFiles) {
  overwrite("job.json", "{}");
  overwrite("account.pem", "key");
  const LoadedSet set = load();
  EXPECT_FALSE(set.is_complete());
  EXPECT_FALSE(set.has_any_file);
  EXPECT_FALSE(set.is_broken);
  EXPECT_EQ(set.flaw, "certificate(rsa) is missing");
  EXPECT_FALSE(has_all_files(store_, Group::Staging, domain_));
}

TEST_F(StagedSetTest, NeedsBothPairs) {  // ST-04
  put(Group::Staging, testing::sample_chain(domain_, KeySpec::rsa(), kValid));
  const LoadedSet set = load();
  EXPECT_EQ(set.flaw, "certificate(P-256) is missing");
  EXPECT_FALSE(set.is_broken);
  EXPECT_EQ(set.keyed.size(), 1U);
  EXPECT_FALSE(has_all_files(store_, Group::Staging, domain_));
}

TEST_F(StagedSetTest, WaitsForTheCertificateOfAKey) {
  put_all(Group::Staging);
  remove("pubcert.p-256.pem");
  EXPECT_EQ(load().flaw, "certificate(P-256) is missing");
  EXPECT_FALSE(load().is_broken);
}

TEST_F(StagedSetTest, IsBrokenWithACertificateThatHasNoKey) {
  put_all(Group::Staging);
  remove("privkey.pem");
  EXPECT_EQ(load().flaw, "private key(rsa) is missing");
  EXPECT_TRUE(load().is_broken);
  EXPECT_EQ(load().keyed.size(), 1U);
}

TEST_F(StagedSetTest, NamesBothFilesThatDoNotMatch) {  // ST-03
  put_all(Group::Staging);
  overwrite("privkey.pem",
            *crypto::PrivateKey::generate(KeySpec::rsa())->to_encrypted_pem(key_.bytes()));
  const LoadedSet set = load();
  EXPECT_EQ(set.flaw,
            "private key and certificate do not match: staging/example.org/privkey.pem, "
            "staging/example.org/pubcert.pem");
  EXPECT_TRUE(set.is_broken);
  ASSERT_EQ(set.keyed.size(), 1U);
  EXPECT_EQ(set.keyed[0].spec, KeySpec::ec("P-256"));
}

TEST_F(StagedSetTest, NamesTheFileThatCannotBeRead) {  // ST-01
  for (const std::string file : {"pubcert.pem", "privkey.pem", "pubcert.p-256.pem"}) {
    for (const std::string content : {"", "junk", "-----BEGIN CERTIFICATE-----\nMIIB"}) {
      put_all(Group::Staging);
      overwrite(file, content);
      const LoadedSet set = load();
      EXPECT_THAT(set.flaw, HasSubstr("cannot be used: staging/example.org/" + file));
      EXPECT_TRUE(set.is_broken);
    }
  }
}

TEST_F(StagedSetTest, IsBrokenWithKeysOfAnotherStore) {
  put_all(Group::Staging);
  key_ = SecretBytes(std::string_view("another key"));
  EXPECT_THAT(load().flaw, HasSubstr("seal of this store"));
  EXPECT_TRUE(load().is_broken);
  EXPECT_THAT(load_staged_of_any_version(store_, domain_, key_).flaw,
              HasSubstr("private key(rsa) cannot be used"));
}

TEST_F(StagedSetTest, IsNotBrokenWhereTheDiskFails) {
  put_all(Group::Staging);
  store_.fault = [](std::string_view operation, auto, auto, auto) {
    return operation == "load" ? std::optional(fail(ErrorKind::Io, "read: I/O error"))
                               : std::nullopt;
  };
  EXPECT_FALSE(load().is_complete());
  EXPECT_FALSE(load().is_broken);
  EXPECT_TRUE(load().has_any_file);
}

TEST_F(StagedSetTest, KeepsWhatStillServesThoughNamesWereAdded) {  // CR-09
  put_all(Group::Domains);
  domain_.names = testing::dns_names({"example.org", "www.example.org", "new.example.org"});
  const LoadedSet set = load(Group::Domains);
  EXPECT_EQ(set.flaw, "certificate(rsa) does not cover all domains. It lacks new.example.org.");
  EXPECT_EQ(set.keyed.size(), 2U);
  EXPECT_FALSE(set.is_complete());
}

TEST_F(StagedSetTest, KeepsWhatStillServesThoughAnotherKindOfKeyIsWanted) {
  store::KeyedChain keyed = testing::sample_chain(domain_, KeySpec::ec("P-384"), kValid);
  keyed.spec = KeySpec::ec("P-256");
  domain_.settings.key_specs = {KeySpec::ec("P-256")};
  put(Group::Domains, keyed);
  const LoadedSet set = load(Group::Domains);
  EXPECT_EQ(set.flaw,
            "certificate(P-256) is for another kind of key: domains/example.org/pubcert.p-256.pem");
  EXPECT_EQ(set.keyed.size(), 1U);
}

TEST_F(StagedSetTest, C2IsCompleteWithAnRsaKeyOfAnySize) {
  for (const Group group : {Group::Staging, Group::Domains}) {
    put_all(group);
    for (const unsigned bits : {1024U, 2048U, 3072U, 4096U}) {
      domain_.settings.key_specs = {KeySpec::rsa(bits), KeySpec::ec("P-256")};
      const LoadedSet set = load(group);
      EXPECT_TRUE(set.is_complete()) << bits << ": " << set.flaw;
      EXPECT_FALSE(set.is_broken);
      EXPECT_TRUE(set.facts().certificates.front().fits_spec);
    }
  }
}

TEST_F(StagedSetTest, IsWholeWhenExpired) {
  const model::Validity past{kNow - std::chrono::days(90), kNow - std::chrono::days(1)};
  testing::put_set(store_, Group::Domains, domain_.name, testing::sample_set(domain_, past), key_);
  EXPECT_TRUE(load(Group::Domains).is_complete());
}

TEST_F(StagedSetTest, SeesFilesOfSpecsThatAreNotConfiguredAnyMore) {
  overwrite("privkey.secp384r1.pem", "key");
  EXPECT_TRUE(load().has_any_file);
  EXPECT_FALSE(load().is_broken);
}

}  // namespace
}  // namespace md::renewal
