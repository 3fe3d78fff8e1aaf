// SPDX-License-Identifier: Apache-2.0
#include "store/file_store.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <chrono>
#include <fstream>

#include "base/base64.h"
#include "json/value.h"
#include "store/testing/faulty_file_system.h"
#include "store/testing/samples.h"
#include "store/testing/store_folder_test.h"

namespace md::store {
namespace {

namespace fs = std::filesystem;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

using testing::kChild;

class ScopedUmask {
 public:
  explicit ScopedUmask(mode_t mask) : old_(::umask(mask)) {}
  ScopedUmask(const ScopedUmask&) = delete;
  ScopedUmask& operator=(const ScopedUmask&) = delete;
  ~ScopedUmask() { ::umask(old_); }

 private:
  mode_t old_;
};

class FileStoreTest : public testing::StoreFolderTest {
 protected:
  FileSystem& files() override { return files_; }

  md::testing::FaultyFileSystem files_{posix_};  // without a fault: quick
};

TEST_F(FileStoreTest, MakesAStoreAsModMdDoes) {
  const auto store = open();
  ASSERT_TRUE(store) << store.error().message;
  const std::string header = read("md_store.json");
  const std::string key = encode_base64url((*store)->key().bytes());
  EXPECT_EQ(key.size(), 64U);
  std::string expected(md::testing::samples::kHeader);
  expected.replace(expected.find("\"key\": \"") + 8, 64, key);
  EXPECT_EQ(header, expected);
  for (const char* const group :
       {"accounts", "archive", "challenges", "domains", "ocsp", "staging", "tmp"}) {
    EXPECT_TRUE(fs::is_directory(root() / group)) << group;
  }
}

TEST_F(FileStoreTest, KeepsItsKey) {
  const auto first = open();
  const auto second = open();
  ASSERT_TRUE(first && second);
  EXPECT_EQ((*first)->key().text(), (*second)->key().text());
  EXPECT_EQ((*first)->key().size(), 48U);
}

TEST_F(FileStoreTest, ReadsTheKeyOfModMd) {
  write("md_store.json", md::testing::samples::kHeader);
  const auto store = open();
  ASSERT_TRUE(store);
  EXPECT_EQ(encode_base64url((*store)->key().bytes()),
            "N5FOwik6uoodRP4932OWxbpwkpYK5LAv1zbhE-mtqLej6Y-QJuBy84rKSq8R_6vT");
  EXPECT_EQ(read("md_store.json"), md::testing::samples::kHeader);
}

TEST_F(FileStoreTest, MakesMissingParents) {
  const auto store =
      FileStore::open({dir_.path() / "a" / "b" / "md", std::nullopt}, files_, logger_);
  ASSERT_TRUE(store) << store.error().message;
  EXPECT_TRUE(fs::exists(dir_.path() / "a" / "b" / "md" / "md_store.json"));
}

TEST_F(FileStoreTest, ModesDoNotDependOnTheUmask) {  // ST-10
  for (const mode_t mask : {0000U, 0077U, 0777U}) {
    const ScopedUmask umask(mask);
    const auto store = open();
    ASSERT_TRUE(store) << store.error().message;
    for (const Group group : {Group::Accounts, Group::Archive, Group::Challenges, Group::Domains,
                              Group::Ocsp, Group::Staging, Group::Tmp}) {
      ASSERT_TRUE((*store)->save(group, "a", "f", "x", Durability::Synced));
      const bool is_public = group == Group::Challenges || group == Group::Ocsp;
      const bool is_for_group = group == Group::Accounts;
      const bool is_open = is_public || group == Group::Staging;
      const unsigned folder_mode = is_open ? 0755U : is_for_group ? 0750U : 0700U;
      const unsigned file_mode = is_public ? 0644U : is_for_group ? 0640U : 0600U;
      const fs::path name(name_of(group));
      EXPECT_EQ(mode_of(name), folder_mode) << name;
      EXPECT_EQ(mode_of(name / "a"), folder_mode) << name;
      EXPECT_EQ(mode_of(name / "a" / "f"), file_mode) << name;
    }
    EXPECT_EQ(mode_of("md_store.json"), 0600U);
    EXPECT_EQ(mode_of(""), 0755U);
    fs::remove_all(root());
  }
}

TEST_F(FileStoreTest, M5_OfStagingOnlyWhatIsNoSecretIsReadable) {
  const auto store = open();
  for (const char* const file : {"job.json", "pubcert.pem", "pubcert.secp384r1.pem"}) {
    ASSERT_TRUE((*store)->save(Group::Staging, "a", file, "x", Durability::Synced));
    EXPECT_EQ(mode_of(fs::path("staging/a") / file), 0644U) << file;
  }
  for (const char* const file : {"md.json", "account.json", "account.pem", "privkey.pem",
                                 "privkey.secp384r1.pem", "order.json", "kept.json"}) {
    ASSERT_TRUE((*store)->save(Group::Staging, "a", file, "x", Durability::Synced));
    EXPECT_EQ(mode_of(fs::path("staging/a") / file), 0600U) << file;
  }
}

TEST_F(FileStoreTest, SetsModesRightThatDiffer) {  // ST-10
  ASSERT_TRUE(open());
  ASSERT_EQ(::chmod((root() / "domains").c_str(), 0755), 0);
  ASSERT_EQ(::chmod((root() / "md_store.json").c_str(), 0644), 0);
  ASSERT_EQ(::chmod((root() / "ocsp").c_str(), 0750), 0);
  ASSERT_TRUE(open());
  EXPECT_EQ(mode_of("domains"), 0700U);
  EXPECT_EQ(mode_of("md_store.json"), 0600U);
  EXPECT_EQ(mode_of("ocsp"), 0755U);
}

TEST_F(FileStoreTest, GivesTheChildUserItsFolders) {
  if (::geteuid() != 0) {
    GTEST_SKIP() << "needs root";
  }
  const std::pair<uid_t, gid_t> child{kChild.uid, kChild.gid};
  const std::pair<uid_t, gid_t> root_user{0, 0};
  const auto store = open_as(kChild);
  ASSERT_TRUE(store) << store.error().message;
  for (const Group group : {Group::Challenges, Group::Ocsp, Group::Staging}) {
    ASSERT_TRUE((*store)->save(group, "a", "f", "x", Durability::Synced));
    const fs::path name(name_of(group));
    EXPECT_EQ(owner_of(name), child);
    EXPECT_EQ(owner_of(name / "a"), child);
    EXPECT_EQ(owner_of(name / "a" / "f"), child);
  }
  for (const Group group : {Group::Archive, Group::Domains, Group::Tmp}) {
    EXPECT_EQ(owner_of(name_of(group)), root_user);
  }
  // M5: nobody but root and the children reads the secret of an external account.
  const std::pair<uid_t, gid_t> for_child_group{0, kChild.gid};
  ASSERT_TRUE((*store)->save(Group::Accounts, "a", "f", "x", Durability::Synced));
  EXPECT_EQ(owner_of("accounts"), for_child_group);
  EXPECT_EQ(owner_of("accounts/a"), for_child_group);
  EXPECT_EQ(owner_of("accounts/a/f"), for_child_group);
}

TEST_F(FileStoreTest, LetsTheChildGroupReadAccountsOfBeforeItWasKnown) {
  if (::geteuid() != 0) {
    GTEST_SKIP() << "needs root";
  }
  {
    const auto store = open();  // as a2md does before the server's first start
    ASSERT_TRUE(store) << store.error().message;
    ASSERT_TRUE((*store)->save(Group::Accounts, "a", "account.json", "{}", Durability::Synced));
  }
  ASSERT_TRUE(open_as(kChild));
  const std::pair<uid_t, gid_t> for_child_group{0, kChild.gid};
  EXPECT_EQ(owner_of("accounts/a"), for_child_group);
  EXPECT_EQ(owner_of("accounts/a/account.json"), for_child_group);
  EXPECT_EQ(mode_of("accounts/a/account.json"), 0640U);
}

TEST_F(FileStoreTest, H2_LeavesAloneWhatIsNotRoots) {
  if (::geteuid() != 0) {
    GTEST_SKIP() << "needs root";
  }
  ASSERT_TRUE(open_as(kChild));
  const fs::path target = dir_.path() / "precious";
  fs::create_directory(target);
  ASSERT_EQ(::chmod(target.c_str(), 0700), 0);
  for (const char* const group : {"staging", "challenges", "domains", "accounts"}) {
    fs::rename(root() / group, root() / "aside");
    fs::create_directory_symlink(target, root() / group);
    ASSERT_EQ(::lchown((root() / group).c_str(), kChild.uid, kChild.gid), 0);
    const auto refused = open_as(kChild);
    ASSERT_FALSE(refused) << group;
    EXPECT_EQ(refused.error().kind, ErrorKind::Denied);
    EXPECT_THAT(refused.error().message, HasSubstr((root() / group).string()));
    fs::remove(root() / group);
    fs::rename(root() / "aside", root() / group);
  }
  struct stat facts {};
  ASSERT_EQ(::stat(target.c_str(), &facts), 0);
  EXPECT_EQ(facts.st_uid, 0U);
  EXPECT_EQ(facts.st_mode & 07777U, 0700U);
  for (const fs::path& folder : {root(), root() / "domains", root() / "accounts"}) {
    ASSERT_EQ(::chown(folder.c_str(), kChild.uid, kChild.gid), 0);
    EXPECT_FALSE(open_as(kChild)) << folder;
    EXPECT_EQ(::stat(folder.c_str(), &facts), 0);
    EXPECT_EQ(facts.st_uid, kChild.uid) << "nothing is taken over";
    ASSERT_EQ(::chown(folder.c_str(), 0, 0), 0);
  }
  EXPECT_TRUE(open_as(kChild));
}

TEST_F(FileStoreTest, TakesAStoreOfModMdAndOfAnotherUser) {
  if (::geteuid() != 0) {
    GTEST_SKIP() << "needs root";
  }
  write("md_store.json", md::testing::samples::kHeader);
  write("staging/one.example.org/job.json", "{}");
  ASSERT_EQ(::chown((root() / "staging").c_str(), 33, 0), 0);
  ASSERT_EQ(::chown((root() / "staging" / "one.example.org").c_str(), 99, 99), 0);
  ASSERT_EQ(::chmod((root() / "staging" / "one.example.org").c_str(), 0700), 0);
  const auto store = open_as(kChild);
  ASSERT_TRUE(store) << store.error().message;
  const std::pair<uid_t, gid_t> child{kChild.uid, kChild.gid};
  EXPECT_EQ(owner_of("staging"), child);
  EXPECT_EQ(owner_of("staging/one.example.org"), child);
  EXPECT_EQ(mode_of("staging/one.example.org"), 0755U);
  EXPECT_EQ((*store)->load(Group::Staging, "one.example.org", "job.json").value(), "{}");
  EXPECT_TRUE(logger_.entries().empty());
}

TEST_F(FileStoreTest, ChangesNoOwnerIfNotStartedAsRoot) {  // ST-11
  const auto store = open();
  ASSERT_TRUE(store);
  ASSERT_TRUE((*store)->save(Group::Staging, "a", "f", "x", Durability::Synced));
  EXPECT_EQ(owner_of("staging/a/f").first, ::geteuid());
  EXPECT_TRUE(logger_.entries().empty());
}

TEST_F(FileStoreTest, RefusesABrokenHeaderAndChangesNothing) {  // ST-07
  const std::string_view broken[] = {"",
                                     "{",
                                     "[]",
                                     R"({"store":{"version":3.0}})",
                                     R"({"store":{"version":3.0},"key":"short"})",
                                     R"({"store":{"version":3.0},"key":5})"};
  write("domains/a/privkey.pem", "key");
  for (const std::string_view text : broken) {
    write("md_store.json", text);
    const auto store = open();
    ASSERT_FALSE(store) << text;
    EXPECT_EQ(store.error().kind, ErrorKind::Corrupt);
    EXPECT_THAT(store.error().message, HasSubstr((root() / "md_store.json").string()));
    EXPECT_THAT(store.error().message, HasSubstr("backup"));
    EXPECT_THAT(store.error().message, ::testing::Not(HasSubstr("N5FO")));
    EXPECT_EQ(read("md_store.json"), text);
    EXPECT_EQ(read("domains/a/privkey.pem"), "key");
    EXPECT_FALSE(fs::exists(root() / "tmp"));
  }
}

TEST_F(FileStoreTest, TakesAVersionThatIsNoNumberBadInput) {
  for (const char* version : {"\"3.0\"", "\"3\"", "\"x\"", "null", "true", "[]", "{}", "3", "-1"}) {
    std::string header(md::testing::samples::kHeader);
    header.replace(header.find("3.0"), 3, version);
    write("md_store.json", header);
    EXPECT_TRUE(open()) << version;
  }
  const std::string key =
      R"("key":"N5FOwik6uoodRP4932OWxbpwkpYK5LAv1zbhE-mtqLej6Y-QJuBy84rKSq8R_6vT"})";
  for (const char* rest : {"{", "{\"store\":{},", "{\"store\":\"3.0\",", "{\"store\":[],\r\n"}) {
    write("md_store.json", rest + key);
    EXPECT_TRUE(open()) << rest;
  }
}

TEST_F(FileStoreTest, RefusesANewerVersionUntouched) {  // ST-22
  std::string newer(md::testing::samples::kHeader);
  newer.replace(newer.find("3.0"), 3, "3.1");
  write("md_store.json", newer);
  const auto store = open();
  ASSERT_FALSE(store);
  EXPECT_THAT(store.error().message, HasSubstr("3.1"));
  EXPECT_EQ(read("md_store.json"), newer);
  EXPECT_FALSE(fs::exists(root() / "domains"));
}

TEST_F(FileStoreTest, MigratesVersion1AndKeepsWhatTheCertificateWasMadeOfA17) {  // ST-22
  std::string header(md::testing::samples::kHeader);
  header.replace(header.find("3.0"), 3, "1.0");
  header.insert(header.find("\"version\""), "\"other\": 1,\n    ");
  write("md_store.json", header);
  write("domains/a/pkey.pem", "key");
  write("domains/a/cert.pem", "leaf\n");
  write("domains/a/chain.pem", "chain\n");
  write("archive/a.1/cert.pem", "old leaf");
  write("archive/a.1/chain.pem", "old chain\n");
  write("staging/b/pkey.pem", "staged key");
  const auto store = open();
  ASSERT_TRUE(store) << store.error().message;
  EXPECT_THAT((*store)->files(Group::Domains, "a").value(),
              ElementsAre("cert.pem", "chain.pem", "privkey.pem", "pubcert.pem"));
  EXPECT_EQ(read("domains/a/cert.pem"), "leaf\n");
  EXPECT_EQ(read("domains/a/privkey.pem"), "key");
  EXPECT_EQ(read("domains/a/pubcert.pem"), "leaf\nchain\n");
  EXPECT_EQ(mode_of("domains/a/privkey.pem"), 0600U);
  EXPECT_EQ(read("archive/a.1/pubcert.pem"), "old leaf\nold chain\n");
  EXPECT_THAT((*store)->files(Group::Staging, "b").value(), ElementsAre("privkey.pem"));
  const auto upgraded = json::Value::parse(read("md_store.json"), "header").value();
  EXPECT_THAT(read("md_store.json"), HasSubstr("\"version\": 3.0"));
  EXPECT_EQ(upgraded.get("store").get("other").as_int(), 1);
  EXPECT_EQ((*store)->key().size(), 48U);
}

TEST_F(FileStoreTest, MayBeReachedThroughALink) {  // ST-13
  fs::create_directories(dir_.path() / "real");
  fs::create_directory_symlink(dir_.path() / "real", root());
  for (int i = 0; i < 2; ++i) {
    const auto store = open();
    ASSERT_TRUE(store) << store.error().message;
    ASSERT_TRUE((*store)->save(Group::Domains, "a", "f", "x", Durability::Synced));
    ASSERT_TRUE((*store)->save_at_root("httpd.json", "{}", 0600, Durability::Replaceable));
    EXPECT_TRUE(fs::is_symlink(root()));
    EXPECT_EQ(read("domains/a/f"), "x");
    EXPECT_EQ((*store)->path(Group::Domains, "a", "f"), (root() / "domains/a/f").string());
  }
}

TEST_F(FileStoreTest, AGroupMayBeALinkOfTheAdministrators) {
  fs::create_directories(dir_.path() / "elsewhere");
  fs::create_directories(root());
  fs::create_directory_symlink(dir_.path() / "elsewhere", root() / "archive");
  const auto store = open();
  ASSERT_TRUE(store) << store.error().message;
  ASSERT_TRUE((*store)->save(Group::Archive, "a.1", "f", "x", Durability::Synced));
  EXPECT_TRUE(fs::exists(dir_.path() / "elsewhere" / "a.1" / "f"));
}

TEST_F(FileStoreTest, SkipsWhatIsNoFolderOrFile) {  // ST-09
  const auto store = open();
  ASSERT_TRUE((*store)->save(Group::Domains, "a", "f", "x", Durability::Synced));
  write("domains/md.json~", "backup");
  fs::create_directory_symlink(root() / "domains/a", root() / "domains/link");
  fs::create_directories(root() / "domains/a/inner");
  fs::create_symlink(root() / "domains/a/f", root() / "domains/a/g");
  EXPECT_THAT((*store)->folders(Group::Domains).value(), ElementsAre("a"));
  EXPECT_THAT((*store)->files(Group::Domains, "a").value(), ElementsAre("f"));
  EXPECT_TRUE(logger_.mentions("md.json~"));
  for (const auto& entry : logger_.entries()) {
    EXPECT_EQ(entry.level, LogLevel::Debug);
  }
}

TEST_F(FileStoreTest, SkipsFoldersThatCannotBeRead) {  // ST-09
  if (::geteuid() == 0) {
    GTEST_SKIP() << "root may read all";
  }
  const auto store = open();
  ASSERT_TRUE((*store)->save(Group::Ocsp, "a", "f", "x", Durability::Synced));
  ASSERT_TRUE((*store)->save(Group::Ocsp, "b", "f", "x", Durability::Synced));
  ASSERT_EQ(::chmod((root() / "ocsp/a").c_str(), 0), 0);
  EXPECT_THAT((*store)->folders(Group::Ocsp).value(), ElementsAre("b"));
  EXPECT_EQ((*store)->load(Group::Ocsp, "a", "f").error().kind, ErrorKind::Denied);
  EXPECT_EQ((*store)->save(Group::Ocsp, "a", "f", "y", Durability::Synced).error().kind,
            ErrorKind::Denied);
  ASSERT_EQ(::chmod((root() / "ocsp/a").c_str(), 0755), 0);
}

TEST_F(FileStoreTest, FollowsNoLinkThatAChildMayHavePlanted) {
  const auto store = open();
  const fs::path outside = dir_.path() / "outside";
  fs::create_directories(outside);
  std::ofstream(outside / "secret") << "secret";
  ASSERT_TRUE((*store)->save(Group::Staging, "b", "f", "x", Durability::Synced));
  fs::create_directory_symlink(outside, root() / "staging/a");
  fs::create_symlink(outside / "secret", root() / "staging/b/link");

  EXPECT_FALSE((*store)->load(Group::Staging, "a", "secret"));
  EXPECT_EQ((*store)->load(Group::Staging, "b", "link").error().kind, ErrorKind::Corrupt);
  EXPECT_FALSE((*store)->save(Group::Staging, "a", "new", "x", Durability::Synced));
  EXPECT_TRUE((*store)->files(Group::Staging, "a").value().empty());
  EXPECT_FALSE((*store)->exists(Group::Staging, "a", "secret"));
  EXPECT_TRUE((*store)->remove_file(Group::Staging, "a", "secret"));
  EXPECT_TRUE((*store)->save(Group::Staging, "b", "link", "mine", Durability::Synced));
  EXPECT_EQ((*store)->load(Group::Staging, "b", "link").value(), "mine");
  fs::create_symlink(outside, root() / "staging/b/again");
  EXPECT_TRUE((*store)->remove_folder(Group::Staging, "b"));
  EXPECT_TRUE((*store)->remove_folder(Group::Staging, "a"));
  EXPECT_FALSE(fs::exists(root() / "staging/a"));

  std::ifstream secret(outside / "secret");
  EXPECT_EQ(std::string(std::istreambuf_iterator<char>(secret), {}), "secret");
  EXPECT_EQ(std::distance(fs::directory_iterator(outside), {}), 1);
}

TEST_F(FileStoreTest, TakesNothingPlantedOutOfTheChildsFolders) {
  const auto store = open();
  fs::create_directories(dir_.path() / "outside/deep");
  fs::create_directory_symlink(dir_.path() / "outside", root() / "staging/link");
  EXPECT_FALSE((*store)->move_folder(Group::Staging, "link", Group::Archive, "link.1"));
  EXPECT_FALSE(fs::exists(root() / "archive/link.1"));
  EXPECT_TRUE(fs::exists(dir_.path() / "outside/deep"));

  ASSERT_TRUE((*store)->save(Group::Staging, "a", "f", "x", Durability::Synced));
  fs::create_symlink(dir_.path() / "outside", root() / "staging/a/planted");
  ASSERT_TRUE((*store)->move_folder(Group::Staging, "a", Group::Archive, "a.1"));
  EXPECT_THAT((*store)->files(Group::Archive, "a.1").value(), ElementsAre("f"));
  EXPECT_EQ(mode_of("archive/a.1"), 0700U);
  EXPECT_EQ(mode_of("archive/a.1/f"), 0600U);
  EXPECT_FALSE(fs::is_symlink(root() / "archive/a.1/planted"));
}

TEST_F(FileStoreTest, MakesGroupsAgainThatAreGone) {
  const auto store = open();
  fs::remove_all(root() / "domains");
  EXPECT_THAT((*store)->folders(Group::Domains).value(), IsEmpty());
  ASSERT_TRUE((*store)->save(Group::Domains, "a", "f", "x", Durability::Synced));
  EXPECT_EQ(mode_of("domains"), 0700U);
  fs::remove_all(root() / "archive");
  EXPECT_TRUE((*store)->move_folder(Group::Domains, "a", Group::Archive, "a.1"));
}

TEST_F(FileStoreTest, LeavesOutTemporaryFilesAndCleansOldOnes) {
  {
    const auto store = open();
    ASSERT_TRUE((*store)->save(Group::Staging, "a", "f", "x", Durability::Synced));
  }
  write("staging/a/.tmp-1-1", "new");
  write("staging/a/.tmp-1-2", "old");
  write(".tmp-1-3", "old");
  const auto long_ago = fs::file_time_type::clock::now() - std::chrono::hours(2);
  fs::last_write_time(root() / "staging/a/.tmp-1-2", long_ago);
  fs::last_write_time(root() / ".tmp-1-3", long_ago);
  const auto store = open();
  ASSERT_TRUE(store);
  EXPECT_THAT((*store)->files(Group::Staging, "a").value(), ElementsAre("f"));
  EXPECT_TRUE(fs::exists(root() / "staging/a/.tmp-1-1"));
  EXPECT_FALSE(fs::exists(root() / "staging/a/.tmp-1-2"));
  EXPECT_FALSE(fs::exists(root() / ".tmp-1-3"));
}

TEST_F(FileStoreTest, StampsChangeWithEveryChange) {
  const auto store = *open();
  const std::vector<std::string> names{"a", "b"};
  const auto stamps = [&] { return store->stamps(Group::Domains, "a.test", names); };
  std::set<std::string> seen{stamps()};
  const auto expect_another = [&] { EXPECT_TRUE(seen.insert(stamps()).second); };
  ASSERT_TRUE(store->save(Group::Domains, "a.test", "a", "1", Durability::Replaceable));
  expect_another();
  EXPECT_EQ(stamps(), stamps());
  ASSERT_TRUE(store->save(Group::Domains, "a.test", "a", "2", Durability::Replaceable));
  expect_another();
  ASSERT_TRUE(store->save(Group::Domains, "a.test", "b", "1", Durability::Replaceable));
  expect_another();
  write("domains/a.test/b", "22");  // in place
  expect_another();
  ASSERT_TRUE(store->save(Group::Domains, "a.test", "c", "1", Durability::Replaceable));
  EXPECT_TRUE(seen.contains(stamps()));
  ASSERT_TRUE(store->remove_file(Group::Domains, "a.test", "a"));
  expect_another();
}

TEST_F(FileStoreTest, ListsFilesAtItsRoot) {
  const auto store = *open();
  ASSERT_TRUE(store->ensure_folder("served", 0755, false));
  ASSERT_TRUE(store->save_at_root("served/b", "x", 0644, Durability::Replaceable));
  ASSERT_TRUE(store->save_at_root("served/a", "x", 0644, Durability::Replaceable));
  EXPECT_THAT(*store->files_at_root("served"), ElementsAre("a", "b"));
  EXPECT_THAT(*store->files_at_root("none"), IsEmpty());
  EXPECT_FALSE(store->files_at_root(".."));
}

TEST_F(FileStoreTest, RefusesFilesThatAreTooLarge) {
  const auto store = open();
  constexpr std::size_t kLimit = 1024UL * 1024UL;
  write("staging/a/large", std::string(kLimit + 1, 'x'));
  write("staging/a/largest", std::string(kLimit, 'x'));
  EXPECT_EQ((*store)->load(Group::Staging, "a", "large").error().kind, ErrorKind::Corrupt);
  EXPECT_EQ((*store)->load(Group::Staging, "a", "largest").value().size(), kLimit);
}

TEST_F(FileStoreTest, NeverWaitsForAPipe) {
  const auto store = open();
  write("staging/a/f", "x");
  ASSERT_EQ(::mkfifo((root() / "staging/a/pipe").c_str(), 0644), 0);
  EXPECT_EQ((*store)->load(Group::Staging, "a", "pipe").error().kind, ErrorKind::Corrupt);
}

TEST_F(FileStoreTest, WritesAtItsRoot) {
  const auto store = open();
  ASSERT_TRUE((*store)->ensure_folder("served", 0755, false));
  ASSERT_TRUE((*store)->save_at_root("served/a.bundle", "sealed", 0644, Durability::Replaceable));
  EXPECT_EQ((*store)->load_at_root("served/a.bundle").value(), "sealed");
  EXPECT_EQ(mode_of("served"), 0755U);
  EXPECT_EQ(mode_of("served/a.bundle"), 0644U);
  ASSERT_TRUE((*store)->ensure_folder("served", 0700, false));
  EXPECT_EQ(mode_of("served"), 0700U);
  EXPECT_EQ((*store)->path_of("served/a.bundle"), root() / "served/a.bundle");
  EXPECT_TRUE((*store)->remove_at_root("served/a.bundle"));
  EXPECT_EQ((*store)->load_at_root("served/a.bundle").error().kind, ErrorKind::NotFound);
  EXPECT_EQ((*store)->load_at_root("../md_store.json").error().kind, ErrorKind::InvalidInput);
  EXPECT_EQ((*store)->save_at_root("/x", "", 0600, Durability::Synced).error().kind,
            ErrorKind::InvalidInput);
}

TEST_F(FileStoreTest, NamesThePathAndLeavesNothingIfTheDiskIsFull) {  // ST-12
  ASSERT_TRUE(open());
  ASSERT_TRUE(open().value()->save(Group::Staging, "a", "f", "old", Durability::Synced));
  const struct {
    int error_number;
    ErrorKind kind;
  } cases[] = {{ENOSPC, ErrorKind::Io}, {EROFS, ErrorKind::Denied}, {EIO, ErrorKind::Io}};
  for (const auto& [error_number, kind] : cases) {
    for (std::size_t operation = 1; operation <= 2; ++operation) {  // write, rename
      md::testing::FaultyFileSystem faulty(posix_);
      const auto store = FileStore::open({root(), std::nullopt}, faulty, logger_);
      ASSERT_TRUE(store);
      faulty.fail_at(faulty.operations() + operation, error_number);
      const Status saved = (*store)->save(Group::Staging, "a", "f", "new", Durability::Synced);
      ASSERT_FALSE(saved);
      EXPECT_EQ(saved.error().kind, kind);
      EXPECT_THAT(saved.error().message, HasSubstr((root() / "staging/a/f").string()));
      EXPECT_EQ(read("staging/a/f"), "old");
      EXPECT_EQ(std::distance(fs::directory_iterator(root() / "staging/a"), {}), 1);
    }
  }
}

TEST_F(FileStoreTest, OpensAgainAfterAnyOperationFailed) {
  for (std::size_t operation = 1; operation < 60; ++operation) {
    fs::remove_all(root());
    md::testing::FaultyFileSystem faulty(posix_);
    faulty.fail_at(operation, EIO);
    (void)FileStore::open({root(), std::nullopt}, faulty, logger_);
    const auto store = open();
    ASSERT_TRUE(store) << operation << ": " << store.error().message;
    EXPECT_TRUE((*store)->save(Group::Domains, "a", "f", "x", Durability::Synced));
  }
}

TEST_F(FileStoreTest, OpensManyDomainsQuickly) {
  {
    const auto store = FileStore::open({root(), std::nullopt}, posix_, logger_);
    for (int i = 0; i < 1000; ++i) {
      const std::string name = "d" + std::to_string(i) + ".example.org";
      ASSERT_TRUE((*store)->save(Group::Domains, name, "md.json", "{}", Durability::Replaceable));
      ASSERT_TRUE((*store)->save(Group::Ocsp, name, "job.json", "{}", Durability::Replaceable));
    }
  }
  const auto start = std::chrono::steady_clock::now();
  ASSERT_TRUE(FileStore::open({root(), std::nullopt}, posix_, logger_));
  const std::chrono::duration<double, std::milli> took = std::chrono::steady_clock::now() - start;
  std::cout << "open a store with 1,000 domains: " << took.count() << " ms\n";
}

}  // namespace
}  // namespace md::store
