// SPDX-License-Identifier: Apache-2.0

// The decision over whole lifetimes, and with what the CA and the administrator say.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

#include "base/text.h"
#include "renewal/decide.h"

namespace md::renewal {
namespace {

using Action = RenewalDecision::Action;
using Cause = RenewalDue::Cause;
using std::chrono::days;
using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;
using ::testing::HasSubstr;

const TimePoint kNow = *parse_http_date("Sun, 22 Nov 2026 12:00:00 GMT");
constexpr const char* kId = "id.1";

model::ManagedDomain a_domain(const std::string& name = "example.org") {
  model::ManagedDomain domain;
  domain.name = name;
  domain.names = {*model::DnsName::parse(name)};
  domain.is_used = true;
  return domain;
}

RenewalFacts live(Duration age, Duration left, const std::string& name = "example.org") {
  CertificateFacts facts;
  facts.spec = model::KeySpec::rsa();
  facts.validity = {kNow - age, kNow + left};
  facts.names = {name};
  facts.ari_cert_id = kId;
  RenewalFacts all;
  all.live.certificates = {facts};
  return all;
}

CaAdvice advice(TimePoint renew_at, const std::string& why = "") {
  return {renew_at, renew_at + hours(1), renew_at, why};
}

TEST(RenewWindow, IsThatOfTheLifetime) {
  struct Case {
    const char* window;
    Duration lifetime;
    Duration left;  // when it becomes due
  };
  for (const Case& c : std::vector<Case>{
           {"33%", days(90), Duration(days(90)) * 33 / 100},
           {"33%", days(64), Duration(days(64)) * 33 / 100},
           {"33%", days(45), Duration(days(45)) * 33 / 100},
           {"33%", days(10), Duration(days(10)) * 33 / 100},
           {"33%", hours(160), hours(80)},  // the default outlasts two days without the CA
           {"33%", days(6), days(3)},
           {"40%", days(6), Duration(days(6)) * 40 / 100},
           {"1d", days(6), days(1)},
           {"30d", days(90), days(30)},
           {"30d", days(64), days(30)},
           {"30d", days(45), days(30)},
           {"30d", days(6), days(2)},  // as long as it lives: a third
       }) {
    model::ManagedDomain domain = a_domain();
    domain.settings.renew_window = *model::Window::parse(c.window);
    const auto facts = live(Duration(0), c.lifetime);
    const RenewalDue due = renewal_due(domain, facts, kNow);
    EXPECT_FALSE(due.due) << c.window << " of " << describe_duration(c.lifetime);
    EXPECT_EQ(*due.renew_at, kNow + c.lifetime - c.left)
        << c.window << " of " << describe_duration(c.lifetime);
    EXPECT_TRUE(renewal_due(domain, facts, *due.renew_at).due);
  }
}

TEST(RenewalStart, IsSpreadOverTheFirstPartOfTheWindow) {  // PM-08
  std::set<TimePoint> starts;
  for (int i = 0; i < 200; ++i) {
    const auto domain = a_domain("host" + std::to_string(i) + ".example.org");
    const auto facts = live(Duration(0), days(90), domain.name);
    const TimePoint due = *renewal_due(domain, facts, kNow).renew_at;
    const RenewalDecision decision = decide_renewal(domain, facts, model::Job(), due);
    const bool is_at_once = decision.action == Action::Renew;
    EXPECT_TRUE(is_at_once || decision.action == Action::Nothing);
    TimePoint start = due;
    while (decide_renewal(domain, facts, model::Job(), start).action != Action::Renew) {
      const TimePoint next = decide_renewal(domain, facts, model::Job(), start).next_check;
      ASSERT_GT(next, start);
      start = next;
    }
    EXPECT_LE(start - due, domain.settings.check_interval);
    starts.insert(start);
  }
  EXPECT_GT(starts.size(), 190U);
  EXPECT_GT(*starts.rbegin() - *starts.begin(), std::chrono::hours(11));
}

TEST(RenewalStart, IsAtOnceWhereItIsNotTheWindow) {  // PM-08
  for (int i = 0; i < 50; ++i) {
    const auto domain = a_domain("host" + std::to_string(i) + ".example.org");
    RenewalFacts nothing;
    nothing.live.flaw = "certificate(rsa) is missing";
    EXPECT_EQ(decide_renewal(domain, nothing, model::Job(), kNow).action, Action::Renew);
    auto asked = live(days(60), days(30), domain.name);
    asked.requested = store::RenewalRequest{false, kNow, ""};
    EXPECT_EQ(decide_renewal(domain, asked, model::Job(), kNow).action, Action::Renew);
    auto advised = live(days(60), days(30), domain.name);
    advised.advices.by_certificate[kId] = advice(kNow - hours(1));
    EXPECT_EQ(decide_renewal(domain, advised, model::Job(), kNow).action, Action::Renew);
    const auto late = live(days(70), days(20), domain.name);  // the server was away
    EXPECT_EQ(decide_renewal(domain, late, model::Job(), kNow).action, Action::Renew);
  }
}

TEST(AdvisedRenewal, IsWhicheverIsEarlier) {  // AC-37
  struct Case {
    const char* what;
    Duration from_now;
    model::Switch heeded;
    Duration left;
    bool due;
    Cause cause;
  };
  using model::Switch;
  for (const Case& c : std::vector<Case>{
           {"in the past", -hours(1), Switch::On, days(80), true, Cause::Advice},
           {"now", hours(0), Switch::On, days(80), true, Cause::Advice},
           {"ahead", hours(1), Switch::On, days(80), false, Cause::Advice},
           {"after our own time", days(60), Switch::On, days(80), false, Cause::Window},
           {"long after, when we are due", days(60), Switch::On, days(20), true, Cause::Window},
           {"not wanted", -hours(1), Switch::Off, days(80), false, Cause::Window},
       }) {
    auto domain = a_domain();
    domain.settings.renew_via_ari = c.heeded;
    auto facts = live(days(90) - c.left, c.left);
    facts.advices.by_certificate[kId] = advice(kNow + c.from_now);
    const RenewalDue due = renewal_due(domain, facts, kNow);
    EXPECT_EQ(due.due, c.due) << c.what;
    EXPECT_EQ(due.cause, c.cause) << c.what;
    if (c.due && c.cause == Cause::Advice) {
      EXPECT_THAT(due.reason, HasSubstr("the CA advises to renew certificate(rsa)")) << c.what;
      EXPECT_EQ(decide_renewal(domain, facts, model::Job(), kNow).action, Action::Renew);
    } else if (c.cause == Cause::Advice) {
      EXPECT_EQ(due.renew_at, kNow + c.from_now) << c.what;
    }
  }
}

TEST(AdvisedRenewal, IsOfTheCertificateThatTheAdviceIsAbout) {
  auto facts = live(days(1), days(89));
  facts.advices.by_certificate["another"] = advice(kNow - hours(1));
  EXPECT_FALSE(renewal_due(a_domain(), facts, kNow).due);
  facts.live.certificates.front().ari_cert_id = "";
  facts.advices.by_certificate[""] = advice(kNow - hours(1));
  EXPECT_FALSE(renewal_due(a_domain(), facts, kNow).due);
}

TEST(AdvisedRenewal, SaysWhy) {  // AC-38
  auto facts = live(days(1), days(89));
  facts.advices.by_certificate[kId] = advice(kNow - hours(1), "https://ca.test/why");
  EXPECT_THAT(renewal_due(a_domain(), facts, kNow).reason, HasSubstr("(see https://ca.test/why)"));
}

TEST(AdvisedRenewal, IsNotRepeatedAtOnce) {
  auto facts = live(hours(1), days(90) - hours(1));
  facts.advices.by_certificate[kId] = advice(kNow - days(3));
  facts.advices.followed = kNow - hours(1);
  EXPECT_FALSE(renewal_due(a_domain(), facts, kNow).due);
  EXPECT_TRUE(renewal_due(a_domain(), facts, kNow + days(5)).due);
  facts.advices.followed = kNow + days(300);  // before the clock was set back: PM-07
  EXPECT_TRUE(renewal_due(a_domain(), facts, kNow).due);
}

TEST(RequestedRenewal, OverridesModeAndOnceTheBackOff) {
  for (const auto mode : {model::RenewMode::Manual, model::RenewMode::Auto}) {
    auto domain = a_domain();
    domain.settings.renew_mode = mode;
    domain.is_used = false;
    auto facts = live(days(1), days(89));
    ASSERT_EQ(decide_renewal(domain, facts, model::Job(), kNow).action, Action::Nothing);
    facts.requested = store::RenewalRequest{false, kNow, ""};
    const RenewalDecision decision = decide_renewal(domain, facts, model::Job(), kNow);
    EXPECT_EQ(decision.action, Action::Renew);
    EXPECT_THAT(decision.reason, HasSubstr("asked for (a2md renew)"));

    model::Job job;
    job.errors = 3;
    job.last_run = kNow - minutes(1);
    job.next_run = kNow + hours(1);
    EXPECT_EQ(decide_renewal(domain, facts, job, kNow).action, Action::Wait);
    facts.requested->now = true;
    EXPECT_EQ(decide_renewal(domain, facts, job, kNow).action, Action::Renew);
    facts.staged_complete = true;
    EXPECT_EQ(decide_renewal(domain, facts, job, kNow).action, Action::Wait);
  }
}

TEST(HeldBack, WaitsForTheCaWhateverIsUrgent) {  // AC-48
  RenewalFacts facts;
  facts.live.flaw = "certificate(rsa) is missing";
  facts.requested = store::RenewalRequest{true, kNow, ""};
  facts.hold = CaHold{"https://ca.test/dir", kNow + hours(2)};
  const RenewalDecision decision = decide_renewal(a_domain(), facts, model::Job(), kNow);
  EXPECT_EQ(decision.action, Action::Wait);
  EXPECT_TRUE(decision.held_back);
  EXPECT_EQ(decision.next_check, kNow + hours(2));
  EXPECT_EQ(decision.reason,
            "certificate(rsa) is missing; CA https://ca.test/dir asks to wait until "
            "Sun, 22 Nov 2026 14:00:00 GMT");
  EXPECT_EQ(decide_renewal(a_domain(), facts, model::Job(), kNow + hours(2)).action, Action::Renew);
}

TEST(HeldBack, IsNobodyWhoIsNotDue) {
  auto facts = live(days(1), days(89));
  facts.hold = CaHold{"https://ca.test/dir", kNow + hours(2)};
  EXPECT_EQ(decide_renewal(a_domain(), facts, model::Job(), kNow).action, Action::Nothing);
}

TEST(Checks, AreNeverFurtherApartThanAHundredthOfTheShortestLifetime) {
  for (const Duration lifetime : {Duration(days(90)), Duration(days(64)), Duration(days(45)),
                                  Duration(days(6)), Duration(hours(1))}) {
    auto facts = live(Duration(0), days(90));
    facts.live.certificates.push_back(facts.live.certificates.front());
    facts.live.certificates.back().validity.until = kNow + lifetime;
    for (const auto check_interval : {hours(12), hours(24 * 30)}) {
      auto domain = a_domain();
      domain.settings.check_interval = check_interval;
      const auto decision = decide_renewal(domain, facts, model::Job(), kNow);
      EXPECT_LE(decision.next_check - kNow, lifetime / 100) << describe_duration(lifetime);
    }
  }
}

TEST(MustStaple, LeadsToOneRenewalPerToggle) {  // AC-41
  auto domain = a_domain();
  auto facts = live(days(1), days(89));
  int renewals = 0;
  for (const auto setting : {model::Switch::On, model::Switch::Off, model::Switch::On}) {
    domain.settings.must_staple = setting;
    for (TimePoint now = kNow; now < kNow + days(7); now += hours(6)) {
      if (decide_renewal(domain, facts, model::Job(), now).action == Action::Renew) {
        ++renewals;
        facts.live.certificates.front().must_staple = setting == model::Switch::On;
      }
    }
  }
  EXPECT_EQ(renewals, 3);
}

TEST(StaticFiles, AreRenewedOnlyWithModeAlways) {  // VH-22
  struct Case {
    model::RenewMode mode;
    Action when_due;
  };
  for (const Case& c : std::vector<Case>{{model::RenewMode::Auto, Action::Nothing},
                                         {model::RenewMode::Manual, Action::Nothing},
                                         {model::RenewMode::Always, Action::Renew}}) {
    auto domain = a_domain();
    domain.settings.certificate_files = {"/etc/ssl/own.pem"};
    domain.settings.renew_mode = c.mode;
    EXPECT_EQ(decide_renewal(domain, live(days(80), days(10)), model::Job(), kNow).action,
              c.when_due);
    EXPECT_EQ(decide_renewal(domain, live(days(1), days(89)), model::Job(), kNow).action,
              Action::Nothing);  // and only once: the newer one is no longer due
  }
}

}  // namespace
}  // namespace md::renewal
