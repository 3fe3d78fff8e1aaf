// SPDX-License-Identifier: Apache-2.0
#include "renewal/job_journal.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/testing/fake_clock.h"
#include "base/testing/recording_logger.h"
#include "json/value.h"
#include "renewal/testing/renewal_bed.h"
#include "store/documents.h"
#include "store/testing/memory_store.h"

namespace md::renewal {
namespace {

using namespace std::chrono_literals;
using store::Durability;
using ::testing::Contains;
using ::testing::Each;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using testing::RenewalBed;

constexpr auto kMoment = JobJournal::kMoment;

class JournalOfAJob : public ::testing::Test {
 protected:
  std::string shown() const {
    const auto text = store_.load(store::Group::Staging, "example.org", store::kJobFile);
    const auto value =
        text ? json::Value::parse(*text, "job.json") : Result<json::Value>(text.error());
    return value ? store::parse_job(*value).last.activity : "";
  }

  testing::MemoryStore store_;
  testing::FakeClock clock_;
  testing::FakeWaiter inner_{clock_};
  testing::RecordingLogger logger_;
  JobJournal journal_{JobJournal::load(store_, clock_, logger_, "example.org")};
  JournalWaiter waiter_{inner_, journal_};
};

TEST_F(JournalOfAJob, HasNoFileForStepsThatAreOverInAMoment) {
  for (int i = 0; i < 10; ++i) {
    journal_.progress("one of many");
    EXPECT_FALSE(waiter_.stopped());
  }
  EXPECT_TRUE(waiter_.wait_for(kMoment / 2));
  EXPECT_THAT(shown(), IsEmpty());
  EXPECT_EQ(journal_.job.last.activity, "one of many");
  EXPECT_EQ(journal_.job.log.size(), 10U);
}

TEST_F(JournalOfAJob, M3_ThatCannotBeReadIsAFailureWithARestAndNoFirstAttempt) {
  for (const std::string& broken : {std::string("{"), std::string("[1]x"), std::string()}) {
    ASSERT_TRUE(store_.save(store::Group::Staging, "example.org", store::kJobFile, broken,
                            Durability::Synced));
    const auto first = JobJournal::load(store_, clock_, logger_, "example.org");
    EXPECT_EQ(first.job.errors, 1U);
    ASSERT_TRUE(first.job.next_run);
    EXPECT_GT(*first.job.next_run, clock_.now() + 5min);
    clock_.advance(1min);
    const auto second = JobJournal::load(store_, clock_, logger_, "example.org");
    EXPECT_EQ(second.job.next_run, first.job.next_run) << "it is not put off for ever";
  }
}

TEST_F(JournalOfAJob, ShowsBeforeAWaitThatWillTakeLong) {
  journal_.progress("waiting");
  inner_.stop();  // the wait returns at once
  EXPECT_FALSE(waiter_.wait_for(kMoment));
  EXPECT_EQ(shown(), "waiting");
}

TEST_F(JournalOfAJob, ShowsWhatLastsThoughEachWaitIsShort) {
  journal_.progress("short waits");
  for (int i = 0; i < 4; ++i) {
    EXPECT_TRUE(waiter_.wait_for(kMoment / 4));
  }
  EXPECT_EQ(shown(), "short waits");
}

TEST_F(JournalOfAJob, ShowsARequestThatHangs) {
  journal_.progress("asking");
  clock_.advance(kMoment);
  EXPECT_FALSE(waiter_.stopped());  // as the client asks while it waits for the answer
  EXPECT_EQ(shown(), "asking");
}

TEST_F(JournalOfAJob, CountsFromTheFirstStepThatIsNotShown) {
  for (const char* step : {"first", "second", "third"}) {
    journal_.progress(step);
    EXPECT_TRUE(waiter_.wait_for(kMoment * 2 / 5));
  }
  EXPECT_EQ(shown(), "third");
}

TEST_F(JournalOfAJob, ShowsWhenTheClockWasSetBack) {
  journal_.progress("asking");
  clock_.advance(-1h);
  EXPECT_FALSE(waiter_.stopped());
  EXPECT_EQ(shown(), "asking");
}

TEST_F(JournalOfAJob, WritesAllThatIsNotedWithASaveAndNothingAfterIt) {
  journal_.progress("last step");
  ASSERT_TRUE(journal_.save(Durability::Synced));
  EXPECT_EQ(shown(), "last step");
  ASSERT_TRUE(store_.remove_file(store::Group::Staging, "example.org", store::kJobFile));
  EXPECT_TRUE(waiter_.wait_for(2 * kMoment));
  EXPECT_THAT(shown(), IsEmpty());
}

TEST(JournalOfARenewal, ShowsWhatTheCaIsWaitedForIn) {
  RenewalBed bed({"example.org"});
  bed.ca.behaviour.polls_until_valid = 6;
  std::vector<std::string> shown;
  bed.ca.behaviour.intercept = [&](const http::Request&) -> std::optional<Result<http::Response>> {
    shown.push_back(bed.job().last.activity);
    return std::nullopt;
  };
  bed.check();
  ASSERT_TRUE(bed.has_staged());
  EXPECT_THAT(shown, Contains(HasSubstr("Monitoring challenge status")));
}

TEST(JournalOfARenewal, IsWrittenAtBeginAndEndWhereNothingIsWaitedFor) {
  RenewalBed bed({"example.org"});
  std::vector<std::string> shown;
  bed.ca.behaviour.intercept = [&](const http::Request&) -> std::optional<Result<http::Response>> {
    shown.push_back(bed.job().last.activity);
    return std::nullopt;
  };
  bed.check();
  ASSERT_TRUE(bed.has_staged());
  EXPECT_TRUE(bed.job().finished);
  EXPECT_THAT(shown, Each(IsEmpty()));
}

}  // namespace
}  // namespace md::renewal
