// SPDX-License-Identifier: Apache-2.0
#include "renewal/activation.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <cerrno>
#include <tuple>

#include "renewal/testing/activation_bed.h"

namespace md::renewal {
namespace {

using model::KeySpec;
using std::chrono::days;
using std::chrono::hours;
using store::Group;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::UnorderedElementsAre;
using Crash = testing::FaultyFileSystem::Crash;
using Kind = ActivationOutcome::Kind;
using Moment = ActivationMoment;

TEST_F(ActivationTest, MakesTheStagedSetTheLiveOne) {
  const auto old_set = a_set(days(60), days(30));
  const auto new_set = a_set();
  put_live(old_set);
  put(Group::Domains, "fallback-privkey.pem", "fallback");
  stage(new_set);
  const ActivationOutcome outcome = activate(Moment::AtStart);
  EXPECT_EQ(outcome.kind, Kind::Activated);
  EXPECT_EQ(serials(outcome.set), serials(new_set));
  EXPECT_EQ(serials(live().keyed), serials(new_set));
  EXPECT_TRUE(live().is_complete());
  EXPECT_THAT(*store_.files(Group::Domains, kName),
              ElementsAre("job.json", "md.json", "privkey.p-256.pem", "privkey.pem",
                          "pubcert.p-256.pem", "pubcert.pem"));
  EXPECT_THAT(*store_.folders(Group::Archive), ElementsAre("example.org.1"));
  EXPECT_EQ(store_.load(Group::Archive, "example.org.1", "pubcert.pem").value_or(""),
            *crypto::to_pem(old_set[0].chain));
  EXPECT_FALSE(store_.folder_exists(Group::Staging, kName));
  EXPECT_FALSE(store_.folder_exists(Group::Tmp, kName));
}

TEST_F(ActivationTest, KeepsKeysPlainAndForTheOwnerAlone) {
  stage(a_set());
  activate(Moment::AtStart);
  for (const std::string file : {"privkey.pem", "privkey.p-256.pem"}) {
    EXPECT_THAT(store_.load(Group::Domains, kName, file).value_or(""),
                HasSubstr("BEGIN PRIVATE KEY"));
    struct stat status {};
    ASSERT_EQ(::stat(store_.path(Group::Domains, kName, file).c_str(), &status), 0);
    EXPECT_EQ(status.st_mode & 07777U, 0600U);
  }
}

TEST_F(ActivationTest, WritesTheDomainsRecordAnew) {
  put(Group::Domains, "md.json", kStagedDomain);
  stage(a_set());
  stage_account();
  activate(Moment::AtStart);
  const json::Value record = document(Group::Domains, kName, "md.json");
  EXPECT_EQ(record.get("state").as_int(), 2);
  EXPECT_FALSE(record.has("state-descr"));
  EXPECT_EQ(record.get("ca").get("account").as_string(), "ACME-ca.example.net-0000");
  EXPECT_EQ(record.get("ca").get("url").as_string(), "https://ca.example.net:14000/dir");
  EXPECT_EQ(record.get("from-the-future").get("a").as_int(), 1);
}

TEST_F(ActivationTest, SharesTheAccountOfOthersAtThatCa) {
  for (const auto& [id, url] : std::vector<std::pair<std::string, std::string>>{
           {"ACME-ca.example.net-0000", "https://ca.example.net:14000/other"},
           {"ACME-ca.example.net-0001", "https://ca.example.net:14000/dir"}}) {
    ASSERT_TRUE(store_.save(Group::Accounts, id, "account.json",
                            json::Value::object().set("status", "valid").set("ca-url", url).dump(),
                            store::Durability::Synced));
  }
  stage(a_set());
  activate(Moment::AtStart);
  EXPECT_EQ(document(Group::Domains, kName, "md.json").get("ca").get("account").as_string(),
            "ACME-ca.example.net-0001");
}

TEST_F(ActivationTest, ArchivesUnderTheFirstFreeName) {  // ST-27
  ASSERT_TRUE(
      store_.save(Group::Archive, "example.org.1", "md.json", "{}", store::Durability::Synced));
  put(Group::Domains, "fallback-pubcert.pem", "fallback only");
  stage(a_set());
  activate(Moment::AtStart);
  EXPECT_THAT(*store_.files(Group::Archive, "example.org.2"), ElementsAre("fallback-pubcert.pem"));
}

TEST_F(ActivationTest, KeepsContactsThatAreConfiguredNoMoreD3b) {
  put_live(a_set(std::chrono::hours(24)));
  put(Group::Domains, "md.json",
      R"({"name": "example.org", "state": 2, "contacts": ["mailto:a@b.test", "tel:+1"]})");
  stage(a_set());
  domain_.settings.contact.clear();
  domain_.server_admin.clear();
  ASSERT_EQ(activate(Moment::AtStart).kind, Kind::Activated);
  EXPECT_THAT(document(Group::Domains, kName, "md.json").get("contacts").as_strings(),
              ElementsAre("mailto:a@b.test", "tel:+1"));
}

TEST_F(ActivationTest, KeepsTheJobWhereTheWorkerLooksForIt) {
  stage(a_set());
  stage_account();
  EXPECT_EQ(activate(Moment::Live).kind, Kind::Activated);
  EXPECT_THAT(staged_files(), ElementsAre("job.json"));
  EXPECT_EQ(store_.load(Group::Staging, kName, "job.json").value_or(""), kFinishedJob);
  const model::Job job = store::parse_job(document(Group::Domains, kName, "job.json"));
  EXPECT_TRUE(job.finished);
  EXPECT_EQ(job.last_logged(kActivatedEntry), kNow);
  EXPECT_TRUE(job.last_logged("finished"));
  EXPECT_THAT(*store_.files(Group::Accounts, "ACME-ca.example.net-0000"),
              ElementsAre("account.json", "account.pem"));
}

TEST_F(ActivationTest, KnowsTheJobFinishedBeforeTheJobDoes) {  // the worker writes job.json last
  stage(a_set());
  put(Group::Staging, "job.json", R"({"name": "example.org", "finished": false, "errors": 1})");
  activate(Moment::Live);
  const json::Value job = document(Group::Domains, kName, "job.json");
  EXPECT_EQ(job.get("finished").as_bool(), true);
  EXPECT_EQ(job.get("errors").as_int(), 1);
  EXPECT_EQ(document(Group::Staging, kName, "job.json").get("finished").as_bool(), false);
}

TEST_F(ActivationTest, KeepsAJobThatHoldsBackTheNextRenewal) {  // AC-40
  stage(a_set());
  put(Group::Staging, "job.json", R"({"name": "example.org", "finished": true, "errors": 1,
      "next-run": "Sun, 22 Nov 2026 13:00:00 GMT"})");
  EXPECT_EQ(activate(Moment::AtStart).kind, Kind::Activated);
  EXPECT_THAT(staged_files(), ElementsAre("job.json"));
}

TEST_F(ActivationTest, HasNothingToDoWithoutFiles) {
  EXPECT_EQ(activate(Moment::AtStart).kind, Kind::NothingStaged);
  put(Group::Staging, "job.json", kFinishedJob);  // ST-02
  stage_account();
  for (const Moment moment : {Moment::AtStart, Moment::Live}) {
    EXPECT_EQ(activate(moment).kind, Kind::NothingStaged);
  }
  EXPECT_EQ(staged_files().size(), 3U);
}

TEST_F(ActivationTest, HoldsTheSetBackAsLongAsConfigured) {
  put_live(a_set(days(60), days(30)));
  stage(a_set(hours(1)));
  domain_.settings.activation_delay = hours(3);
  const ActivationOutcome outcome = activate(Moment::AtStart);
  EXPECT_EQ(outcome.kind, Kind::NotYet);
  EXPECT_EQ(outcome.reason, "the new certificate is held back until Sun, 22 Nov 2026 14:00:00 GMT");
  EXPECT_EQ(activate(Moment::Live, kNow + hours(2)).kind, Kind::Activated);
}

TEST_F(ActivationTest, HoldsNoSetBackWhereTheLiveOneIsOfNoUse) {
  domain_.settings.activation_delay = days(3);
  for (const Moment moment : {Moment::AtStart, Moment::Live}) {
    stage(a_set());
    EXPECT_EQ(activate(moment).kind, Kind::Activated) << "there is none";
    ASSERT_TRUE(store_.remove_folder(Group::Domains, kName));
    put_live(a_set(days(60), -hours(1)));
    stage(a_set());
    EXPECT_EQ(activate(moment).kind, Kind::Activated) << "it has expired";
    ASSERT_TRUE(store_.remove_folder(Group::Domains, kName));
    put_live(
        testing::sample_set(testing::sample_domain({kName}), {kNow - days(1), kNow + days(30)}));
    stage(a_set());
    EXPECT_EQ(activate(moment).kind, Kind::Activated) << "it lacks a name";
    ASSERT_TRUE(store_.remove_folder(Group::Domains, kName));
  }
}

/// A name was added while a set was staged.
class StopgapTest : public ActivationTest {
 protected:
  static store::ServedSet set_of(const std::vector<std::string>& names, days age) {
    return testing::sample_set(testing::sample_domain(names), {kNow - age, kNow + days(30)});
  }
};

TEST_F(StopgapTest, ServesUntilTheNextSetIsThere) {
  const auto staged = set_of({kName}, days(1));
  stage(staged);
  EXPECT_EQ(activate(Moment::Live).kind, Kind::NotYet);
  EXPECT_EQ(activate(Moment::AtStart).kind, Kind::Activated);
  EXPECT_EQ(serials(live().keyed), serials(staged));
  const json::Value record = document(Group::Domains, kName, "md.json");
  EXPECT_EQ(record.get("state").as_int(), 1);
  EXPECT_THAT(record.get("state-descr").as_string().value_or(""),
              HasSubstr("does not cover all domains"));
}

TEST_F(StopgapTest, TakesThePlaceOfALiveSetThatIsOlderAndCoversNoMore) {
  put_live(set_of({kName}, days(20)));
  const auto staged = set_of({kName}, days(1));
  stage(staged);
  EXPECT_EQ(activate(Moment::AtStart).kind, Kind::Activated);
  EXPECT_EQ(serials(live().keyed), serials(staged));
}

TEST_F(StopgapTest, IsNotTakenWhereTheLiveSetIsBetter) {
  const std::vector<std::pair<store::ServedSet, store::ServedSet>> cases{
      {set_of({kName, "www.example.org"}, days(20)), set_of({kName}, days(1))},
      {set_of({"www.example.org"}, days(20)), set_of({kName}, days(1))},
      {set_of({kName}, days(1)), set_of({kName}, days(20))},
      {{}, set_of({"other.test"}, days(1))}};
  for (const auto& [before, staged] : cases) {
    std::ignore = store_.remove_folder(Group::Domains, kName);
    if (!before.empty()) {
      put_live(before);
    }
    stage(staged);
    EXPECT_EQ(activate(Moment::AtStart).kind, Kind::Rejected);
    EXPECT_EQ(serials(live().keyed), serials(before));
  }
}

TEST_F(ActivationTest, HoldsNoSetBackForMoreThanHalfItsLife) {
  put_live(a_set(days(60), days(30)));
  stage(a_set(days(3), days(2)));
  domain_.settings.activation_delay = days(100);
  EXPECT_EQ(activate(Moment::AtStart).kind, Kind::Activated);
}

TEST_F(ActivationTest, IsAtOnceByDefault) {  // SE-17
  stage(a_set(Duration(0)));
  EXPECT_EQ(activate(Moment::Live).kind, Kind::Activated);
}

TEST_F(ActivationTest, LeavesARenewalThatGoesOn) {  // ST-04, PM-01
  put_live(a_set(days(60), days(30)));
  const auto serial = serials(live().keyed);
  stage(a_set());
  ASSERT_TRUE(store_.remove_file(Group::Staging, kName, "pubcert.p-256.pem"));
  put(Group::Staging, "job.json", R"({"name": "example.org", "finished": false})");
  const auto files = staged_files();
  for (const Moment moment : {Moment::AtStart, Moment::Live}) {
    const ActivationOutcome outcome = activate(moment);
    EXPECT_EQ(outcome.kind, Kind::NotYet);
    EXPECT_EQ(outcome.reason, "certificate(P-256) is missing");
  }
  EXPECT_EQ(staged_files(), files);
  EXPECT_EQ(serials(live().keyed), serial);
}

using Damage = std::function<void(store::FileStore&)>;
class DamagedSetTest : public ActivationTest,
                       public ::testing::WithParamInterface<std::pair<const char*, Damage>> {};

Damage removed(const std::string& file) {
  return [file](store::FileStore& store) {
    ASSERT_TRUE(store.remove_file(Group::Staging, kName, file));
  };
}

Damage replaced(const std::string& file, const std::string& content) {
  return [file, content](store::FileStore& store) {
    ASSERT_TRUE(store.save(Group::Staging, kName, file, content, store::Durability::Synced));
  };
}

TEST_P(DamagedSetTest, IsRemovedAndTheRenewalStartsOver) {  // ST-01, ST-02, ST-03
  put_live(a_set(days(60), days(30)));
  const auto serial = serials(live().keyed);
  stage(a_set());
  stage_account();
  GetParam().second(store_);
  const ActivationOutcome outcome = activate(Moment::AtStart);
  EXPECT_EQ(outcome.kind, Kind::Rejected);
  EXPECT_FALSE(outcome.reason.empty());
  EXPECT_EQ(serials(live().keyed), serial);
  EXPECT_THAT(staged_files(), UnorderedElementsAre("account.json", "account.pem", "job.json"));
  const model::Job job = store::parse_job(document(Group::Staging, kName, "job.json"));
  EXPECT_FALSE(job.finished);
  EXPECT_EQ(job.errors, 1U);
  EXPECT_EQ(job.next_run, std::nullopt);
  EXPECT_EQ(job.last.problem.detail, outcome.reason);
  ASSERT_FALSE(job.log.empty());
  EXPECT_EQ(job.log.front().type, "renewal-error");
  EXPECT_EQ(job.log.front().detail, outcome.reason);
}

TEST_P(DamagedSetTest, IsLeftToTheWorkerWhileTheServerRuns) {
  stage(a_set());
  GetParam().second(store_);
  const auto files = staged_files();
  EXPECT_EQ(activate(Moment::Live).kind, Kind::NotYet);
  EXPECT_EQ(staged_files(), files);
}

INSTANTIATE_TEST_SUITE_P(
    All, DamagedSetTest,
    ::testing::Values(std::pair("NoKey", removed("privkey.pem")),
                      std::pair("NoCertificate", removed("pubcert.p-256.pem")),
                      std::pair("EmptyCertificate", replaced("pubcert.pem", "")),
                      std::pair("JunkForAKey", replaced("privkey.p-256.pem", "junk")),
                      std::pair("KeyOfAnother", Damage([](store::FileStore& store) {
                                  const auto key =
                                      crypto::PrivateKey::generate(KeySpec::ec("P-256"));
                                  ASSERT_TRUE(
                                      store.save(Group::Staging, kName, "privkey.p-256.pem",
                                                 *key->to_encrypted_pem(store.key().bytes()),
                                                 store::Durability::Synced));
                                })),
                      std::pair("NoCertificateAndNoJob", Damage([](store::FileStore& store) {
                                  removed("pubcert.pem")(store);
                                  removed("job.json")(store);
                                })),
                      std::pair("NoCertificateAndABrokenJob", Damage([](store::FileStore& store) {
                                  removed("pubcert.pem")(store);
                                  replaced("job.json", "{")(store);
                                }))),
    [](const auto& test) { return test.param.first; });

TEST_F(ActivationTest, RefusesASetThatLacksNames) {
  stage(a_set());
  domain_.names.push_back(*model::DnsName::parse("new.example.org"));
  put_live(a_set(days(60), days(30)));  // with all names
  const ActivationOutcome outcome = activate(Moment::AtStart);
  EXPECT_EQ(outcome.kind, Kind::Rejected);
  EXPECT_EQ(outcome.reason,
            "certificate(rsa) does not cover all domains. It lacks new.example.org.");
}

TEST_F(ActivationTest, DoesNotReplaceAValidSetByAnExpiredOne) {
  put_live(a_set(days(60), days(30)));
  stage(a_set(days(90), -days(1)));
  EXPECT_EQ(activate(Moment::AtStart).kind, Kind::Rejected);
}

TEST_F(ActivationTest, TakesAnExpiredSetWhereThereIsNothingBetter) {
  put(Group::Domains, "fallback-pubcert.pem", "fallback");
  stage(a_set(days(90), -days(1)));
  EXPECT_EQ(activate(Moment::AtStart).kind, Kind::Activated);
}

TEST_F(ActivationTest, DropsWhatIsLiveAlready) {
  for (const Moment moment : {Moment::AtStart, Moment::Live}) {
    const auto set = a_set();
    put_live(set);
    stage(set);
    ASSERT_TRUE(store_.remove_file(Group::Staging, kName, "pubcert.pem"));
    const ActivationOutcome outcome = activate(moment);
    EXPECT_EQ(outcome.kind, Kind::Activated);
    EXPECT_EQ(serials(outcome.set), serials(set));
    EXPECT_FALSE(store_.exists(Group::Staging, kName, "privkey.pem"));
    EXPECT_THAT(*store_.folders(Group::Archive), IsEmpty());
  }
}

TEST_F(ActivationTest, AnnouncesTheSetBeforeStagingIsDropped) {
  const auto set = a_set();
  stage(set);
  std::vector<std::string> announced;
  const auto refuse = [&](const store::ServedSet& /*live*/) -> Status {
    return fail(ErrorKind::Io, "no space");
  };
  const auto failed = activate_staged(store_, domain_, Moment::Live, kNow, refuse);
  EXPECT_FALSE(failed);
  EXPECT_TRUE(has_all_files(store_, Group::Staging, domain_));
  const auto announce = [&](const store::ServedSet& now_live) -> Status {
    announced = serials(now_live);
    EXPECT_TRUE(has_all_files(store_, Group::Staging, domain_));
    EXPECT_TRUE(live().is_complete());
    return {};
  };
  ASSERT_TRUE(activate_staged(store_, domain_, Moment::Live, kNow, announce));
  EXPECT_EQ(announced, serials(set));
  EXPECT_THAT(staged_files(), ElementsAre("job.json"));
}

TEST_F(ActivationTest, PromotesAnAccountOnce) {
  stage_account();
  EXPECT_EQ(*promote(), "ACME-ca.example.net-0000");
  EXPECT_EQ(*promote(), "ACME-ca.example.net-0000");
  const json::Value account = document(Group::Accounts, "ACME-ca.example.net-0000", "account.json");
  EXPECT_FALSE(account.has("registration"));
  EXPECT_EQ(account.get("url").as_string(), "https://ca.example.net:14000/account/7");
  domain_.settings.authorities.push_back({"https://ca.example.net/dir", ""});
  put(Group::Staging, "account.json",
      R"({"status": "valid", "ca-url": "https://ca.example.net/dir", "url": "https://x/8"})");
  EXPECT_EQ(*promote(), "ACME-ca.example.net-0001");
}

TEST_F(ActivationTest, PromotesNothingWhereNothingIsStaged) {
  EXPECT_EQ(*promote(), "");
  put(Group::Staging, "account.json", kAccount);
  EXPECT_EQ(*promote(), "");
  stage_account();
  put(Group::Staging, "account.json", "{");
  EXPECT_EQ(promote().error().kind, ErrorKind::Corrupt);
  stage(a_set());
  EXPECT_EQ(activate(Moment::AtStart).kind, Kind::Activated);
}

TEST_F(ActivationTest, FinishesTheAccountThatADeathHasHalved) {
  stage_account();
  ASSERT_TRUE(store_.save(Group::Accounts, "ACME-ca.example.net-0000", "account.pem",
                          store_.load(Group::Staging, kName, "account.pem").value_or(""),
                          store::Durability::Synced));
  EXPECT_EQ(*promote(), "ACME-ca.example.net-0000");
  EXPECT_TRUE(store_.exists(Group::Accounts, "ACME-ca.example.net-0000", "account.json"));
}

TEST_F(ActivationTest, MakesNoPathOfWhatACaIsCalled) {
  domain_.settings.authorities.push_back({"https://../../etc/dir", ""});
  stage_account();
  put(Group::Staging, "account.json",
      R"({"status": "valid", "ca-url": "https://../../etc/dir", "url": "https://x/8"})");
  const auto id = promote();
  ASSERT_TRUE(id);
  EXPECT_EQ(id->find('/'), std::string::npos);
}

TEST_F(ActivationTest, RecoversASetThatHasNoFolder) {
  const auto set = a_set();
  put_live(set);
  ASSERT_TRUE(store_.move_folder(Group::Domains, kName, Group::Tmp, kName));
  ASSERT_TRUE(recover_interrupted_activation(store_, domain_, opened_.logger));
  EXPECT_EQ(serials(live().keyed), serials(set));
  EXPECT_FALSE(store_.folder_exists(Group::Tmp, kName));
}

TEST_F(ActivationTest, RecoversNothingThatIsNotWhole) {
  put_live(a_set());
  const auto serial = serials(live().keyed);
  ASSERT_TRUE(recover_interrupted_activation(store_, domain_, opened_.logger));
  put(Group::Tmp, "job.json", kFinishedJob);  // as Debian's mod_md leaves it
  ASSERT_TRUE(recover_interrupted_activation(store_, domain_, opened_.logger));
  EXPECT_TRUE(store_.exists(Group::Tmp, kName, "job.json"));
  put(Group::Tmp, "privkey.pem", "a key that nobody needs");
  ASSERT_TRUE(recover_interrupted_activation(store_, domain_, opened_.logger));
  EXPECT_FALSE(store_.folder_exists(Group::Tmp, kName));
  EXPECT_EQ(serials(live().keyed), serial);
}

/// What is done after a death: recovery first, then the activation anew.
class InterruptedActivation {
 public:
  InterruptedActivation(const model::ManagedDomain& domain, const store::ServedSet& old_set,
                        const store::ServedSet& new_set, bool with_live)
      : domain_(domain), old_set_(old_set), new_set_(new_set), with_live_(with_live) {
    OpenStore opened(root());
    if (with_live) {
      testing::put_set(*opened.store, Group::Domains, kName, old_set, opened.store->key());
      save(*opened.store, Group::Domains, "md.json", R"({"name": "example.org", "state": 2})");
    } else {
      save(*opened.store, Group::Domains, "fallback-pubcert.pem", "fallback");
    }
    testing::stage_set(*opened.store, kName, new_set, opened.store->key());
    save(*opened.store, Group::Staging, "md.json", kStagedDomain);
    save(*opened.store, Group::Staging, "job.json", kFinishedJob);
    save(*opened.store, Group::Staging, "account.json", kAccount);
    const auto& account_key = crypto::testing::shared_ec_key();
    save(*opened.store, Group::Staging, "account.pem",
         *account_key.to_encrypted_pem(opened.store->key().bytes()));
  }

  /// False: it ended before `operation`.
  bool crash(Moment moment, std::size_t operation, Crash crash) {
    OpenStore opened(root());
    opened.faulty.crash_at(opened.faulty.operations() + operation, crash);
    (void)activate_staged(*opened.store, domain_, moment, kNow);
    return opened.faulty.has_crashed();
  }

  bool fail(Moment moment, std::size_t operation) {
    OpenStore opened(root());
    const std::size_t last = opened.faulty.operations() + operation;
    opened.faulty.fail_at(last, EIO);
    (void)activate_staged(*opened.store, domain_, moment, kNow);
    return opened.faulty.operations() >= last;
  }

  void expect_old_or_new_after_recovery() {
    OpenStore opened(root());
    ASSERT_TRUE(recover_interrupted_activation(*opened.store, domain_, opened.logger));
    const auto loaded = load_set(*opened.store, Group::Domains, domain_, opened.store->key());
    if (with_live_ || loaded.has_any_file) {
      EXPECT_TRUE(loaded.is_complete()) << loaded.flaw;
      EXPECT_TRUE(serials(loaded.keyed) == serials(old_set_) ||
                  serials(loaded.keyed) == serials(new_set_));
    }
    EXPECT_TRUE(opened.store->folder_exists(Group::Domains, kName));
  }

  void expect_new_after_another_activation(Moment moment) {
    OpenStore opened(root());
    const auto outcome = activate_staged(*opened.store, domain_, moment, kNow);
    ASSERT_TRUE(outcome) << outcome.error().message;
    EXPECT_TRUE(outcome->kind == Kind::Activated || outcome->kind == Kind::NothingStaged);
    const auto loaded = load_set(*opened.store, Group::Domains, domain_, opened.store->key());
    EXPECT_TRUE(loaded.is_complete()) << loaded.flaw;
    EXPECT_EQ(serials(loaded.keyed), serials(new_set_));
    EXPECT_TRUE(opened.store->exists(Group::Domains, kName, "job.json"));
    EXPECT_FALSE(opened.store->folder_exists(Group::Tmp, kName));
    EXPECT_FALSE(holds_any_set_file(*opened.store, Group::Staging, kName));
    EXPECT_THAT(*opened.store->folders(Group::Accounts), ElementsAre("ACME-ca.example.net-0000"));
    EXPECT_LE(opened.store->folders(Group::Archive)->size(), 1U);
  }

 private:
  [[nodiscard]] std::filesystem::path root() const { return directory_.path() / "md"; }
  static void save(store::FileStore& store, Group group, std::string_view file,
                   std::string_view content) {
    (void)store.save(group, kName, file, content, store::Durability::Synced);
  }

  testing::ScopedTempDir directory_{testing::directory_in_memory()};
  const model::ManagedDomain& domain_;
  const store::ServedSet& old_set_;
  const store::ServedSet& new_set_;
  bool with_live_;
};

class InterruptionTest : public ActivationTest,
                         public ::testing::WithParamInterface<std::tuple<Moment, bool>> {};

TEST_P(InterruptionTest, LosesNothingAtAnyOperation) {  // ST-24
  const auto [moment, with_live] = GetParam();
  const auto old_set = a_set(days(60), days(30));
  const auto new_set = a_set();
  for (const Crash how : {Crash::Kill, Crash::AllDropped}) {
    bool crashed = true;
    std::size_t operation = 1;
    for (; crashed; ++operation) {
      SCOPED_TRACE(::testing::Message() << "operation " << operation);
      InterruptedActivation interrupted(domain_, old_set, new_set, with_live);
      crashed = interrupted.crash(moment, operation, how);
      interrupted.expect_old_or_new_after_recovery();
      interrupted.expect_new_after_another_activation(moment);
      if (HasFailure()) {
        return;
      }
    }
    EXPECT_GT(operation, 20U);
  }
}

TEST_P(InterruptionTest, SurvivesADiskThatFailsOnce) {  // ST-28
  const auto [moment, with_live] = GetParam();
  const auto old_set = a_set(days(60), days(30));
  const auto new_set = a_set();
  bool failed = true;
  for (std::size_t operation = 1; failed; ++operation) {
    SCOPED_TRACE(::testing::Message() << "operation " << operation);
    InterruptedActivation interrupted(domain_, old_set, new_set, with_live);
    failed = interrupted.fail(moment, operation);
    interrupted.expect_old_or_new_after_recovery();
    interrupted.expect_new_after_another_activation(moment);
    if (HasFailure()) {
      return;
    }
  }
}

INSTANTIATE_TEST_SUITE_P(All, InterruptionTest,
                         ::testing::Combine(::testing::Values(Moment::AtStart, Moment::Live),
                                            ::testing::Bool()));

}  // namespace
}  // namespace md::renewal
