// SPDX-License-Identifier: Apache-2.0
#include "base/retry_delays.h"

#include <gtest/gtest.h>

#include <string>

namespace md {
namespace {

using namespace std::chrono_literals;

class Middling final : public RandomSource {
 public:
  double uniform() override { return 0.5; }  // neither early nor late
};

class RetryDelaysTest : public testing::Test {
 protected:
  Middling random_;
  RetryDelays<std::string> delays_{1s, 10s, random_};
  const RetryDelays<std::string>::Time now_{};
};

TEST_F(RetryDelaysTest, WaitsForNothingThatHasNotFailed) {
  EXPECT_FALSE(delays_.is_waiting("a", now_));
  EXPECT_FALSE(delays_.is_worth_telling("a"));
}

TEST_F(RetryDelaysTest, GrowsWithEachFailureUpToTheCap) {
  for (const auto expected : {1s, 2s, 4s, 8s, 10s, 10s}) {
    EXPECT_EQ(delays_.failed("a", now_), expected);
    EXPECT_TRUE(delays_.is_waiting("a", now_ + expected - 1ms));
    EXPECT_FALSE(delays_.is_waiting("a", now_ + expected));
  }
}

TEST_F(RetryDelaysTest, CountsEachKeyForItself) {
  delays_.failed("a", now_);
  EXPECT_FALSE(delays_.is_waiting("b", now_));
  EXPECT_EQ(delays_.failed("b", now_), 1s);
}

TEST_F(RetryDelaysTest, BeginsAnewAfterASuccess) {
  delays_.failed("a", now_);
  delays_.failed("a", now_);
  delays_.succeeded("a");
  EXPECT_FALSE(delays_.is_waiting("a", now_));
  EXPECT_EQ(delays_.failed("a", now_), 1s);
}

TEST_F(RetryDelaysTest, PostponesWithoutCountingAFailure) {
  delays_.postpone("a", now_ + 5s);
  EXPECT_TRUE(delays_.is_waiting("a", now_ + 4s));
  EXPECT_FALSE(delays_.is_waiting("a", now_ + 5s));
  EXPECT_FALSE(delays_.is_worth_telling("a"));
  EXPECT_EQ(delays_.failed("a", now_), 1s);
}

TEST_F(RetryDelaysTest, TellsOfFailuresEverLessOften) {
  std::string told;
  for (int i = 0; i < 10; ++i) {
    delays_.failed("a", now_);
    told += delays_.is_worth_telling("a") ? '!' : '.';
  }
  EXPECT_EQ(told, "!!.!...!..");
}

}  // namespace
}  // namespace md
