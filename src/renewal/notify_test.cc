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

TEST_F(NotifyTest, C3RepeatsItAtMDRetryDelayUntilItWorks) {  // SE-11
  bed_.domain.settings.retry_delay = 10s;
  outcome_ = CommandOutcome{3, "mail queue is full"};
  TimePoint next = bed_.check();
  for (std::size_t runs = 1; runs < 6; ++runs) {
    ASSERT_EQ(notified().size(), runs);
    const model::Job failing = bed_.job();
    EXPECT_TRUE(failing.finished);
    EXPECT_FALSE(failing.notified);
    EXPECT_EQ(failing.errors, 1U);
    EXPECT_EQ(failed_attempts(failing), 0U);
    EXPECT_NE(failing.last.status, 0);
    EXPECT_EQ(failing.last.problem.type, kNotifyProblem);
    EXPECT_EQ(failing.last.problem.detail,
              "MDNotifyCmd /bin/notify --by 'the mail' failed with exit code 3.");
    ASSERT_TRUE(failing.next_run);
    EXPECT_THAT(*failing.next_run - bed_.clock.now(), Le(15s));
    while (notified().size() == runs) {
      wait_until(next);
      next = bed_.check();
    }
  }
  EXPECT_TRUE(bed_.logger.mentions("exit code 3: mail queue is full"));
  EXPECT_EQ(std::ranges::count(bed_.job().log, "notify-error", &model::JobLogEntry::type), 1);
  EXPECT_EQ(bed_.count_log(10108), 1);
  outcome_ = CommandOutcome{};
  wait_until(bed_.clock.now() + 1min);
  bed_.check();
  EXPECT_TRUE(bed_.job().notified);
  EXPECT_EQ(bed_.job().errors, 0U);
  EXPECT_EQ(bed_.job().next_run, std::nullopt);
  EXPECT_EQ(bed_.job().last.problem.type, "");
  EXPECT_EQ(bed_.ca.orders(), 1U);
}

TEST_F(NotifyTest, C3OneThatCannotBeStartedHasExitCode255) {
  bed_.commands.answer = [](auto&&) { return fail(ErrorKind::NotFound, "no such file"); };
  bed_.check();
  EXPECT_EQ(bed_.job().last.problem.detail,
            "MDNotifyCmd /bin/notify --by 'the mail' failed with exit code 255.");
}

TEST_F(NotifyTest, C3TakesOverFromModMdOneThatFails) {
  bed_.check();
  bed_.activate();
  model::Job job = bed_.job();
  job.notified = false;
  job.errors = 1;
  job.next_run = bed_.clock.now() + 5s;
  job.last = {20022, "The given path is incomplete", "",
              Problem{kNotifyProblem, "MDNotifyCmd x failed with exit code 255.", 0, {}}};
  ASSERT_TRUE(bed_.store().save(store::Group::Staging, "example.org", "job.json",
                                store::to_json(job).dump(), store::Durability::Synced));
  bed_.clock.advance(10s);
  bed_.check();
  EXPECT_TRUE(bed_.job().notified);
  EXPECT_EQ(bed_.job().errors, 0U);
  EXPECT_EQ(bed_.job().last.problem.type, "");
  EXPECT_EQ(bed_.ca.orders(), 1U);
}

TEST_F(NotifyTest, C3DoesNotMoveTheRenewalsChoiceOfCaNorItsBackOff) {
  bed_.domain.settings.authorities.push_back({"https://second.example.net/dir", ""});
  bed_.domain.settings.retry_failover = 1;
  outcome_ = CommandOutcome{1, ""};
  bed_.check();
  ASSERT_EQ(bed_.activate().kind, ActivationOutcome::Kind::Activated);
  ASSERT_EQ(bed_.job().errors, 1U);
  bed_.clock.advance(24h * 80);
  bed_.check_until_finished();
  EXPECT_EQ(bed_.ca.orders(), 2U) << "at the first CA, at once";
  EXPECT_EQ(bed_.job().errors, 1U);
}

TEST_F(NotifyTest, GoesOnWhereTheLastProcessEnded) {  // SE-11
  outcome_ = CommandOutcome{1, ""};
  bed_.check();
  bed_.activate();
  bed_.restart();
  bed_.check();
  EXPECT_EQ(notified().size(), 1U);
  bed_.clock.advance(1min);
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

TEST(ExpiringEvent, C3CountsAFailureAndIsRepeatedAtMDRetryDelay) {
  RenewalBed bed;
  bed.listen_to_events();
  bed.check();
  bed.activate();
  bed.domain.settings.warn_window = model::Window::percent(50);
  bed.domain.settings.renew_window = model::Window::percent(20);
  bed.clock.advance(24h * 50);  // of 90 days
  bed.commands.answer = [](auto&&) { return CommandOutcome{4, ""}; };
  for (int runs = 1; runs < 4; ++runs) {
    const TimePoint next = bed.check();
    EXPECT_EQ(std::ranges::count(bed.events(), "expiring"), runs);
    EXPECT_THAT(next - bed.clock.now(), Le(1min));
    const model::Job job = bed.job();
    EXPECT_EQ(job.errors, 1U);
    EXPECT_TRUE(job.finished);
    EXPECT_EQ(job.last.problem.type, "urn:org:apache:httpd:log:AH10109:");
    EXPECT_EQ(job.last.problem.detail, "MDMessageCmd /bin/message failed with exit code 4.");
    EXPECT_EQ(job.log.front().type, "message-error");
    bed.clock.advance(std::chrono::ceil<std::chrono::milliseconds>(next - bed.clock.now()));
  }
  bed.commands.answer = nullptr;
  bed.check();
  EXPECT_EQ(bed.job().errors, 0U);
  EXPECT_EQ(bed.job().last.problem.type, "");
  EXPECT_EQ(bed.job().next_run, std::nullopt);
  EXPECT_EQ(bed.ca.orders(), 1U);
}

TEST(ErroredEvent, C3bTellsOfTheCommandOnlyWhereTheCommandHasMadeTheAttemptFail) {
  RenewalBed bed;
  bed.listen_to_events();
  bed.commands.answer = [](const std::vector<std::string>& argv) {
    return CommandOutcome{argv[argv.size() - 2] == "renewing" ? 0 : 1, ""};
  };
  const TimePoint next = bed.check();
  EXPECT_EQ(bed.job().errors, 1U);
  EXPECT_EQ(bed.job().last.problem.type, "urn:org:apache:httpd:log:AH10109:");
  bed.commands.answer = [](const std::vector<std::string>& argv) {
    return CommandOutcome{argv[argv.size() - 2] == "errored" ? 1 : 0, ""};
  };
  bed.ca.behaviour.validate = [](auto&&...) { return false; };
  bed.clock.advance(std::chrono::ceil<std::chrono::milliseconds>(next - bed.clock.now()));
  bed.check();
  EXPECT_EQ(bed.job().errors, 2U);
  EXPECT_THAT(bed.job().last.problem.type, HasSubstr("urn:ietf:params:acme:error:"));
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
