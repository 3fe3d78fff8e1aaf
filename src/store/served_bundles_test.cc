// SPDX-License-Identifier: Apache-2.0
#include "store/served_bundles.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/testing/recording_logger.h"
#include "base/testing/scoped_temp_dir.h"
#include "store/testing/sample_chain.h"

namespace md::store {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

class ServedBundlesTest : public ::testing::Test {
 protected:
  /// What a start makes.
  std::unique_ptr<ServedBundles> start() {
    auto bundles = ServedBundles::create(*store_, logger_);
    EXPECT_TRUE(bundles) << bundles.error().message;
    return *std::move(bundles);
  }
  [[nodiscard]] std::vector<std::string> files() const {
    return store_->files_at_root("served").value();
  }

  md::testing::ScopedTempDir dir_;
  md::testing::RecordingLogger logger_;
  PosixFileSystem files_;
  std::unique_ptr<FileStore> store_{
      FileStore::open({.root = dir_.path() / "md", .child_user = std::nullopt}, files_, logger_)
          .value()};
  ServedSet set_{testing::sample_chain(model::KeySpec::ec("P-256"))};
};

TEST_F(ServedBundlesTest, GiveBackWhatWasSaved) {
  const auto bundles = start();
  ASSERT_TRUE(bundles->save("a.test", set_));
  const auto loaded = bundles->load("a.test");
  ASSERT_TRUE(loaded) << loaded.error().message;
  ASSERT_EQ(loaded->size(), 1U);
  EXPECT_TRUE(loaded->front().chain.front().matches(set_.front().key));
  EXPECT_EQ(bundles->load("b.test").error().kind, ErrorKind::NotFound);
}

TEST_F(ServedBundlesTest, L1_OpenWithTheKeyOfTheirStartOnly) {
  const auto before = start();
  ASSERT_TRUE(before->save("a.test", set_));
  const auto after = start();
  ASSERT_TRUE(after->save("a.test", set_));
  EXPECT_TRUE(before->load("a.test"));
  EXPECT_TRUE(after->load("a.test"));
  // As if the bundle of another start lay there.
  const std::string other = store_->load_at_root(before->path_of("a.test")).value();
  ASSERT_TRUE(store_->save_at_root(after->path_of("a.test"), other, 0644, Durability::Replaceable));
  EXPECT_EQ(after->load("a.test").error().kind, ErrorKind::Corrupt);
}

TEST_F(ServedBundlesTest, OfTheStartBeforeStayForItsChildren) {
  const auto first = start();
  ASSERT_TRUE(first->save("a.test", set_));
  const auto second = start();
  EXPECT_TRUE(first->load("a.test"));
  ASSERT_TRUE(second->save("a.test", set_));
  const auto third = start();
  EXPECT_THAT(files(), ElementsAre(second->path_of("a.test").substr(7)));
  EXPECT_TRUE(second->load("a.test"));
  EXPECT_EQ(first->load("a.test").error().kind, ErrorKind::NotFound);
}

TEST_F(ServedBundlesTest, OfOtherVersionsGo) {
  ASSERT_TRUE(store_->ensure_folder("served", 0755, false));
  for (const char* const file : {"a.test.bundle", "a.test.1.bundle", "a.test.99999999999.bundle"}) {
    ASSERT_TRUE(
        store_->save_at_root(std::string("served/") + file, "old", 0644, Durability::Replaceable));
  }
  ASSERT_TRUE(store_->save_at_root("served/generations", "x", 0644, Durability::Replaceable));
  start();
  EXPECT_THAT(files(), ElementsAre("a.test.1.bundle", "generations"));
}

TEST_F(ServedBundlesTest, WithoutANumberGoEvenIfThereAreNoOthers) {
  ASSERT_TRUE(store_->ensure_folder("served", 0755, false));
  ASSERT_TRUE(store_->save_at_root("served/a.test.bundle", "old", 0644, Durability::Replaceable));
  start();
  EXPECT_THAT(files(), IsEmpty());
}

TEST_F(ServedBundlesTest, L15_HaveAFileForTheLongestName) {
  const auto bundles = start();
  const std::string longest(253, 'a');
  ASSERT_TRUE(bundles->save(longest, set_));
  EXPECT_TRUE(bundles->load(longest));
}

}  // namespace
}  // namespace md::store
