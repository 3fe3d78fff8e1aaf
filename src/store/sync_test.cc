// SPDX-License-Identifier: Apache-2.0
#include "store/sync.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <iostream>
#include <iterator>

#include "base/testing/recording_logger.h"
#include "base/testing/scoped_temp_dir.h"
#include "store/file_store.h"
#include "store/testing/memory_store.h"

namespace md::store {
namespace {

using md::testing::MemoryStore;
using model::ManagedDomain;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::UnorderedElementsAre;

ManagedDomain a_domain(const std::vector<std::string>& names) {
  ManagedDomain domain;
  domain.name = names.front();
  for (const std::string& name : names) {
    domain.names.push_back(model::DnsName::parse(name).value());
  }
  return domain;
}

using Matches = std::vector<std::optional<std::size_t>>;

TEST(MatchStored, FindsByNameWhateverTheNames) {
  EXPECT_EQ(match_stored({a_domain({"a", "x"})}, {{"b", {"a", "x"}}, {"a", {}}}), (Matches{1}));
}

TEST(MatchStored, FindsTheLargestOverlap) {  // ST-14
  EXPECT_EQ(match_stored({a_domain({"new", "a", "b", "c"})},
                         {{"a", {"a"}}, {"b", {"b", "c"}}, {"z", {"z"}}}),
            (Matches{1}));
}

TEST(MatchStored, FindsNothingWithoutOverlap) {
  EXPECT_EQ(match_stored({a_domain({"new"})}, {{"a", {"a"}}}), (Matches{std::nullopt}));
  EXPECT_EQ(match_stored({}, {{"a", {"a"}}}), (Matches{}));
  EXPECT_EQ(match_stored({a_domain({"a"})}, {}), (Matches{std::nullopt}));
}

TEST(MatchStored, NeverTakesWhatAnotherOwnsByName) {  // ST-15
  EXPECT_EQ(match_stored({a_domain({"b", "b2"}), a_domain({"a", "b"})}, {{"a", {"a", "b", "b2"}}}),
            (Matches{std::nullopt, 0}));
}

TEST(MatchStored, TakesEachAtMostOnceTheBestFirst) {
  EXPECT_EQ(match_stored({a_domain({"x", "a"}), a_domain({"y", "a", "b"})}, {{"o", {"a", "b"}}}),
            (Matches{std::nullopt, 0}));
  EXPECT_EQ(match_stored({a_domain({"x", "a"}), a_domain({"y", "b"})}, {{"o", {"a", "b"}}}),
            (Matches{0, std::nullopt}));
}

TEST(MatchStored, CountsANameOnce) {
  EXPECT_EQ(
      match_stored({a_domain({"x", "a", "b", "c"})}, {{"o", {"a", "a", "a"}}, {"p", {"b", "c"}}}),
      (Matches{1}));
}

class SyncTest : public ::testing::Test {
 protected:
  /// As a start does it: what is due is saved.
  std::vector<DomainRecord> sync(const std::vector<ManagedDomain>& configured) {
    store_.forget_operations();
    std::vector<DomainRecord> records;
    for (SyncedDomain& synced : sync_domains(store_, configured, logger_)) {
      if (is_due(synced.storing)) {
        ManagedDomain domain = configured[records.size()];
        domain.kept_contacts = synced.kept_contacts;
        EXPECT_TRUE(save_record(store_, domain, synced.record, synced.storing));
      }
      records.push_back(std::move(synced.record));
    }
    return records;
  }
  std::vector<std::string> stored_names(std::string_view folder) {
    const auto text = store_.load(Group::Domains, folder, kDomainFile);
    return text ? parse_domain(*text, "md.json").value().names : std::vector<std::string>{};
  }
  void put(Group group, std::string_view folder, std::string_view file,
           std::string_view content = "x") {
    ASSERT_TRUE(store_.save(group, folder, file, content, Durability::Synced));
  }

  MemoryStore store_;
  md::testing::RecordingLogger logger_;
};

TEST_F(SyncTest, WritesWhatIsNew) {
  const ManagedDomain domain = a_domain({"a", "www.a"});
  const auto records = sync({domain});
  ASSERT_EQ(records.size(), 1U);
  EXPECT_EQ(records[0].name, "a");
  EXPECT_THAT(records[0].names, ElementsAre("a", "www.a"));
  EXPECT_EQ(records[0].state, model::DomainState::Incomplete);
  EXPECT_EQ(records[0].state_description, "certificate(rsa) is missing");
  EXPECT_EQ(store_.load(Group::Domains, "a", kDomainFile).value(),
            to_json(domain, records[0]).dump());
}

TEST_F(SyncTest, KeepsInMemoryNothingThatItCanWriteAnew) {
  sync({a_domain({"a"}), a_domain({"b"})});
  json::Value foreign =
      json::Value::parse(store_.load(Group::Domains, "b", kDomainFile).value(), "b").value();
  put(Group::Domains, "b", kDomainFile, foreign.set("from-the-future", 1).dump());
  const auto records = sync({a_domain({"a"}), a_domain({"b"})});
  EXPECT_TRUE(records[0].document.is_null());
  EXPECT_THAT(records[1].document.members(), ElementsAre("from-the-future"));
  EXPECT_EQ(store_.count("save"), 0U);
}

TEST_F(SyncTest, SaysWhatIsToBecomeOfEachFile) {
  sync({a_domain({"same"}), a_domain({"changed"}), a_domain({"unreadable"})});
  store_.fault = [](std::string_view operation, Group, std::string_view folder,
                    std::string_view) -> std::optional<Error> {
    if (operation == "load" && folder == "unreadable") {
      return fail(ErrorKind::Io, "disk");
    }
    return std::nullopt;
  };
  const auto synced = sync_domains(store_,
                                   {a_domain({"same"}), a_domain({"changed", "x"}),
                                    a_domain({"unreadable", "y"}), a_domain({"new"})},
                                   logger_);
  std::vector<Storing> storing;
  std::ranges::transform(synced, std::back_inserter(storing), &SyncedDomain::storing);
  EXPECT_THAT(storing,
              ElementsAre(Storing::Done, Storing::Changed, Storing::Never, Storing::Changed));
  EXPECT_FALSE(store_.exists(Group::Domains, "new", kDomainFile));
}

TEST_F(SyncTest, SaysBeforeAFolderGetsAnotherName) {
  sync({a_domain({"old", "x"}), a_domain({"same"})});
  std::vector<std::string> told;
  const Status answer = fail(ErrorKind::Io, "disk");
  const auto align = [&] {
    return align_folders(store_, {a_domain({"new", "x"}), a_domain({"same"})}, logger_,
                         [&](const std::string& from, const std::string& to) {
                           told.push_back(from + " " + to);
                           EXPECT_TRUE(store_.folder_exists(Group::Domains, from));
                           return answer;
                         });
  };
  // A live set is worth more than a staged one that could not be made ready.
  EXPECT_THAT(align(), IsEmpty());
  EXPECT_TRUE(store_.folder_exists(Group::Domains, "new"));
  EXPECT_TRUE(logger_.mentions("disk"));
  EXPECT_THAT(told, ElementsAre("old new"));
}

TEST_F(SyncTest, KeepsAccountCaAndState) {
  put(Group::Domains, "a", kDomainFile,
      R"({"name":"a","domains":["a"],"ca":{"account":"ACME-x-0000","url":"https://x/"},"state":2})");
  const auto records = sync({a_domain({"a", "b"})});
  EXPECT_EQ(records[0].account, "ACME-x-0000");
  EXPECT_EQ(records[0].ca_url, "https://x/");
  EXPECT_EQ(records[0].state, model::DomainState::Complete);
  const auto stored =
      parse_domain(store_.load(Group::Domains, "a", kDomainFile).value(), "md.json").value();
  EXPECT_EQ(stored.account, "ACME-x-0000");
  EXPECT_THAT(stored.names, ElementsAre("a", "b"));
}

TEST_F(SyncTest, WritesNothingThatDidNotChange) {  // ST-21
  std::vector<ManagedDomain> configured;
  configured.reserve(100);
  for (int i = 0; i < 100; ++i) {
    configured.push_back(a_domain({"d" + std::to_string(i), "www.d" + std::to_string(i)}));
  }
  sync(configured);
  sync(configured);
  EXPECT_EQ(store_.count("save"), 0U);

  configured[7] = a_domain({"new", "www.d7"});
  const auto records = sync(configured);
  EXPECT_EQ(store_.count("save"), 1U);
  // One for each configured domain, to compare, d7 for its names, and the job of what changed.
  EXPECT_EQ(store_.count("load"), 102U);
  EXPECT_FALSE(store_.folder_exists(Group::Domains, "d7"));
  EXPECT_EQ(records[7].name, "new");
}

TEST_F(SyncTest, FailuresAreForgottenWhenTheConfigurationChanges) {  // PM-02
  const auto job_of = [&](std::string_view name) {
    const auto text = store_.load(Group::Staging, name, kJobFile);
    return parse_job(json::Value::parse(text.value(), kJobFile).value());
  };
  model::Job failed;
  failed.name = "a";
  failed.errors = 3;
  failed.next_run = TimePoint(std::chrono::hours(400'000));
  failed.last.problem.detail = "why";
  sync({a_domain({"a"}), a_domain({"b"})});
  put(Group::Staging, "a", kJobFile, to_json(failed).dump());
  put(Group::Staging, "b", kJobFile, to_json(failed).dump());
  sync({a_domain({"a"}), a_domain({"b", "c"})});
  EXPECT_EQ(job_of("a").errors, 3U);
  EXPECT_EQ(job_of("a").next_run, failed.next_run);
  EXPECT_EQ(job_of("b").errors, 0U);
  EXPECT_EQ(job_of("b").next_run, std::nullopt);
  EXPECT_EQ(job_of("b").last.problem.detail, "why");
}

TEST_F(SyncTest, FailuresAreRememberedWhileTheChangeIsNotStored) {
  model::Job failed;
  failed.errors = 3;
  put(Group::Staging, "a", kJobFile, to_json(failed).dump());
  store_.fault = [](std::string_view operation, Group group, std::string_view,
                    std::string_view) -> std::optional<Error> {
    if (operation == "save" && group == Group::Domains) {
      return fail(ErrorKind::Io, "disk");
    }
    return std::nullopt;
  };
  const ManagedDomain domain = a_domain({"a"});
  EXPECT_FALSE(save_record(store_, domain, {}, Storing::Changed));
  store_.fault = nullptr;
  const auto errors = [&] {
    const auto text = store_.load(Group::Staging, "a", kJobFile);
    return parse_job(json::Value::parse(text.value(), kJobFile).value()).errors;
  };
  EXPECT_EQ(errors(), 3U);
  EXPECT_TRUE(save_record(store_, domain, {}, Storing::Due));
  EXPECT_EQ(errors(), 3U);
  EXPECT_TRUE(save_record(store_, domain, {}, Storing::Changed));
  EXPECT_EQ(errors(), 0U);
}

TEST_F(SyncTest, ARenamedDomainKeepsAllItHas) {  // ST-14
  sync({a_domain({"old", "b"})});
  put(Group::Domains, "old", "pubcert.pem", "certificate");
  put(Group::Staging, "old", "pubcert.pem", "staged");
  put(Group::Ocsp, "old", "job.json");
  sync({a_domain({"new", "old", "b"})});
  EXPECT_EQ(store_.load(Group::Domains, "new", "pubcert.pem").value(), "certificate");
  EXPECT_EQ(store_.load(Group::Staging, "new", "pubcert.pem").value(), "staged");
  EXPECT_TRUE(store_.exists(Group::Ocsp, "new", "job.json"));
  EXPECT_THAT(store_.folders(Group::Domains).value(), ElementsAre("new"));
  EXPECT_THAT(store_.folders(Group::Staging).value(), ElementsAre("new"));
  EXPECT_THAT(stored_names("new"), ElementsAre("new", "old", "b"));
}

TEST_F(SyncTest, ARenameThatStopsHalfWayGoesOnNextTime) {  // ST-14, ST-24
  sync({a_domain({"old", "b"})});
  put(Group::Domains, "old", "pubcert.pem", "certificate");
  put(Group::Staging, "old", "pubcert.pem", "staged");
  store_.fault = [](std::string_view operation, Group group, std::string_view,
                    std::string_view) -> std::optional<Error> {
    if (operation == "move_folder" && group == Group::Domains) {
      return fail(ErrorKind::Io, "disk");
    }
    return std::nullopt;
  };
  sync({a_domain({"new", "b"})});
  EXPECT_TRUE(logger_.mentions("disk"));
  store_.fault = nullptr;
  sync({a_domain({"new", "b"})});
  EXPECT_EQ(store_.load(Group::Domains, "new", "pubcert.pem").value(), "certificate");
  EXPECT_EQ(store_.load(Group::Staging, "new", "pubcert.pem").value(), "staged");
}

TEST_F(SyncTest, AnAliasThatBecomesADomainIsNoRename) {  // ST-15
  sync({a_domain({"a", "b", "c"})});
  put(Group::Domains, "a", "pubcert.pem");
  sync({a_domain({"b", "c"}), a_domain({"a"})});
  EXPECT_THAT(store_.folders(Group::Domains).value(), ElementsAre("a", "b"));
  EXPECT_TRUE(store_.exists(Group::Domains, "a", "pubcert.pem"));
  EXPECT_FALSE(store_.exists(Group::Domains, "b", "pubcert.pem"));
  EXPECT_THAT(stored_names("a"), ElementsAre("a"));
}

TEST_F(SyncTest, ARenameToANewNameWithTheOldOnesAsAliases) {  // ST-16
  sync({a_domain({"a", "b"})});
  put(Group::Domains, "a", "pubcert.pem");
  sync({a_domain({"c", "a", "b"})});
  EXPECT_TRUE(store_.exists(Group::Domains, "c", "pubcert.pem"));
  EXPECT_THAT(store_.folders(Group::Archive).value(), IsEmpty());
}

TEST_F(SyncTest, ADomainThatLostItsLastNameIsArchived) {  // ST-17
  sync({a_domain({"a"}), a_domain({"b"})});
  put(Group::Archive, "a.1", "f");
  sync({a_domain({"b", "a"})});
  EXPECT_THAT(store_.folders(Group::Domains).value(), ElementsAre("b"));
  EXPECT_THAT(store_.folders(Group::Archive).value(), ElementsAre("a.1", "a.2"));
  const auto archived = store_.load(Group::Archive, "a.2", kDomainFile);
  EXPECT_THAT(parse_domain(archived.value(), "md.json").value().names, ElementsAre("a"));
}

TEST_F(SyncTest, ADomainThatIsNotConfiguredAnyMoreStays) {
  sync({a_domain({"a", "x"}), a_domain({"b"})});
  sync({a_domain({"b", "x"})});
  EXPECT_THAT(store_.folders(Group::Domains).value(), ElementsAre("a", "b"));
  EXPECT_THAT(stored_names("a"), ElementsAre("a", "x"));
  EXPECT_THAT(store_.folders(Group::Archive).value(), IsEmpty());
}

TEST_F(SyncTest, FoldersCanBeAlignedWithoutWriting) {
  sync({a_domain({"old", "a"})});
  store_.forget_operations();
  EXPECT_THAT(align_folders(store_, {a_domain({"new", "a"})}, logger_), IsEmpty());
  EXPECT_TRUE(store_.exists(Group::Domains, "new", kDomainFile));
  EXPECT_EQ(store_.count("save"), 0U);
}

TEST_F(SyncTest, SeveralNamesAreRemovedAtOnce) {  // ST-18
  sync({a_domain({"a", "b", "c", "d", "e"})});
  sync({a_domain({"a", "c", "e"})});
  EXPECT_THAT(stored_names("a"), ElementsAre("a", "c", "e"));
  EXPECT_EQ(store_.count("save"), 1U);
}

TEST_F(SyncTest, TheFirstNameIsRemoved) {  // ST-19
  sync({a_domain({"a", "b"})});
  put(Group::Domains, "a", "pubcert.pem");
  sync({a_domain({"b"})});
  EXPECT_THAT(store_.folders(Group::Domains).value(), ElementsAre("b"));
  EXPECT_TRUE(store_.exists(Group::Domains, "b", "pubcert.pem"));
}

TEST_F(SyncTest, ChallengesOfNoDomainGo) {  // ST-20
  put(Group::Challenges, "a", kHttp01File);
  put(Group::Challenges, "gone", kHttp01File);
  put(Group::Challenges, "wild.test", "x");
  sync({a_domain({"a", "*.wild.test"})});
  EXPECT_THAT(store_.folders(Group::Challenges).value(), ElementsAre("a", "wild.test"));
  sync({});
  EXPECT_THAT(store_.folders(Group::Challenges).value(), IsEmpty());
  EXPECT_THAT(store_.folders(Group::Domains).value(), UnorderedElementsAre("a"));
}

TEST_F(SyncTest, ABrokenFileIsWrittenAnewAndHurtsNoOther) {  // ST-08
  sync({a_domain({"a"}), a_domain({"b"})});
  put(Group::Domains, "a", kDomainFile, "{\"name");
  put(Group::Domains, "a", "pubcert.pem", "certificate");
  put(Group::Domains, "stray", kDomainFile, "");
  const auto records = sync({a_domain({"a"}), a_domain({"b"})});
  EXPECT_THAT(stored_names("a"), ElementsAre("a"));
  EXPECT_EQ(records[0].state, model::DomainState::Unknown);
  EXPECT_EQ(records[1].state, model::DomainState::Incomplete);
  EXPECT_EQ(store_.count("save"), 1U);
  EXPECT_TRUE(store_.exists(Group::Domains, "a", "pubcert.pem"));
}

TEST_F(SyncTest, ADomainThatFailsIsLeftAndTheOthersGoOn) {
  sync({a_domain({"a"}), a_domain({"b"})});
  store_.fault = [](std::string_view operation, Group, std::string_view folder,
                    std::string_view) -> std::optional<Error> {
    if (operation == "load" && folder == "a") {
      return fail(ErrorKind::Denied, "read a: permission denied");
    }
    return std::nullopt;
  };
  const auto records = sync({a_domain({"a", "x"}), a_domain({"b", "y"})});
  ASSERT_EQ(records.size(), 2U);
  EXPECT_EQ(records[0].name, "a");
  EXPECT_TRUE(logger_.mentions("permission denied"));
  store_.fault = nullptr;
  EXPECT_THAT(stored_names("a"), ElementsAre("a"));
  EXPECT_THAT(stored_names("b"), ElementsAre("b", "y"));
}

TEST_F(SyncTest, SettingsThatAreGoneGo) {  // ST-23
  ManagedDomain domain = a_domain({"a"});
  domain.settings.challenges = {model::ChallengeType::Http01};
  domain.settings.profile = "short";
  sync({domain});
  sync({a_domain({"a"})});
  const std::string text = store_.load(Group::Domains, "a", kDomainFile).value();
  EXPECT_EQ(text.find("challenges"), text.npos);
  EXPECT_EQ(text.find("\"profile\""), text.npos);
}

std::vector<std::string> stored_contacts(Store& store) {
  const auto text = store.load(Group::Domains, "a", kDomainFile);
  return json::Value::parse(*text, kDomainFile)->get("contacts").as_strings();
}

TEST_F(SyncTest, ContactsStayWhereNoneIsConfiguredD3b) {
  ManagedDomain domain = a_domain({"a"});
  domain.settings.contact = "me@a.test";
  sync({domain});
  sync({a_domain({"a", "b"})});
  EXPECT_THAT(stored_contacts(store_), ElementsAre("mailto:me@a.test"));
  domain.settings.contact.clear();
  domain.server_admin = "admin@a.test";
  sync({domain});
  EXPECT_THAT(stored_contacts(store_), ElementsAre("mailto:admin@a.test"));
}

TEST_F(SyncTest, AllContactsThatA2mdWroteStayD3b) {
  sync({a_domain({"a"})});
  json::Value document = *json::Value::parse(*store_.load(Group::Domains, "a", kDomainFile), "");
  const std::vector<std::string> both{"mailto:one@a.test", "tel:+123"};
  document.set("contacts", both);
  ASSERT_TRUE(
      store_.save(Group::Domains, "a", kDomainFile, document.dump(), Durability::Replaceable));
  const auto synced = sync_domains(store_, {a_domain({"a"})}, logger_);
  EXPECT_EQ(synced[0].kept_contacts, both);
  EXPECT_EQ(synced[0].storing, Storing::Done) << "nothing has changed";
  sync({a_domain({"a", "b"})});
  EXPECT_EQ(stored_contacts(store_), both);
}

TEST_F(SyncTest, TheDefaultKeyWrittenOutIsStoredOnce) {  // VH-19, D2
  sync({a_domain({"a"})});
  ManagedDomain domain = a_domain({"a"});
  domain.settings.key_specs = model::default_key_specs();
  sync({domain});
  EXPECT_EQ(store_.count("save"), 1U);
  sync({domain});
  EXPECT_EQ(store_.count("save"), 0U);
}

TEST_F(SyncTest, TenThousandDomains) {
  std::vector<ManagedDomain> configured;
  for (int i = 0; i < 10'000; ++i) {
    const std::string name = "d" + std::to_string(i) + ".example.org";
    configured.push_back(a_domain({name, "www." + name}));
  }
  const auto measure = [&](std::string_view what) {
    const auto start = std::chrono::steady_clock::now();
    sync(configured);
    const std::chrono::duration<double, std::milli> took = std::chrono::steady_clock::now() - start;
    std::cout << "sync of 10,000 domains, " << what << ": " << took.count() << " ms\n";
  };
  measure("all new");
  measure("nothing changed");
  for (ManagedDomain& domain : configured) {
    domain.names.insert(domain.names.begin(), model::DnsName::parse("new." + domain.name).value());
    domain.name = domain.names.front().text();
  }
  measure("all renamed");
  EXPECT_EQ(store_.folders(Group::Domains).value().size(), 10'000U);
}

TEST(ArchivePlace, TakesTheNextNumber) {  // ST-27
  MemoryStore store;
  const auto free_name = [&] { return find_archive_place(store, "a").value().name; };
  EXPECT_EQ(free_name(), "a.1");
  for (const char* const taken : {"a.1", "a.3"}) {
    ASSERT_TRUE(store.save(Group::Archive, taken, "f", "x", Durability::Synced));
  }
  // Not the gap: a larger number is the younger one, where no other module takes them.
  EXPECT_EQ(free_name(), "a.4");
  for (const char* const other : {"a.8x", "a.b.9", "a.0007", "a.99999999999", "ab.8"}) {
    ASSERT_TRUE(store.save(Group::Archive, other, "f", "x", Durability::Synced));
  }
  EXPECT_EQ(free_name(), "a.4");
  EXPECT_THAT(find_archive_place(store, "a").value().taken, ElementsAre("a.1", "a.3"));
  EXPECT_EQ(find_archive_place(store, std::string(255, 'a')).error().kind, ErrorKind::InvalidInput);
}

class ArchiveTest : public ::testing::Test {
 protected:
  void archive(const std::string& folder) {
    ASSERT_TRUE(store_->save(Group::Archive, folder, "f", "x", Durability::Synced));
  }
  /// As an activation does.
  std::string retire() {
    const ArchivePlace place = find_archive_place(*store_, "a").value();
    archive(place.name);
    EXPECT_TRUE(prune_archive(*store_, place));
    return place.name;
  }

  md::testing::ScopedTempDir directory_{md::testing::directory_in_memory()};
  md::testing::RecordingLogger logger_;
  PosixFileSystem files_;
  std::unique_ptr<FileStore> store_ =
      FileStore::open({directory_.path() / "md", std::nullopt}, files_, logger_).value();
};

TEST_F(ArchiveTest, M12_NamesAreFoundHoweverManyThereAreAndTheOldestGo) {
  for (const char* const other : {"a.1x", "a.b.3", "b.2"}) {
    archive(other);
  }
  for (unsigned number = 1; number <= 100; ++number) {
    ASSERT_EQ(retire(), "a." + std::to_string(number));
  }
  const auto kept = store_->folders(Group::Archive).value();
  EXPECT_EQ(kept.size(), kMaxArchived + 3);
  EXPECT_THAT(kept, ::testing::IsSupersetOf({"a.1x", "a.b.3", "b.2", "a.81", "a.100"}));
}

TEST_F(ArchiveTest, KeepsTheYoungestWhateverTheirNumbers) {
  for (std::size_t i = 0; i < kMaxArchived + 5; ++i) {
    retire();  // a.1 to a.5 are gone
  }
  archive("a.1");  // the first that is free, as mod_md does
  archive("a.2");
  retire();
  const auto kept = store_->folders(Group::Archive).value();
  EXPECT_EQ(kept.size(), kMaxArchived);
  EXPECT_THAT(kept, ::testing::IsSupersetOf({"a.1", "a.2", "a.26", "a.9"}));
  EXPECT_THAT(kept, ::testing::Not(::testing::Contains("a.8")));
}

}  // namespace
}  // namespace md::store
