// SPDX-License-Identifier: Apache-2.0

// Of staging, where others may write too, only what is ours becomes root's.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <functional>

#include "crypto/proven_key.h"
#include "crypto/testing/mixed_key.h"
#include "renewal/activation.h"
#include "renewal/certificate_seal.h"
#include "renewal/testing/activation_bed.h"

namespace md::renewal {
namespace {

using model::KeySpec;
using std::chrono::days;
using std::chrono::hours;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using Kind = ActivationOutcome::Kind;
using Moment = ActivationMoment;

TEST_F(ActivationTest, H1_RemovesANoteOfKeptCertificatesThatNobodyCanRead) {
  std::string costly = "[{}";
  for (int i = 0; i < 300'000; ++i) {
    costly += ",{}";
  }
  for (const std::string& unreadable : {costly + "]", std::string("{")}) {
    put(Group::Staging, "kept.json", unreadable);
    const auto begun = std::chrono::steady_clock::now();
    EXPECT_EQ(activate(Moment::AtStart).kind, Kind::NothingStaged);
    EXPECT_LT(std::chrono::steady_clock::now() - begun, std::chrono::milliseconds(500));
    EXPECT_THAT(staged_files(), IsEmpty());
  }
  put(Group::Staging, "kept.json", R"({"p-256": "a fingerprint"})");
  EXPECT_EQ(activate(Moment::AtStart).kind, Kind::NothingStaged);
  EXPECT_THAT(staged_files(), ElementsAre("kept.json"));
}

TEST_F(ActivationTest, H4_PromotesNoAccountWhoseKeyIsNotOurs) {
  const std::string ours = *account_key_.to_encrypted_pem(store_.key().bytes());
  const SecretBytes other_key(std::string_view("the key of another store"));
  for (const std::string& planted :
       {std::string(account_key_.to_pem()->text()),
        *account_key_.to_encrypted_pem(other_key.bytes()), std::string("junk")}) {
    stage_account();
    put(Group::Staging, "account.pem", planted);
    const auto promoted = promote();
    ASSERT_FALSE(promoted);
    EXPECT_EQ(promoted.error().kind, ErrorKind::Corrupt);
    EXPECT_THAT(*store_.folders(Group::Accounts), IsEmpty());
  }
}

TEST_F(ActivationTest, H4_PromotesNoAccountOfACaThatIsNotConfigured) {
  stage(a_set());
  stage_account();
  put(Group::Staging, "account.json",
      R"({"status": "valid", "ca-url": "http://127.0.0.1/dir", "url": "http://127.0.0.1/1"})");
  EXPECT_EQ(activate(Moment::Live).kind, Kind::Activated);
  EXPECT_THAT(*store_.folders(Group::Accounts), IsEmpty());
}

TEST_F(ActivationTest, H4_PromotesNoSecondAccountForAKeyThatIsKnown) {
  stage_account();
  EXPECT_EQ(*promote(), "ACME-ca.example.net-0000");
  put(Group::Staging, "account.json", R"({"status": "valid",
      "ca-url": "https://ca.example.net:14000/dir", "url": "https://ca.example.net/forged"})");
  EXPECT_EQ(*promote(), "ACME-ca.example.net-0000");
  EXPECT_EQ(
      document(Group::Accounts, "ACME-ca.example.net-0000", "account.json").get("url").as_string(),
      "https://ca.example.net:14000/account/7");
}

/// What somebody else may lay into staging: the set is good, but it is not ours.
TEST_F(ActivationTest, H4_TakesNothingThatIsNotOursWhereTheLiveSetIs) {
  stage(a_set(days(60), days(30)));
  ASSERT_EQ(activate(Moment::Live).kind, Kind::Activated);
  const auto serial = serials(live().keyed);
  const SecretBytes other_key(std::string_view("the key of another store"));
  const auto set = a_set();
  const auto plain_keys = [&] {
    for (const store::KeyedChain& keyed : set) {
      put(Group::Staging, store::key_file(keyed.spec), keyed.key.to_pem()->text());
    }
  };
  const auto foreign_keys = [&] { testing::stage_set(store_, kName, set, other_key); };
  // The public half of a key is no secret, and anybody can be a CA.
  const auto no_seals_of_another_ca = [&] {
    const crypto::testing::TestCa other_ca;
    for (const store::KeyedChain& keyed : set) {
      const auto forged =
          *other_ca.issue(domain_.names, keyed.key, {kNow - hours(1), kNow + days(90)});
      put(Group::Staging, store::certificate_file(keyed.spec), *crypto::to_pem(forged));
    }
  };
  const auto no_seals_of_an_old_set = [&] {
    const auto old = a_set(days(80), days(10));
    testing::stage_set(store_, kName, old, store_.key());
    for (const store::KeyedChain& keyed : old) {
      put(Group::Staging, store::certificate_file(keyed.spec), *crypto::to_pem(keyed.chain));
    }
  };
  const auto seals_of_another_domain = [&] {
    const auto old = a_set(days(80), days(10));
    testing::stage_set(store_, kName, old, store_.key());
    for (const store::KeyedChain& keyed : old) {
      put(Group::Staging, store::certificate_file(keyed.spec),
          *seal_certificate(*crypto::to_pem(keyed.chain), "www.example.org", keyed.spec,
                            store_.key()));
    }
  };
  const std::vector<std::function<void()>> plants{plain_keys, foreign_keys, no_seals_of_another_ca,
                                                  no_seals_of_an_old_set, seals_of_another_domain};
  for (std::size_t i = 0; i < plants.size(); ++i) {
    for (const Moment moment : {Moment::Live, Moment::AtStart}) {
      stage(set);
      plants[i]();
      const ActivationOutcome outcome = activate(moment);
      EXPECT_EQ(outcome.kind, moment == Moment::Live ? Kind::NotYet : Kind::Rejected) << i;
      EXPECT_EQ(serials(live().keyed), serial) << i;
    }
  }
  stage(set);
  EXPECT_EQ(activate(Moment::Live).kind, Kind::Activated);
}

TEST_F(ActivationTest, H4_TakesWhatAnotherVersionHasStagedAtAStart) {
  put_live(a_set(days(60), days(30)));
  const auto set = a_set();
  const auto stage_unsealed = [&] {
    stage(set);
    for (const store::KeyedChain& keyed : set) {
      put(Group::Staging, store::certificate_file(keyed.spec), *crypto::to_pem(keyed.chain));
    }
  };
  stage_unsealed();
  EXPECT_EQ(activate(Moment::Live).kind, Kind::NotYet);
  domain_.settings.activation_delay = hours(10);
  EXPECT_EQ(activate(Moment::AtStart).kind, Kind::NotYet);
  EXPECT_EQ(activate(Moment::Live, kNow + hours(11)).kind, Kind::Activated) << "sealed meanwhile";
  EXPECT_EQ(serials(live().keyed), serials(set));
}

/// Ours, then mod_md's, then ours again: one more order would be made.
TEST_F(ActivationTest, H4_TakesWhatTheSameCaHasIssuedSinceToAnotherVersion) {
  stage(a_set(days(60), days(30)));
  ASSERT_EQ(activate(Moment::Live).kind, Kind::Activated);
  const auto set = a_set();
  stage(set);
  for (const store::KeyedChain& keyed : set) {
    put(Group::Staging, store::certificate_file(keyed.spec), *crypto::to_pem(keyed.chain));
  }
  EXPECT_EQ(activate(Moment::Live).kind, Kind::NotYet) << "no other version runs beside us";
  domain_.settings.activation_delay = hours(10);
  EXPECT_EQ(activate(Moment::AtStart).kind, Kind::NotYet);
  EXPECT_EQ(activate(Moment::AtStart, kNow + hours(11)).kind, Kind::Activated);
  EXPECT_EQ(serials(live().keyed), serials(set));
}

/// Whoever strips the seal from what another domain has staged gains nothing.
TEST_F(ActivationTest, H4_TakesNoSetOfAnotherDomainThatCoversTheNames) {
  stage(a_set(days(60), days(30)));
  ASSERT_EQ(activate(Moment::Live).kind, Kind::Activated);
  const auto serial = serials(live().keyed);
  const auto others =
      testing::sample_set(testing::sample_domain({"other.example.org", kName, "www.example.org"}),
                          {kNow - hours(1), kNow + days(90)});
  testing::stage_set(store_, kName, others, store_.key());
  for (const store::KeyedChain& keyed : others) {
    put(Group::Staging, store::certificate_file(keyed.spec), *crypto::to_pem(keyed.chain));
  }
  EXPECT_EQ(activate(Moment::AtStart).kind, Kind::Rejected);
  EXPECT_EQ(serials(live().keyed), serial);
}

TEST_F(ActivationTest, H4_TakesNoNotesOfOthersOnTheLifeOfALiveSet) {
  stage(a_set());
  put(Group::Staging, "job.json", R"({"name": "example.org", "finished": true, "from": "outside",
      "log": {"entries": [
        {"type": "message-installed", "when": "Sun, 22 Nov 2026 11:59:00 GMT"},
        {"type": "activated", "when": "Sun, 22 Nov 2026 11:58:00 GMT"},
        {"type": "finished", "when": "Sun, 22 Nov 2026 11:57:00 GMT"}]}})");
  ASSERT_EQ(activate(Moment::Live).kind, Kind::Activated);
  const json::Value document = this->document(Group::Domains, kName, "job.json");
  EXPECT_FALSE(document.has("from"));
  const model::Job job = store::parse_job(document);
  EXPECT_FALSE(job.last_logged("message-installed"));
  EXPECT_EQ(job.last_logged(kActivatedEntry), kNow);
  EXPECT_TRUE(job.last_logged("finished"));
}

TEST_F(ActivationTest, L25_TakesNoCaThatIsNotConfigured) {
  put(Group::Domains, "md.json", R"({"name": "example.org", "kept": 1,
      "ca": {"url": "https://ca.example.net:14000/dir"}})");
  stage(a_set());
  put(Group::Staging, "md.json",
      R"({"name": "example.org", "planted": 1, "ca": {"url": "http://127.0.0.1:1/dir"}})");
  ASSERT_EQ(activate(Moment::Live).kind, Kind::Activated);
  const json::Value record = document(Group::Domains, kName, "md.json");
  EXPECT_EQ(record.get("ca").get("url").elements().empty()
                ? record.get("ca").get("url").as_string()
                : record.get("ca").get("url").as_strings().front(),
            "https://ca.example.net:14000/dir");
  EXPECT_FALSE(record.has("planted"));
  EXPECT_TRUE(record.has("kept"));
}

TEST_F(ActivationTest, M4_RefusesAKeyWhosePrivateHalfIsThatOfAnother) {
  domain_.settings.key_specs = {KeySpec::ec("P-256")};
  const auto set = a_set();
  stage(set);
  const auto mixed = crypto::testing::key_of_two_halves(
      *crypto::PrivateKey::generate(KeySpec::ec("P-256")), set.front().key);
  ASSERT_TRUE(set.front().chain.front().matches(mixed)) << "the public half is the right one";
  EXPECT_FALSE(crypto::is_consistent(mixed));
  put(Group::Staging, "privkey.p-256.pem", *mixed.to_encrypted_pem(store_.key().bytes()));
  const ActivationOutcome outcome = activate(Moment::AtStart);
  EXPECT_EQ(outcome.kind, Kind::Rejected);
  EXPECT_THAT(outcome.reason, HasSubstr("private half"));
}

}  // namespace
}  // namespace md::renewal
