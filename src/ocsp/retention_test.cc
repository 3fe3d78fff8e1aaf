// SPDX-License-Identifier: Apache-2.0
#include "ocsp/retention.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>

#include "base/testing/recording_logger.h"
#include "base/text.h"
#include "store/documents.h"
#include "store/testing/memory_store.h"

namespace md::ocsp {
namespace {

using model::Window;
using std::chrono::days;
using std::chrono::hours;
using store::Group;
using ::testing::ElementsAre;

const TimePoint kNow = parse_rfc3339("2026-03-10T12:00:00Z").value();
const Window kWeek = Window::of_length(days(7));

TEST(OutdatedAnswer, IsOlderThanTheTimeToKeepByFileOrByContent) {
  const model::Validity fresh{kNow - days(1), kNow + days(2)};
  const model::Validity old{kNow - days(8), kNow - days(5)};
  EXPECT_FALSE(is_outdated({fresh, days(1)}, kWeek, kNow));
  EXPECT_TRUE(is_outdated({fresh, days(8)}, kWeek, kNow));
  EXPECT_TRUE(is_outdated({old, hours(1)}, kWeek, kNow));
  EXPECT_FALSE(is_outdated({std::nullopt, days(6)}, kWeek, kNow));
  EXPECT_TRUE(is_outdated({std::nullopt, days(8)}, kWeek, kNow));
  // A share is one of the answer's life.
  EXPECT_TRUE(is_outdated({fresh, days(2)}, Window::percent(50), kNow));
  EXPECT_FALSE(is_outdated({fresh, days(1)}, Window::percent(50), kNow));
}

// OC-11
TEST(Retention, RemovesWhatIsOldAndNothingThatIsBeingStapled) {
  md::testing::MemoryStore store;
  md::testing::RecordingLogger logger;
  std::map<std::string, Duration> ages;
  const auto keep = [&](const std::string& file, TimePoint from, Duration age) {
    const store::OcspRecord record{Bytes{1}, "good", {from, from + days(3)}};
    ASSERT_TRUE(store.save(Group::Ocsp, "example.org", file, store::to_json(record).dump(),
                           store::Durability::Replaceable));
    ages[store.path(Group::Ocsp, "example.org", file)] = age;
  };
  keep("ocsp-01.json", kNow - days(20), days(20));
  keep("job-01.json", kNow - days(20), days(20));
  keep("ocsp-02.json", kNow - days(1), days(1));
  keep("ocsp-03.json", kNow - days(20), days(20));
  keep("job.json", kNow - days(20), days(20));
  const auto age_of = [&](const std::string& path) { return std::optional(ages.at(path)); };
  drop_outdated({store, logger, age_of}, {"03"}, kWeek, kNow);
  EXPECT_THAT(store.files(Group::Ocsp, "example.org").value(),
              ElementsAre("job.json", "ocsp-02.json", "ocsp-03.json"));
  drop_outdated({store, logger, age_of}, {}, kWeek, kNow);  // C5: what is in use, too
  EXPECT_THAT(store.files(Group::Ocsp, "example.org").value(),
              ElementsAre("job.json", "ocsp-02.json"));
}

}  // namespace
}  // namespace md::ocsp
