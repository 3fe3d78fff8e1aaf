// SPDX-License-Identifier: Apache-2.0
// Stores that others than root may write to, or that have links in them.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <fstream>

#include "store/file_store.h"
#include "store/testing/samples.h"
#include "store/testing/store_folder_test.h"

namespace md::store {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;

using testing::kChild;

using SharedStoreTest = testing::StoreFolderTest;

TEST_F(SharedStoreTest, OpensWhereOthersMayWriteAndLeavesOwnersAndModes) {
  if (::geteuid() != 0) {
    GTEST_SKIP() << "needs root";
  }
  {
    const auto store = open_as(kChild);
    ASSERT_TRUE((*store)->save(Group::Accounts, "a", "account.json", "{}", Durability::Synced));
    ASSERT_TRUE((*store)->save(Group::Staging, "a", "job.json", "{}", Durability::Synced));
  }
  const auto changed = [this](const fs::path& name, uid_t owner, mode_t mode) {
    ASSERT_EQ(::chown((root() / name).c_str(), owner, kChild.gid), 0);
    ASSERT_EQ(::chmod((root() / name).c_str(), mode), 0);
  };
  const std::vector<std::pair<fs::path, std::pair<uid_t, mode_t>>> mounted{
      {"", {0, 02770}},
      {"accounts", {0, 02770}},
      {"domains", {0, 0777}},
      {"accounts/a", {0, 0770}},
      {"accounts/a/account.json", {0, 0660}},
      {"staging/a", {99, 0770}}};
  for (const auto& [name, facts] : mounted) {
    changed(name, facts.first, facts.second);
  }
  const auto store = open_as(kChild);
  ASSERT_TRUE(store) << store.error().message;
  for (const auto& [name, facts] : mounted) {
    EXPECT_EQ(owner_of(name).first, facts.first) << name;
    EXPECT_EQ(mode_of(name), facts.second) << name;
    const fs::path folder = name.empty() ? root() : root() / name;
    const bool is_warned_of = name.empty() || name == "accounts" || name == "domains";
    EXPECT_EQ(logger_.mentions(folder.string() + " may be written by others than root"),
              is_warned_of)
        << name;
  }
  EXPECT_EQ((*store)->load(Group::Accounts, "a", "account.json").value(), "{}");
  EXPECT_TRUE((*store)->save(Group::Domains, "a", "md.json", "{}", Durability::Synced));
  EXPECT_TRUE((*store)->ensure_folder("locks", 0700, true));
  EXPECT_TRUE((*store)->ensure_folder("locks", 0755, true));
  EXPECT_EQ(mode_of("locks"), 0700U);
}

TEST_F(SharedStoreTest, FollowsNoLinkThatTakesThePlaceOfAGroupWhereOthersMayWrite) {
  if (::geteuid() != 0) {
    GTEST_SKIP() << "needs root";
  }
  ASSERT_TRUE(open_as(kChild));
  ASSERT_EQ(::chmod(root().c_str(), 0777), 0);
  const auto store = open_as(kChild);
  ASSERT_TRUE(store) << store.error().message;
  const fs::path target = dir_.path() / "precious";
  fs::create_directories(target / "a");
  for (const Group group : {Group::Domains, Group::Tmp, Group::Staging, Group::Accounts}) {
    ASSERT_TRUE((*store)->save(group, "a", "f", "x", Durability::Synced));
    fs::remove_all(root() / name_of(group));
    fs::create_directory_symlink(target, root() / name_of(group));
    EXPECT_FALSE((*store)->save(group, "a", "f", "x", Durability::Synced));
    EXPECT_FALSE((*store)->save(group, "b", "f", "x", Durability::Synced));
    (void)(*store)->remove_folder(group, "a");
    EXPECT_FALSE((*store)->load(group, "a", "f"));
    EXPECT_FALSE((*store)->folder_exists(group, "a"));
  }
  EXPECT_TRUE(fs::exists(target / "a") && fs::is_empty(target / "a"));
  EXPECT_FALSE(fs::exists(target / "b"));
}

TEST_F(SharedStoreTest, ReadsAHeaderBehindALinkOfItsOwner) {
  const fs::path elsewhere = dir_.path() / "secret.json";
  write("md_store.json", md::testing::samples::kHeader);
  fs::rename(root() / "md_store.json", elsewhere);
  fs::create_symlink(elsewhere, root() / "md_store.json");
  const auto store = open();
  ASSERT_TRUE(store) << store.error().message;
  EXPECT_TRUE(fs::is_symlink(root() / "md_store.json"));
  EXPECT_TRUE(logger_.entries().empty());
  ASSERT_TRUE(open()) << "again";
  if (::geteuid() == 0) {
    ASSERT_EQ(::lchown((root() / "md_store.json").c_str(), kChild.uid, kChild.gid), 0);
    const auto refused = open();
    ASSERT_FALSE(refused);
    EXPECT_THAT(refused.error().message, HasSubstr("is a link of"));
  }
}

}  // namespace
}  // namespace md::store
