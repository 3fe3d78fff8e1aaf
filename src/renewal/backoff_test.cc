// SPDX-License-Identifier: Apache-2.0
#include "renewal/backoff.h"

#include <gtest/gtest.h>

#include <limits>

namespace md::renewal {
namespace {

using std::chrono::days;
using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;

constexpr double kNoJitter = 0.5;
constexpr double kMost = 0.999999;

BackoffFacts after(unsigned errors) {
  BackoffFacts facts;
  facts.errors = errors;
  facts.lifetime_left = days(30);
  return facts;
}

TEST(RetryDelay, StartsWithTheConfiguredOneAndDoubles) {  // AC-26
  EXPECT_EQ(retry_delay_after(after(1), kNoJitter), seconds(30));
  EXPECT_EQ(retry_delay_after(after(2), kNoJitter), seconds(60));
  EXPECT_EQ(retry_delay_after(after(3), kNoJitter), seconds(120));
  EXPECT_EQ(retry_delay_after(after(11), kNoJitter), seconds(30 * 1024));
  EXPECT_EQ(retry_delay_after(after(13), kNoJitter), hours(24));
}

TEST(RetryDelay, IsJitteredByHalfOfItself) {
  EXPECT_EQ(retry_delay_after(after(2), 0.0), seconds(30));
  EXPECT_EQ(retry_delay_after(after(2), kMost), seconds(90));
}

TEST(RetryDelay, StaysInBoundsWhateverTheCount) {  // AC-27
  for (unsigned errors = 0; errors <= 10000; ++errors) {
    for (const double uniform : {0.0, kNoJitter, kMost}) {
      const Duration delay = retry_delay_after(after(errors), uniform);
      ASSERT_GT(delay, seconds(0)) << errors;
      ASSERT_LE(delay, hours(36)) << errors;
    }
  }
  const Duration delay = retry_delay_after(after(std::numeric_limits<unsigned>::max()), kMost);
  EXPECT_GT(delay, hours(35));
  EXPECT_LE(delay, hours(36));
}

TEST(RetryDelay, IsNeverZeroWhateverIsConfigured) {  // AC-28
  for (const auto configured : {std::chrono::milliseconds::min(), std::chrono::milliseconds(-1),
                                std::chrono::milliseconds(0), std::chrono::milliseconds(1),
                                std::chrono::milliseconds::max()}) {
    for (const double uniform : {0.0, kNoJitter, kMost, -1.0, 2.0}) {
      BackoffFacts facts = after(1);
      facts.retry_delay = configured;
      const Duration delay = retry_delay_after(facts, uniform);
      EXPECT_GT(delay, seconds(0)) << configured.count();
      EXPECT_LE(delay, hours(36)) << configured.count();
    }
  }
}

TEST(RetryDelayCap, FollowsTheTimeThatIsLeft) {
  struct Case {
    std::optional<Duration> left;
    Duration cap;
  };
  for (const Case& c : std::vector<Case>{{days(90), hours(24)},
                                         {days(8), hours(24)},
                                         {days(4), hours(12)},
                                         {days(1), hours(3)},
                                         {hours(8), hours(1)},
                                         {minutes(5), hours(1)},
                                         {-days(3), hours(1)},
                                         {std::nullopt, hours(1)}}) {
    BackoffFacts facts = after(1000);
    facts.lifetime_left = c.left;
    EXPECT_EQ(retry_delay_cap(facts), c.cap);
    EXPECT_EQ(retry_delay_after(facts, kNoJitter), c.cap);
  }
}

TEST(RetryDelay, IsDailyForWhatOnlyAnAdministratorCanChange) {  // AC-17, AC-18
  for (const std::optional<Duration> left :
       {std::optional<Duration>(), std::optional<Duration>(hours(2))}) {
    BackoffFacts facts = after(1);
    facts.lifetime_left = left;
    facts.permanent = true;
    EXPECT_EQ(retry_delay_after(facts, 0.0), hours(12));
    EXPECT_EQ(retry_delay_after(facts, kNoJitter), hours(24));
    EXPECT_LE(retry_delay_after(facts, kMost), hours(36));
  }
}

TEST(RetryDelay, IsNeverShorterThanTheCaAsks) {  // AC-48
  BackoffFacts facts = after(1);
  facts.retry_after = hours(50);
  EXPECT_EQ(retry_delay_after(facts, 0.0), hours(50));
  facts.retry_after = seconds(3);
  EXPECT_EQ(retry_delay_after(facts, kNoJitter), seconds(30));
  facts.retry_after = days(4000);
  EXPECT_EQ(retry_delay_after(facts, 0.0), kLongestDelay);
}

}  // namespace
}  // namespace md::renewal
