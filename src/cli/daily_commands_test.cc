// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <filesystem>

#include "base/text.h"
#include "cli/session_fixture.h"
#include "renewal/activation.h"
#include "renewal/staged_set.h"
#include "renewal/testing/sample_sets.h"
#include "store/documents.h"
#include "store/domain_settings.h"
#include "store/renewal_request.h"

namespace md::testing {
namespace {

using std::chrono::hours;
using store::Durability;
using store::Group;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

constexpr hours kDay{24};
const std::string kName = "example.org";

class DailyCommands : public SessionFixture {
 protected:
  DailyCommands() { EXPECT_TRUE(run({"add", kName, "www.example.org"})); }

  /// A set of 90 days, of which `age` have gone by.
  store::ServedSet set_of(int age) {
    const TimePoint from = clock().now() - kDay * age;
    model::ManagedDomain domain = testing::sample_domain({kName, "www.example.org"});
    domain.settings.key_specs.clear();
    return testing::sample_set(domain, {from, from + kDay * 90});
  }
  void put_live(int age) {
    testing::put_set(store(), Group::Domains, kName, set_of(age), store().key());
  }
  void put_archived(int number, int age) {
    testing::put_set(store(), Group::Archive, kName + "." + std::to_string(number), set_of(age),
                     store().key());
  }
  void put_failed_job() {
    model::Job job;
    job.name = kName;
    job.errors = 3;
    job.next_run = clock().now() + hours(1);
    job.last.problem.detail = "DNS problem: NXDOMAIN";
    ASSERT_TRUE(store().save(Group::Staging, kName, store::kJobFile, store::to_json(job).dump(),
                             Durability::Synced));
  }
  int exit_code_of(const std::vector<std::string>& line) {
    const auto answer = run(line);
    EXPECT_TRUE(answer) << answer.error().message;
    return answer ? answer->exit_code : -1;
  }
};

TEST_F(DailyCommands, StatusShowsStateDaysAndRenewal) {
  put_live(30);
  const auto answer = run({"status"});
  ASSERT_TRUE(answer);
  EXPECT_THAT(answer->text, HasSubstr("NAME"));
  EXPECT_THAT(answer->text, HasSubstr("example.org  good"));
  EXPECT_THAT(answer->text, HasSubstr("60"));
  EXPECT_TRUE(answer->output.front().has("renew-at"));
}

TEST_F(DailyCommands, StatusShowsTheLastError) {
  put_failed_job();
  const auto answer = run({"status", "www.example.org"});
  ASSERT_TRUE(answer);
  EXPECT_THAT(answer->text, HasSubstr("DNS problem: NXDOMAIN (3x)"));
}

TEST_F(DailyCommands, StatusOfAnUnknownDomainIsAnError) {
  EXPECT_THAT(error_of({"status", "other.net"}), HasSubstr("managed domain not found: other.net"));
}

TEST_F(DailyCommands, ExplainGivesTheReasonOfTheDecision) {
  put_live(30);
  EXPECT_EQ(document_of({"explain", kName}).get("action").as_string(), "nothing");
  put_live(70);
  const json::Value due = document_of({"explain", kName});
  EXPECT_THAT(due.get("reason").as_string().value_or(""), Not(IsEmpty()));
  EXPECT_LE(*due.get("renew-at").as_time(), clock().now());
}

TEST_F(DailyCommands, ExplainSaysWhatAFailedRenewalWaitsFor) {
  put_failed_job();
  const auto answer = run({"explain", kName});
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->output.front().get("action").as_string(), "wait");
  EXPECT_THAT(answer->text, HasSubstr("DNS problem: NXDOMAIN"));
}

TEST_F(DailyCommands, CheckSaysOkByItsExitCode) {
  put_live(30);
  EXPECT_EQ(run({"check"})->text, "OK: 1 managed domain\n");
  EXPECT_EQ(exit_code_of({"check"}), 0);
}

TEST_F(DailyCommands, CheckWarnsOfWhatEndsSoonAndOfFailingRenewals) {
  put_live(85);
  put_failed_job();
  const auto answer = run({"check", kName});
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->exit_code, 1);
  EXPECT_THAT(answer->text, HasSubstr("WARNING: example.org: the certificate expires at"));
  EXPECT_THAT(answer->text, HasSubstr("renewal fails: DNS problem"));
}

TEST_F(DailyCommands, CheckIsCriticalOfWhatClientsSee) {
  EXPECT_EQ(exit_code_of({"check"}), 2);  // no certificate
  put_live(91);
  EXPECT_EQ(exit_code_of({"check"}), 2);
  EXPECT_THAT(run({"check"})->text,
              HasSubstr("CRITICAL: example.org: the certificate has expired"));
  put_live(30);
  ASSERT_TRUE(store().save(Group::Domains, kName, "privkey.pem", "no key", Durability::Synced));
  EXPECT_EQ(exit_code_of({"check"}), 2);
  EXPECT_THAT(run({"check"})->text, HasSubstr("privkey.pem"));
}

TEST_F(DailyCommands, CheckIsCriticalOfADomainThatCannotBeRead) {
  put_live(30);
  ASSERT_TRUE(store().save(Group::Domains, "bad.example.org", "md.json", "{", Durability::Synced));
  EXPECT_EQ(exit_code_of({"check"}), 2);
  EXPECT_THAT(run({"check"})->text, HasSubstr("bad.example.org/md.json"));
}

TEST_F(DailyCommands, CheckWarnsOfKeysThatOthersMayRead) {
  put_live(30);
  std::filesystem::permissions(store().path(Group::Domains, kName, "privkey.pem"),
                               std::filesystem::perms(0644));
  EXPECT_EQ(exit_code_of({"check"}), 1);
  EXPECT_THAT(run({"check"})->text, HasSubstr("(mode 644)"));
}

TEST_F(DailyCommands, RenewAsksTheServer) {
  ASSERT_TRUE(run({"renew", "www.example.org", "--now"}));
  const auto text = store().load_at_root(store::request_path(kName));
  ASSERT_TRUE(text);
  const auto request = store::parse_renewal_request(*text, kName, store().key());
  ASSERT_TRUE(request) << request.error().message;
  EXPECT_TRUE(request->now);
  EXPECT_EQ(request->requested, clock().now());
  ASSERT_TRUE(run({"renew", kName}));
  EXPECT_EQ(document_of({"explain", kName}).get("requested").as_bool(), true);
}

TEST_F(DailyCommands, RenewAsksForNothingIfOneNameIsUnknown) {
  EXPECT_THAT(error_of({"renew", kName, "other.net"}), HasSubstr("other.net"));
  EXPECT_FALSE(store().load_at_root(store::request_path(kName)));
}

TEST_F(DailyCommands, CancelTakesItBack) {
  ASSERT_TRUE(run({"renew", kName}));
  ASSERT_TRUE(run({"cancel", kName}));
  EXPECT_FALSE(store().load_at_root(store::request_path(kName)));
  EXPECT_THAT(error_of({"cancel", kName}), HasSubstr("no renewal is asked for"));
}

TEST_F(DailyCommands, HistoryShowsTheArchiveNewestFirst) {
  put_archived(1, 80);
  put_archived(10, 60);
  put_archived(2, 70);
  put_archived(3, 65);  // a number that was free
  ASSERT_TRUE(store().save(Group::Archive, "example.org.uk.1", "x", "y", Durability::Replaceable));
  const auto answer = run({"history", kName});
  ASSERT_TRUE(answer);
  std::vector<std::int64_t> numbers;
  for (const json::Value& one : answer->output) {
    numbers.push_back(one.get("number").as_int().value_or(0));
  }
  EXPECT_THAT(numbers, ElementsAre(10, 3, 2, 1));
  EXPECT_EQ(answer->output.front().get("from").as_time(), clock().now() - kDay * 60);
}

TEST_F(DailyCommands, HistoryOfNothingSaysSo) {
  EXPECT_THAT(run({"history", kName})->text, HasSubstr("nothing in the archive"));
}

TEST_F(DailyCommands, RestoreStagesASetThatGoesLive) {
  put_live(30);
  put_archived(1, 50);
  ASSERT_TRUE(run({"restore", kName, "1"}));
  const auto record = store::parse_domain(
      store().load(Group::Domains, kName, store::kDomainFile).value_or(""), "md.json");
  const auto domain = store::managed_domain_of(*record);
  ASSERT_TRUE(domain);
  const auto outcome =
      renewal::activate_staged(store(), *domain, renewal::ActivationMoment::Live, clock().now());
  ASSERT_TRUE(outcome) << outcome.error().message;
  EXPECT_EQ(outcome->kind, renewal::ActivationOutcome::Kind::Activated) << outcome->reason;
  const auto live = renewal::load_set(store(), Group::Domains, *domain, store().key()).facts();
  EXPECT_EQ(live.overlap()->from, clock().now() - kDay * 50);
  EXPECT_EQ(run({"history", kName})->output.size(), 2U);
}

TEST_F(DailyCommands, RestoreRefusesWhatCannotBeUsed) {
  put_archived(1, 91);
  EXPECT_THAT(error_of({"restore", kName, "1"}), HasSubstr("and not now"));
  EXPECT_THAT(error_of({"restore", kName, "2"}), HasSubstr("the archive has no example.org.2"));
  put_archived(3, 30);
  ASSERT_TRUE(
      store().save(Group::Archive, "example.org.3", "pubcert.pem", "none", Durability::Synced));
  EXPECT_THAT(error_of({"restore", kName, "3"}), HasSubstr("cannot be used"));
  EXPECT_FALSE(store().folder_exists(Group::Staging, kName));
}

}  // namespace
}  // namespace md::testing
