// SPDX-License-Identifier: Apache-2.0
#include "ocsp/plan.h"

#include <gtest/gtest.h>

#include "base/text.h"

namespace md::ocsp {
namespace {

using model::Window;
using std::chrono::days;
using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;

const TimePoint kNow = parse_rfc3339("2026-03-10T12:00:00Z").value();
const model::Validity kThreeDays{kNow, kNow + days(3)};

StapleId id_ending_in(unsigned char last) {
  StapleId id{};
  id.back() = last;
  return id;
}

TEST(StaplePlanTest, RefreshesInsideTheWindow) {
  EXPECT_EQ(refresh_time(kThreeDays, Window::percent(33), id_ending_in(0)),
            kThreeDays.until - Window::percent(33).of(days(3)));
  EXPECT_EQ(refresh_time(kThreeDays, Window::of_length(hours(12)), id_ending_in(0)),
            kThreeDays.until - hours(12));
}

TEST(StaplePlanTest, SpreadsRefreshesByAFewPercentTowardsEarlier) {
  const TimePoint last = refresh_time(kThreeDays, Window::percent(33), id_ending_in(0));
  const TimePoint first = refresh_time(kThreeDays, Window::percent(33), id_ending_in(255));
  EXPECT_LT(first, last);
  EXPECT_GE(first, last - kThreeDays.length() / 20);
}

TEST(StaplePlanTest, AWindowAsLongAsTheAnswerLivesIsNeverBeforeItBegan) {
  EXPECT_EQ(refresh_time(kThreeDays, Window::of_length(days(30)), id_ending_in(255)), kNow);
}

struct Retry {
  unsigned errors;
  std::optional<Duration> left;
  std::optional<Duration> retry_after;
  double uniform;
  Duration expected;
};

class StapleRetry : public ::testing::TestWithParam<Retry> {};

TEST_P(StapleRetry, WaitsAsLong) {
  const Retry& row = GetParam();
  RetryFacts facts{row.errors, std::nullopt, row.retry_after};
  if (row.left) {
    facts.staple_until = kNow + *row.left;
  }
  EXPECT_EQ(retry_delay(facts, kNow, row.uniform), row.expected);
}

// OC-09: for each certificate, growing.
INSTANTIATE_TEST_SUITE_P(
    All, StapleRetry,
    ::testing::Values(Retry{1, {}, {}, 0.5, seconds(30)}, Retry{2, {}, {}, 0.5, seconds(60)},
                      Retry{8, {}, {}, 0.5, hours(1)}, Retry{100000, {}, {}, 0.5, hours(1)},
                      Retry{100000, {}, {}, 0.0, minutes(30)},
                      // What is in use still holds for two hours: asked every quarter of one.
                      Retry{50, hours(2), {}, 0.5, minutes(15)},
                      Retry{50, seconds(10), {}, 0.5, minutes(1)},
                      Retry{1, {}, minutes(10), 0.5, minutes(10)},
                      Retry{1, {}, days(400), 0.5, hours(24)}));

}  // namespace
}  // namespace md::ocsp
