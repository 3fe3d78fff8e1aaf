// SPDX-License-Identifier: Apache-2.0
#include "renewal/staging_watch.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/testing/recording_logger.h"
#include "base/testing/scoped_temp_dir.h"
#include "store/testing/faulty_file_system.h"

namespace md::renewal {
namespace {

using std::chrono::hours;
using std::chrono::seconds;
using store::Durability;
using store::Group;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

class StagingWatchTest : public ::testing::Test {
 protected:
  void SetUp() override {
    auto opened = store::FileStore::open({dir_.path() / "md", std::nullopt}, files_, logger_);
    ASSERT_TRUE(opened) << opened.error().message;
    store_ = std::move(*opened);
    stage("a.test", "job.json");
    stage("b.test", "job.json");
  }
  void stage(const std::string& domain, const std::string& file) {
    ASSERT_TRUE(store_->save(Group::Staging, domain, file, "x", Durability::Replaceable));
  }
  /// When all that has happened so far is long past.
  [[nodiscard]] TimePoint later(int looks = 0) const {
    return SystemClock().now() + hours(1) + seconds(looks);
  }

  md::testing::ScopedTempDir dir_;
  store::PosixFileSystem posix_;
  md::testing::FaultyFileSystem files_{posix_};
  md::testing::RecordingLogger logger_;
  std::unique_ptr<store::FileStore> store_;
};

TEST_F(StagingWatchTest, TellsAllAtFirstAndThenWhatChanges) {
  StagingWatch watch(*store_, {"a.test", "none.test", "b.test"});
  EXPECT_THAT(watch.changed(later()), ElementsAre(0, 2));
  EXPECT_THAT(watch.changed(later(1)), IsEmpty());
  stage("b.test", "pubcert.pem");
  EXPECT_THAT(watch.changed(later(2)), ElementsAre(2));
  EXPECT_THAT(watch.changed(later(3)), IsEmpty());
  stage("none.test", "job.json");
  EXPECT_THAT(watch.changed(later(4)), ElementsAre(1));
}

TEST_F(StagingWatchTest, LooksAgainWhereAnotherChangeCouldBearTheSameTime) {
  StagingWatch watch(*store_, {"a.test"});
  const TimePoint now = SystemClock().now();
  EXPECT_THAT(watch.changed(now), ElementsAre(0));
  EXPECT_THAT(watch.changed(now), ElementsAre(0));
}

TEST_F(StagingWatchTest, LooksAtAllOnceInAWhile) {
  StagingWatch watch(*store_, {"a.test", "b.test"});
  EXPECT_THAT(watch.changed(later()), ElementsAre(0, 1));
  EXPECT_THAT(watch.changed(later(59)), IsEmpty());
  EXPECT_THAT(watch.changed(later(60)), ElementsAre(0, 1));
  EXPECT_THAT(watch.changed(later(61)), IsEmpty());
}

TEST_F(StagingWatchTest, GoesOnWhenTheClockIsSetBack) {
  StagingWatch watch(*store_, {"a.test"});
  EXPECT_THAT(watch.changed(later() + hours(24 * 365)), ElementsAre(0));
  EXPECT_THAT(watch.changed(later()), IsEmpty());
  EXPECT_THAT(watch.changed(later(60)), ElementsAre(0));
}

}  // namespace
}  // namespace md::renewal
