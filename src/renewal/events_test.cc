// SPDX-License-Identifier: Apache-2.0
#include "renewal/events.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/testing/fake_clock.h"
#include "base/testing/fake_command_runner.h"
#include "base/testing/recording_logger.h"

namespace md::renewal {
namespace {

using std::chrono::hours;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

class EventsTest : public ::testing::Test {
 protected:
  EventsTest() {
    domain_.name = "example.org";
    domain_.settings.message_command = "/usr/bin/tell --how 'by mail'";
  }
  void answer(Result<CommandOutcome> outcome) {
    commands_.answer = [outcome](const auto&) { return outcome; };
  }

  testing::FakeClock clock_;
  testing::FakeWaiter waiter_{clock_};
  testing::FakeCommandRunner commands_;
  testing::RecordingLogger logger_;
  Events events_{commands_, clock_, waiter_, logger_};
  model::ManagedDomain domain_;
  model::Job job_;
};

TEST_F(EventsTest, RunTheCommandWithEventAndDomainLast) {  // SE-15
  ASSERT_TRUE(events_.send(domain_, "renewed", job_));
  EXPECT_THAT(commands_.calls(), ElementsAre(ElementsAre("/usr/bin/tell", "--how", "by mail",
                                                         "renewed", "example.org")));
}

TEST_F(EventsTest, AreNotedInTheJob) {
  ASSERT_TRUE(events_.send(domain_, "challenge-setup:http-01:a.org", job_));
  EXPECT_EQ(job_.last_logged("message-challenge-setup:http-01:a.org"), clock_.now());
}

TEST_F(EventsTest, AreFineWithoutACommand) {
  domain_.settings.message_command.clear();
  EXPECT_TRUE(events_.send(domain_, "renewed", job_));
  events_.send_at_most(domain_, "errored", hours(1), job_);
  EXPECT_THAT(commands_.calls(), IsEmpty());
  EXPECT_THAT(job_.log, IsEmpty());
}

TEST_F(EventsTest, TellTheExitCodeAndWhatTheCommandSaid) {  // SE-15
  answer(CommandOutcome{7, "no such\nuser\n"});
  const Status sent = events_.send(domain_, "renewing", job_);
  ASSERT_FALSE(sent);
  EXPECT_EQ(sent.error().kind, ErrorKind::Rejected);
  EXPECT_THAT(sent.error().message,
              HasSubstr("MDMessageCmd /usr/bin/tell, event renewing of example.org: exit code 7: "
                        "no such"));
  ASSERT_TRUE(sent.error().problem);
  EXPECT_EQ(sent.error().problem->type, "urn:org:apache:httpd:log:AH10109:");
  EXPECT_EQ(sent.error().problem->detail,
            "MDMessageCmd /usr/bin/tell --how 'by mail' failed with exit code 7.");
  EXPECT_THAT(job_.log, IsEmpty());
}

TEST_F(EventsTest, TellWhyACommandCannotBeStartedOrTakesTooLong) {
  for (const ErrorKind kind : {ErrorKind::NotFound, ErrorKind::Denied, ErrorKind::Timeout}) {
    answer(fail(kind, "it did not work"));
    const Status sent = events_.send(domain_, "renewed", job_);
    ASSERT_FALSE(sent);
    EXPECT_EQ(sent.error().kind,
              kind == ErrorKind::NotFound ? ErrorKind::NotFound : ErrorKind::Rejected);
    EXPECT_THAT(sent.error().message, HasSubstr("it did not work"));
    EXPECT_EQ(sent.error().problem->type, "urn:org:apache:httpd:log:AH10109:");
  }
}

TEST_F(EventsTest, AreNoFailureWhenTheServerStops) {
  answer(fail(ErrorKind::Stopped, "stop"));
  EXPECT_EQ(events_.send(domain_, "renewed", job_).error().kind, ErrorKind::Stopped);
  events_.send_at_most(domain_, "errored", hours(1), job_);
  EXPECT_THAT(logger_.entries(), IsEmpty());
}

TEST_F(EventsTest, AreLimitedByTheJobsLog) {
  events_.send_at_most(domain_, "errored", hours(1), job_);
  clock_.advance(std::chrono::minutes(59));
  events_.send_at_most(domain_, "errored", hours(1), job_);
  EXPECT_EQ(commands_.calls().size(), 1U);
  events_.send_at_most(domain_, "expiring", hours(24), job_);
  EXPECT_EQ(commands_.calls().size(), 2U);
  clock_.advance(std::chrono::minutes(1));
  events_.send_at_most(domain_, "errored", hours(1), job_);
  EXPECT_EQ(commands_.calls().size(), 3U);
}

TEST_F(EventsTest, AreRepeatedAndLoggedWhenTheCommandFails) {  // SE-11
  answer(CommandOutcome{1, ""});
  events_.send_at_most(domain_, "expiring", hours(24), job_);
  events_.send_at_most(domain_, "expiring", hours(24), job_);
  EXPECT_EQ(commands_.calls().size(), 2U);
  EXPECT_TRUE(logger_.has(10109));
  EXPECT_TRUE(logger_.mentions("exit code 1"));
}

TEST_F(EventsTest, AreNotSilencedByAClockThatWasSetBack) {  // PM-07
  events_.send_at_most(domain_, "errored", hours(1), job_);
  clock_.advance(-hours(24 * 300));
  events_.send_at_most(domain_, "errored", hours(1), job_);
  EXPECT_EQ(commands_.calls().size(), 2U);
  events_.send_at_most(domain_, "errored", hours(1), job_);
  EXPECT_EQ(commands_.calls().size(), 2U);
}

}  // namespace
}  // namespace md::renewal
