// SPDX-License-Identifier: Apache-2.0

// ST-24: the store after a kill or a power cut at any operation.

#include <gtest/gtest.h>

#include <map>
#include <tuple>

#include "base/testing/recording_logger.h"
#include "base/testing/scoped_temp_dir.h"
#include "store/documents.h"
#include "store/file_store.h"
#include "store/testing/faulty_file_system.h"

namespace md::store {
namespace {

using md::testing::FaultyFileSystem;
using Crash = FaultyFileSystem::Crash;

const std::string kOld(5000, 'o');
const std::string kNew(7000, 'n');
constexpr std::string_view kDomain = "a.test";

class CrashTest : public ::testing::TestWithParam<Crash> {
 protected:
  std::unique_ptr<FileStore> open(FileSystem& files) {
    return FileStore::open({root_, std::nullopt}, files, logger_).value();
  }
  /// A live set, and a staged one.
  void set_up_store() {
    std::error_code ignored;
    std::filesystem::remove_all(root_, ignored);
    const auto store = open(quick_);
    for (const std::string_view file : {"privkey.pem", "pubcert.pem"}) {
      ASSERT_TRUE(store->save(Group::Domains, kDomain, file, kOld, Durability::Synced));
      ASSERT_TRUE(store->save(Group::Staging, kDomain, file, kNew, Durability::Synced));
    }
  }
  /// Runs `steps`, each time with the crash one operation later, until there is none. `check`
  /// looks at the store as the next start finds it.
  template <class Steps, class Check>
  void at_each_operation(Steps steps, Check check) {
    for (std::size_t operation = 1;; ++operation) {
      set_up_store();
      FaultyFileSystem faulty(posix_);
      const auto store = open(faulty);
      faulty.crash_at(faulty.operations() + operation, GetParam());
      steps(*store);
      const auto next = open(quick_);
      SCOPED_TRACE("crash at operation " + std::to_string(operation));
      check(*next, faulty.has_crashed());
      if (!faulty.has_crashed()) {
        EXPECT_GT(operation, 3U);
        return;
      }
    }
  }
  static bool has_set(const Store& store, Group group, std::string_view folder,
                      const std::string& content) {
    for (const std::string_view file : {"privkey.pem", "pubcert.pem"}) {
      const auto loaded = store.load(group, folder, file);
      if (!loaded || *loaded != content) {
        return false;
      }
    }
    return true;
  }

  md::testing::ScopedTempDir dir_;
  std::filesystem::path root_{dir_.path() / "md"};
  PosixFileSystem posix_;
  FaultyFileSystem quick_{posix_};
  md::testing::RecordingLogger logger_;
};

TEST_P(CrashTest, AFileIsOldOrNew) {  // ST-24
  at_each_operation(
      [](FileStore& store) {
        (void)store.save(Group::Domains, kDomain, "privkey.pem", kNew, Durability::Synced);
      },
      [](const Store& store, bool crashed) {
        const auto content = store.load(Group::Domains, kDomain, "privkey.pem");
        ASSERT_TRUE(content);
        EXPECT_TRUE(*content == kNew || (crashed && *content == kOld));
        EXPECT_EQ(store.files(Group::Domains, kDomain).value().size(), 2U);
      });
}

TEST_P(CrashTest, AFirstFileIsThereOrNot) {  // ST-24
  at_each_operation(
      [](FileStore& store) {
        (void)store.save(Group::Accounts, "ACME-ca-0000", "account.pem", kNew, Durability::Synced);
      },
      [](const Store& store, bool crashed) {
        const auto content = store.load(Group::Accounts, "ACME-ca-0000", "account.pem");
        EXPECT_TRUE(content ? *content == kNew : crashed);
      });
}

TEST_P(CrashTest, ASyncedFileStaysThoughItsFolderWasMadeWithoutSync) {  // ST-24
  bool saved = false;
  at_each_operation(
      [&](FileStore& store) {
        (void)store.save(Group::Domains, "new.test", kDomainFile, "{}", Durability::Replaceable);
        saved = store.save(Group::Domains, "new.test", "privkey.pem", kNew, Durability::Synced)
                    .has_value();
        (void)store.remove_folder(Group::Tmp, "x");
        (void)store.remove_folder(Group::Tmp, "x");
      },
      [&](const Store& store, bool) {
        const auto content = store.load(Group::Domains, "new.test", "privkey.pem");
        EXPECT_TRUE(content ? *content == kNew : !saved);
      });
}

TEST_P(CrashTest, ALiveSetIsNeverLost) {  // ST-24
  at_each_operation(
      [](FileStore& store) {
        for (const std::string_view file : {"privkey.pem", "pubcert.pem"}) {
          const auto content = store.load(Group::Staging, kDomain, file);
          if (!content || !store.save(Group::Tmp, kDomain, file, *content, Durability::Synced)) {
            return;
          }
        }
        if (!store.save(Group::Tmp, kDomain, kDomainFile, kNew, Durability::Replaceable) ||
            !store.move_folder(Group::Domains, kDomain, Group::Archive, "a.test.1") ||
            !store.move_folder(Group::Tmp, kDomain, Group::Domains, kDomain)) {
          return;
        }
        (void)store.remove_folder(Group::Staging, kDomain);
      },
      [](const Store& store, bool crashed) {
        const bool is_new = has_set(store, Group::Domains, kDomain, kNew);
        const bool is_old = has_set(store, Group::Domains, kDomain, kOld);
        // Between the two moves: both sets are complete, and wait to be moved on.
        const bool is_between = !store.folder_exists(Group::Domains, kDomain) &&
                                has_set(store, Group::Tmp, kDomain, kNew) &&
                                has_set(store, Group::Archive, "a.test.1", kOld);
        EXPECT_TRUE(is_new || (crashed && (is_old || is_between)));
      });
}

TEST_P(CrashTest, TheKeyOfTheStoreIsWholeOrNotThere) {  // ST-24
  for (std::size_t operation = 1;; ++operation) {
    std::error_code ignored;
    std::filesystem::remove_all(root_, ignored);
    FaultyFileSystem faulty(posix_);
    faulty.crash_at(operation, GetParam());
    const auto store = FileStore::open({root_, std::nullopt}, faulty, logger_);
    const std::string key = store ? std::string((*store)->key().text()) : "";
    const auto next = FileStore::open({root_, std::nullopt}, quick_, logger_);
    ASSERT_TRUE(next) << "crash at operation " << operation << ": " << next.error().message;
    if (store) {
      EXPECT_EQ((*next)->key().text(), key);
    }
    if (!faulty.has_crashed()) {
      return;
    }
  }
}

TEST_P(CrashTest, AMigrationIsDoneAgain) {  // ST-22, ST-24
  const auto make_old_store = [&] {
    std::error_code ignored;
    std::filesystem::remove_all(root_, ignored);
    const auto store = open(quick_);
    ASSERT_TRUE(store->save(Group::Domains, "old.test", "pkey.pem", "key", Durability::Synced));
    ASSERT_TRUE(store->save(Group::Domains, "old.test", "cert.pem", "leaf\n", Durability::Synced));
    ASSERT_TRUE(store->save(Group::Domains, "old.test", "chain.pem", "ca\n", Durability::Synced));
    std::string header = store->load_at_root("md_store.json").value();
    header.replace(header.find("3.0"), 3, "1.2");
    ASSERT_TRUE(store->save_at_root("md_store.json", header, 0600, Durability::Synced));
  };
  for (std::size_t operation = 1;; ++operation) {
    make_old_store();
    FaultyFileSystem faulty(posix_);
    faulty.crash_at(operation, GetParam());
    (void)FileStore::open({root_, std::nullopt}, faulty, logger_);
    const auto next = open(quick_);
    SCOPED_TRACE("crash at operation " + std::to_string(operation));
    EXPECT_EQ(next->files(Group::Domains, "old.test").value(),
              (std::vector<std::string>{"cert.pem", "chain.pem", "privkey.pem", "pubcert.pem"}));
    EXPECT_EQ(next->load(Group::Domains, "old.test", "privkey.pem").value(), "key");
    EXPECT_EQ(next->load(Group::Domains, "old.test", "pubcert.pem").value(), "leaf\nca\n");
    if (!faulty.has_crashed()) {
      return;
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Kinds, CrashTest,
                         ::testing::Values(Crash::Kill, Crash::DataLost, Crash::AllDropped),
                         [](const auto& test) {
                           switch (test.param) {
                             case Crash::Kill:
                               return "Kill";
                             case Crash::DataLost:
                               return "DataLost";
                             case Crash::AllDropped:
                               return "AllDropped";
                           }
                           return "";
                         });

}  // namespace
}  // namespace md::store
