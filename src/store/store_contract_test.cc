// SPDX-License-Identifier: Apache-2.0

// What store.h promises, asked of every implementation.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/testing/recording_logger.h"
#include "base/testing/scoped_temp_dir.h"
#include "store/file_store.h"
#include "store/testing/memory_store.h"

namespace md::store {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

struct InMemory {
  md::testing::MemoryStore store;
  Store& get() { return store; }
};

struct OnDisk {
  OnDisk() : store(FileStore::open({dir.path() / "md", std::nullopt}, files, logger).value()) {}
  md::testing::ScopedTempDir dir;
  PosixFileSystem files;
  md::testing::RecordingLogger logger;
  std::unique_ptr<FileStore> store;
  Store& get() { return *store; }
};

template <class Holder>
class StoreContract : public ::testing::Test {
 protected:
  Store& store() { return holder_.get(); }
  void put(Group group, std::string_view folder, std::string_view file, std::string_view content) {
    ASSERT_TRUE(store().save(group, folder, file, content, Durability::Synced));
  }

 private:
  Holder holder_;
};

using Implementations = ::testing::Types<InMemory, OnDisk>;
TYPED_TEST_SUITE(StoreContract, Implementations);

TYPED_TEST(StoreContract, LoadsWhatWasSaved) {
  const std::string content("a\0b\n", 4);
  for (const Group group : {Group::Accounts, Group::Archive, Group::Challenges, Group::Domains,
                            Group::Ocsp, Group::Staging, Group::Tmp}) {
    this->put(group, "*.example.org", "file", content);
    EXPECT_EQ(this->store().load(group, "*.example.org", "file").value(), content);
  }
}

TYPED_TEST(StoreContract, M3_SavesNothingThatItCouldNotLoadAgain) {
  this->put(Group::Staging, "a", "f", std::string(kMaxFileSize, 'x'));
  EXPECT_TRUE(this->store().load(Group::Staging, "a", "f"));
  const auto saved = this->store().save(Group::Staging, "a", "f",
                                        std::string(kMaxFileSize + 1, 'y'), Durability::Synced);
  ASSERT_FALSE(saved);
  EXPECT_EQ(saved.error().kind, ErrorKind::InvalidInput);
  EXPECT_EQ(this->store().load(Group::Staging, "a", "f").value().front(), 'x');
}

TYPED_TEST(StoreContract, ReplacesWhatIsThere) {
  this->put(Group::Domains, "a", "f", "old and longer");
  this->put(Group::Domains, "a", "f", "new");
  EXPECT_EQ(this->store().load(Group::Domains, "a", "f").value(), "new");
  EXPECT_THAT(this->store().files(Group::Domains, "a").value(), ElementsAre("f"));
}

TYPED_TEST(StoreContract, TellsWhatIsNotThere) {
  this->put(Group::Domains, "a", "f", "x");
  const auto missing_file = this->store().load(Group::Domains, "a", "g");
  const auto missing_folder = this->store().load(Group::Domains, "b", "f");
  ASSERT_FALSE(missing_file);
  ASSERT_FALSE(missing_folder);
  EXPECT_EQ(missing_file.error().kind, ErrorKind::NotFound);
  EXPECT_EQ(missing_folder.error().kind, ErrorKind::NotFound);
  EXPECT_THAT(missing_file.error().message,
              HasSubstr(this->store().path(Group::Domains, "a", "g")));
}

TYPED_TEST(StoreContract, SortsFoldersAndFiles) {
  this->put(Group::Ocsp, "b", "2", "x");
  this->put(Group::Ocsp, "b", "1", "x");
  this->put(Group::Ocsp, "a", "1", "x");
  EXPECT_THAT(this->store().folders(Group::Ocsp).value(), ElementsAre("a", "b"));
  EXPECT_THAT(this->store().files(Group::Ocsp, "b").value(), ElementsAre("1", "2"));
  EXPECT_THAT(this->store().files(Group::Ocsp, "c").value(), IsEmpty());
  EXPECT_THAT(this->store().folders(Group::Archive).value(), IsEmpty());
}

TYPED_TEST(StoreContract, RemovesFilesAndFolders) {
  this->put(Group::Staging, "a", "1", "x");
  this->put(Group::Staging, "a", "2", "x");
  EXPECT_TRUE(this->store().remove_file(Group::Staging, "a", "1"));
  EXPECT_THAT(this->store().files(Group::Staging, "a").value(), ElementsAre("2"));
  EXPECT_TRUE(this->store().remove_folder(Group::Staging, "a"));
  EXPECT_THAT(this->store().folders(Group::Staging).value(), IsEmpty());
  EXPECT_FALSE(this->store().folder_exists(Group::Staging, "a"));
}

TYPED_TEST(StoreContract, RemovingWhatIsAbsentIsFine) {
  EXPECT_TRUE(this->store().remove_file(Group::Staging, "a", "1"));
  EXPECT_TRUE(this->store().remove_folder(Group::Staging, "a"));
}

TYPED_TEST(StoreContract, ExistsKnowsFilesAndFolders) {
  this->put(Group::Staging, "a", "1", "x");
  EXPECT_TRUE(this->store().exists(Group::Staging, "a", "1"));
  EXPECT_FALSE(this->store().exists(Group::Staging, "a", "2"));
  EXPECT_FALSE(this->store().exists(Group::Staging, "b", "1"));
  EXPECT_FALSE(this->store().exists(Group::Domains, "a", "1"));
  EXPECT_TRUE(this->store().folder_exists(Group::Staging, "a"));
  EXPECT_FALSE(this->store().folder_exists(Group::Domains, "a"));
}

TYPED_TEST(StoreContract, MovesAFolderWithAllInIt) {
  this->put(Group::Tmp, "a", "1", "one");
  this->put(Group::Tmp, "a", "2", "two");
  ASSERT_TRUE(this->store().move_folder(Group::Tmp, "a", Group::Domains, "b"));
  EXPECT_EQ(this->store().load(Group::Domains, "b", "2").value(), "two");
  EXPECT_FALSE(this->store().folder_exists(Group::Tmp, "a"));
}

TYPED_TEST(StoreContract, MovesNeverReplace) {  // ST-27
  this->put(Group::Domains, "a", "1", "live");
  this->put(Group::Archive, "a.1", "1", "old");
  const Status moved = this->store().move_folder(Group::Domains, "a", Group::Archive, "a.1");
  ASSERT_FALSE(moved);
  EXPECT_EQ(moved.error().kind, ErrorKind::Conflict);
  EXPECT_EQ(this->store().load(Group::Archive, "a.1", "1").value(), "old");
  EXPECT_EQ(this->store().load(Group::Domains, "a", "1").value(), "live");
}

TYPED_TEST(StoreContract, MovesOnlyWhatIsThere) {
  const Status moved = this->store().move_folder(Group::Domains, "a", Group::Archive, "a.1");
  ASSERT_FALSE(moved);
  EXPECT_EQ(moved.error().kind, ErrorKind::NotFound);
}

TYPED_TEST(StoreContract, RefusesNamesThatAreNoComponent) {
  const std::string bad_names[] = {"",
                                   ".",
                                   "..",
                                   "a/b",
                                   "/etc",
                                   "../../etc/passwd",
                                   std::string("a\0b", 3),
                                   std::string(256, 'a')};
  for (const std::string& bad : bad_names) {
    Store& store = this->store();
    EXPECT_EQ(store.load(Group::Domains, bad, "f").error().kind, ErrorKind::InvalidInput);
    EXPECT_EQ(store.load(Group::Domains, "a", bad).error().kind, ErrorKind::InvalidInput);
    EXPECT_EQ(store.save(Group::Domains, bad, "f", "", Durability::Synced).error().kind,
              ErrorKind::InvalidInput);
    EXPECT_EQ(store.save(Group::Domains, "a", bad, "", Durability::Synced).error().kind,
              ErrorKind::InvalidInput);
    EXPECT_EQ(store.remove_file(Group::Domains, "a", bad).error().kind, ErrorKind::InvalidInput);
    EXPECT_EQ(store.remove_folder(Group::Domains, bad).error().kind, ErrorKind::InvalidInput);
    EXPECT_EQ(store.move_folder(Group::Domains, "a", Group::Archive, bad).error().kind,
              ErrorKind::InvalidInput);
    EXPECT_EQ(store.files(Group::Domains, bad).error().kind, ErrorKind::InvalidInput);
    EXPECT_FALSE(store.exists(Group::Domains, "a", bad));
    EXPECT_FALSE(store.folder_exists(Group::Domains, bad));
  }
  EXPECT_THAT(this->store().folders(Group::Domains).value(), IsEmpty());
}

TYPED_TEST(StoreContract, TakesTheLongestName) {
  const std::string longest(255, 'a');
  this->put(Group::Domains, longest, longest, "x");
  EXPECT_EQ(this->store().load(Group::Domains, longest, longest).value(), "x");
}

}  // namespace
}  // namespace md::store
