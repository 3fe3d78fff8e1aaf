// SPDX-License-Identifier: Apache-2.0
#include "renewal/notify.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "renewal/testing/renewal_bed.h"

namespace md::renewal {
namespace {

using namespace std::chrono_literals;
using md::testing::RenewalBed;
using ::testing::ElementsAre;
using ::testing::Ge;
using ::testing::HasSubstr;
using ::testing::Le;

constexpr const char* kNotifyProblem = "urn:org:apache:httpd:log:AH10108:";

/// A bed whose domain has an MDNotifyCmd, which works or does not.
class NotifyTest : public ::testing::Test {
 protected:
  NotifyTest() {
    bed_.domain.settings.notify_command = "/bin/notify --by 'the mail'";
    bed_.commands.answer = [this](const std::vector<std::string>& argv) {
      const bool is_notify = argv.front() == "/bin/notify";
      return is_notify ? outcome_ : CommandOutcome{};
    };
  }

  [[nodiscard]] std::vector<std::vector<std::string>> notified() const {
    auto calls = bed_.commands.calls();
    std::erase_if(calls, [](const auto& argv) { return argv.front() != "/bin/notify"; });
    return calls;
  }
  void wait_until(TimePoint when) {
    bed_.clock.advance(std::chrono::ceil<std::chrono::milliseconds>(when - bed_.clock.now()));
  }

  RenewalBed bed_;
  CommandOutcome outcome_;
};

TEST_F(NotifyTest, RunsTheCommandOnceWithTheDomainLast) {
  bed_.check();
  EXPECT_THAT(notified(),
              ElementsAre(ElementsAre("/bin/notify", "--by", "the mail", "example.org")));
  EXPECT_TRUE(bed_.job().notified);
  bed_.activate();
  bed_.restart();
  bed_.clock.advance(24h);
  bed_.check();
  EXPECT_EQ(notified().size(), 1U);
}

TEST_F(NotifyTest, RepeatsItWithBackOffUntilItWorks) {  // SE-11
  outcome_ = CommandOutcome{3, "mail queue is full"};
  TimePoint next = bed_.check();
  std::vector<Duration> pauses;
  for (int i = 0; i < 6; ++i) {
    const TimePoint last = bed_.clock.now();
    while (notified().size() < static_cast<std::size_t>(i) + 2) {
      wait_until(next);
      next = bed_.check();
    }
    pauses.push_back(std::chrono::duration_cast<Duration>(bed_.clock.now() - last));
  }
  EXPECT_THAT(pauses.front(), Le(1min));
  EXPECT_THAT(pauses.back(), Ge(8min));
  EXPECT_TRUE(std::ranges::is_sorted(pauses));
  const model::Job failing = bed_.job();
  EXPECT_TRUE(failing.finished);
  EXPECT_FALSE(failing.notified);
  EXPECT_EQ(failing.errors, 0U);
  EXPECT_EQ(failing.last.problem.type, kNotifyProblem);
  EXPECT_THAT(failing.last.problem.detail,
              HasSubstr("MDNotifyCmd /bin/notify of example.org: exit code 3: mail queue is full"));
  outcome_ = CommandOutcome{};
  wait_until(bed_.clock.now() + 1h);
  bed_.check();
  EXPECT_TRUE(bed_.job().notified);
  EXPECT_EQ(bed_.job().last.problem.type, "");
  EXPECT_EQ(bed_.ca.orders(), 1U);
}

TEST_F(NotifyTest, GoesOnWhereTheLastProcessEnded) {  // SE-11
  outcome_ = CommandOutcome{1, ""};
  bed_.check();
  bed_.activate();
  bed_.restart();
  bed_.check();
  EXPECT_EQ(notified().size(), 1U);
  bed_.clock.advance(5min);
  bed_.check();
  EXPECT_EQ(notified().size(), 2U);
}

TEST_F(NotifyTest, DoesNotHoldUpTheRenewedEventNorTheOtherWayRound) {
  bed_.listen_to_events();
  outcome_ = CommandOutcome{1, ""};
  bed_.check();
  EXPECT_TRUE(bed_.job().notified_renewed);
  EXPECT_FALSE(bed_.job().notified);
  EXPECT_TRUE(bed_.logger.has(10108));
  EXPECT_FALSE(bed_.logger.has(10109));
}

TEST_F(NotifyTest, IsNotRunForAFailure) {
  bed_.ca.behaviour.validate = [](auto&&...) { return false; };
  bed_.check();
  EXPECT_EQ(bed_.job().errors, 1U);
  EXPECT_EQ(notified().size(), 0U);
}

TEST(RenewedEvent, FollowsAFailureThatWasTold) {  // SE-12
  RenewalBed bed;
  bed.listen_to_events();
  bed.ca.behaviour.validate = [](auto&&...) { return false; };
  const TimePoint next = bed.check();
  EXPECT_EQ(std::ranges::count(bed.events(), "errored"), 1);
  EXPECT_EQ(std::ranges::count(bed.events(), "renewed"), 0);
  bed.ca.behaviour.validate = [](auto&&...) { return true; };
  bed.clock.advance(std::chrono::ceil<std::chrono::milliseconds>(next - bed.clock.now()));
  bed.check();
  EXPECT_TRUE(bed.job().notified_renewed);
  EXPECT_EQ(std::ranges::count(bed.events(), "renewed"), 1);
}

TEST(ExpiringEvent, ComesOnceADayUntilANewSetWaits) {  // VH-18
  RenewalBed bed;
  bed.listen_to_events();
  bed.check();
  bed.activate();
  bed.domain.settings.warn_window = model::Window::percent(50);
  bed.domain.settings.renew_window = model::Window::percent(20);
  bed.activates_live = false;
  bed.restart();
  bed.clock.advance(24h * 50);  // of 90 days
  for (int hours = 0; hours < 60; ++hours) {
    bed.check();
    bed.clock.advance(1h);
  }
  EXPECT_EQ(std::ranges::count(bed.events(), "expiring"), 3);
  EXPECT_EQ(bed.ca.orders(), 1U);
  bed.clock.advance(24h * 22);
  bed.check();
  EXPECT_EQ(bed.ca.orders(), 2U);
  const auto told = std::ranges::count(bed.events(), "expiring");
  for (int days = 0; days < 5; ++days) {
    bed.clock.advance(24h);
    bed.check();
  }
  EXPECT_EQ(std::ranges::count(bed.events(), "expiring"), told);
}

TEST(RenewingEvent, LeavesStagingAloneWhereTheCommandDenies) {  // CH-22
  RenewalBed bed;
  bed.listen_to_events();
  ASSERT_TRUE(bed.store().save(store::Group::Staging, "example.org", "order.json", "{}",
                               store::Durability::Synced));
  bed.commands.answer = [](auto&&) { return CommandOutcome{1, "another node does it"}; };
  bed.check();
  EXPECT_THAT(bed.staged_files(), ElementsAre("job.json", "order.json"));
  EXPECT_EQ(bed.job().errors, 0U);
  EXPECT_EQ(bed.ca.requests_to("/"), 0U);
}

}  // namespace
}  // namespace md::renewal
