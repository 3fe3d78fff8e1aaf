// SPDX-License-Identifier: Apache-2.0
#include "renewal/decide.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/text.h"
#include "renewal/backoff.h"

namespace md::renewal {
namespace {

using Action = RenewalDecision::Action;
using std::chrono::days;
using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;
using ::testing::HasSubstr;

const TimePoint kNow = *parse_http_date("Sun, 22 Nov 2026 12:00:00 GMT");

model::ManagedDomain a_domain() {
  model::ManagedDomain domain;
  domain.name = "example.org";
  domain.names = {*model::DnsName::parse("example.org"), *model::DnsName::parse("www.example.org")};
  domain.is_used = true;
  return domain;
}

CertificateFacts a_certificate(Duration age, Duration left) {
  CertificateFacts facts;
  facts.spec = model::KeySpec::rsa();
  facts.validity = {kNow - age, kNow + left};
  facts.names = {"example.org", "www.example.org"};
  return facts;
}

RenewalFacts live(std::vector<CertificateFacts> certificates) {
  RenewalFacts facts;
  facts.live.certificates = std::move(certificates);
  return facts;
}

RenewalFacts nothing_live() {
  RenewalFacts facts;
  facts.live.flaw = "certificate(rsa) is missing";
  return facts;
}

model::Job failed(unsigned errors, TimePoint last_run, TimePoint next_run) {
  model::Job job;
  job.name = "example.org";
  job.errors = errors;
  job.last_run = last_run;
  job.next_run = next_run;
  return job;
}

TEST(Supervision, FollowsModeUseAndStaticFiles) {
  struct Case {
    model::RenewMode mode;
    bool used;
    bool with_files;
    bool watched;
  };
  using model::RenewMode;
  for (const Case& c : std::vector<Case>{
           {RenewMode::Auto, true, false, true},
           {RenewMode::Auto, false, false, false},
           {RenewMode::Auto, true, true, false},  // VH-22
           {RenewMode::Always, false, false, true},
           {RenewMode::Always, true, true, true},
           {RenewMode::Manual, true, false, false},
       }) {
    model::ManagedDomain domain = a_domain();
    domain.settings.renew_mode = c.mode;
    domain.is_used = c.used;
    if (c.with_files) {
      domain.settings.certificate_files = {"/etc/ssl/own.pem"};
    }
    const Supervision supervision = supervision_of(domain);
    EXPECT_EQ(supervision.watched, c.watched) << supervision.reason;
    EXPECT_FALSE(supervision.reason.empty());
  }
}

TEST(RenewalDue, IsWhatTheWindowSays) {
  struct Case {
    const char* window;
    Duration age;
    Duration left;
    bool due;
  };
  for (const Case& c : std::vector<Case>{
           {"33%", days(60), days(30), false},
           {"33%", days(61), days(29), true},
           {"14d", days(75), days(15), false},
           {"14d", days(76), days(14), true},
           {"10", days(79), days(11), false},
           {"12h", days(89), hours(13), false},
           {"12h", days(89), hours(12), true},
           {"0%", days(90), seconds(1), false},
           {"90%", days(10), days(80), true},
           {"90%", days(8), days(82), false},
           {"86d", days(3), days(87), false},
           {"86d", days(5), days(85), true},
       }) {
    model::ManagedDomain domain = a_domain();
    domain.settings.renew_window = *model::Window::parse(c.window);
    const RenewalDue due = renewal_due(domain, live({a_certificate(c.age, c.left)}), kNow);
    EXPECT_EQ(due.due, c.due) << c.window << ": " << due.reason;
    EXPECT_TRUE(due.renew_at.has_value());
  }
}

TEST(RenewalDue, AgreesWithModMdAboutTheMoment) {  // reference/samples/md-status.json
  CertificateFacts certificate = a_certificate(Duration(0), Duration(0));
  certificate.validity = {*parse_http_date("Sun, 22 Nov 2026 12:41:24 GMT"),
                          *parse_http_date("Sat, 28 Nov 2026 12:41:23 GMT")};
  // There it is the default of 33 %, which for so short a lifetime is earlier here.
  model::ManagedDomain domain = a_domain();
  domain.settings.renew_window = model::Window::of_length(certificate.validity.length() * 33 / 100);
  const RenewalDue due =
      renewal_due(domain, live({certificate}), certificate.validity.from + minutes(1));
  EXPECT_FALSE(due.due);
  EXPECT_EQ(format_http_date(*due.renew_at), "Thu, 26 Nov 2026 13:10:12 GMT");
}

TEST(RenewalDue, IsOfTheCertificateThatIsFirst) {
  CertificateFacts other = a_certificate(days(8), days(4));
  other.spec = model::KeySpec::ec("secp384r1");
  const RenewalDue due =
      renewal_due(a_domain(), live({a_certificate(days(4), days(86)), other}), kNow);
  EXPECT_FALSE(due.due);
  EXPECT_EQ(*due.renew_at, other.validity.until - Duration(days(12)) * 33 / 100);
  const RenewalDue later =
      renewal_due(a_domain(), live({a_certificate(days(4), days(86)), other}), *due.renew_at);
  EXPECT_TRUE(later.due);
  EXPECT_THAT(later.reason, HasSubstr("certificate(secp384r1) expires in"));
}

TEST(RenewalDue, DoesNotLoopWithWindowsAsLongAsTheLifetime) {  // VH-17
  for (const char* window : {"90d", "91d", "10000d", "99%", "2160h"}) {
    for (const Duration lifetime : {Duration(days(90)), Duration(days(6)), Duration(hours(1))}) {
      model::ManagedDomain domain = a_domain();
      domain.settings.renew_window = *model::Window::parse(window);
      // CAs date certificates back a little.
      const auto fresh = a_certificate(lifetime / 25, lifetime - lifetime / 25);
      const RenewalDecision decision = decide_renewal(domain, live({fresh}), model::Job(), kNow);
      EXPECT_EQ(decision.action, Action::Nothing) << window << ": " << decision.reason;
      EXPECT_GT(decision.next_check, kNow);
      const auto old = a_certificate(lifetime * 4 / 5, lifetime / 5);
      EXPECT_TRUE(renewal_due(domain, live({old}), kNow).due) << window;
    }
  }
}

TEST(RenewalDue, NamesWhatIsWrong) {
  struct Case {
    const char* what;
    std::function<void(model::ManagedDomain&, RenewalFacts&)> change;
    const char* reason;
  };
  const std::vector<Case> cases{
      {"missing", [](auto&, auto& facts) { facts = nothing_live(); },
       "certificate(rsa) is missing"},
      {"nothing known", [](auto&, auto& facts) { facts = RenewalFacts(); },
       "there is no certificate"},
      {"expired", [](auto&, auto& facts) { facts.live.certificates[0].validity.until = kNow; },
       "certificate(rsa) has expired on Sun, 22 Nov 2026 12:00:00 GMT"},
      {"revoked", [](auto&, auto& facts) { facts.revoked = true; }, "revoked"},
      {"name added",
       [](auto& domain, auto&) {
         domain.names.push_back(*model::DnsName::parse("new.example.org"));
       },
       "certificate(rsa) does not cover new.example.org"},
      {"must-staple on",
       [](auto& domain, auto&) { domain.settings.must_staple = model::Switch::On; },
       "MDMustStaple is on"},
      {"must-staple off", [](auto&, auto& facts) { facts.live.certificates[0].must_staple = true; },
       "MDMustStaple is off"},
  };
  for (const Case& c : cases) {
    model::ManagedDomain domain = a_domain();
    RenewalFacts facts = live({a_certificate(days(1), days(89))});
    ASSERT_FALSE(renewal_due(domain, facts, kNow).due);
    c.change(domain, facts);
    const RenewalDue due = renewal_due(domain, facts, kNow);
    EXPECT_TRUE(due.due) << c.what;
    EXPECT_THAT(due.reason, HasSubstr(c.reason));
    EXPECT_EQ(due.renew_at, kNow) << c.what;
    EXPECT_EQ(decide_renewal(domain, facts, model::Job(), kNow).action, Action::Renew) << c.what;
  }
}

TEST(RenewalDue, FollowsAChangeOfTheCa) {
  struct Case {
    const char* noted;      // with the certificate, when it was issued
    const char* of_record;  // in md.json
    bool due;
  };
  for (const Case& c : {Case{"", "", false}, Case{"https://one.test", "", false},
                        Case{"https://two.test", "", false}, Case{"https://old.test", "", true},
                        Case{"", "https://one.test", false}, Case{"", "https://old.test", true},
                        Case{"https://one.test", "https://old.test", false}}) {
    model::ManagedDomain domain = a_domain();
    domain.settings.authorities = {{"https://one.test", "one"}, {"https://two.test", "two"}};
    RenewalFacts facts = live({a_certificate(days(1), days(89))});
    facts.live.certificates[0].ari_cert_id = "a.b";
    facts.issuing_ca = c.of_record;
    if (*c.noted != '\0') {
      facts.advices.issuers["a.b"] = c.noted;
    }
    const RenewalDue due = renewal_due(domain, facts, kNow);
    EXPECT_EQ(due.due, c.due) << c.noted << ' ' << c.of_record;
    if (c.due) {
      EXPECT_EQ(due.reason,
                "certificate(rsa) is of https://old.test, which is not configured any more");
    }
    domain.settings.certificate_files = {"cert.pem"};
    EXPECT_FALSE(renewal_due(domain, facts, kNow).due);
  }
}

TEST(RenewalDue, DoesNotWaitForMustStapleFromTailscale) {
  model::ManagedDomain domain = a_domain();
  domain.settings.protocol = model::CertificateProtocol::Tailscale;
  domain.settings.must_staple = model::Switch::On;
  EXPECT_FALSE(renewal_due(domain, live({a_certificate(days(1), days(89))}), kNow).due);
}

TEST(RenewalDue, TakesWildcardsForTheNamesTheyCover) {
  model::ManagedDomain domain = a_domain();
  CertificateFacts certificate = a_certificate(days(1), days(89));
  certificate.names = {"*.example.org", "example.org"};
  EXPECT_FALSE(renewal_due(domain, live({certificate}), kNow).due);
  domain.names.push_back(*model::DnsName::parse("*.example.org"));
  EXPECT_FALSE(renewal_due(domain, live({certificate}), kNow).due);
}

TEST(RenewalDue, DoesNotFollowRemovedNames) {
  model::ManagedDomain domain = a_domain();
  domain.names.pop_back();
  EXPECT_FALSE(renewal_due(domain, live({a_certificate(days(1), days(89))}), kNow).due);
}

TEST(DecideRenewal, LeavesUnwatchedDomainsAlone) {
  model::ManagedDomain domain = a_domain();
  domain.settings.renew_mode = model::RenewMode::Manual;
  const RenewalDecision decision = decide_renewal(domain, nothing_live(), model::Job(), kNow);
  EXPECT_EQ(decision.action, Action::Nothing);
  EXPECT_THAT(decision.reason, HasSubstr("manual"));
  EXPECT_EQ(decision.next_check, kNow + hours(12));
}

TEST(DecideRenewal, WaitsForTheActivationOfAStagedSet) {  // SE-13
  RenewalFacts facts = live({a_certificate(days(80), days(10))});
  facts.staged_complete = true;
  const RenewalDecision decision = decide_renewal(a_domain(), facts, model::Job(), kNow);
  EXPECT_EQ(decision.action, Action::Wait);
  EXPECT_THAT(decision.reason, HasSubstr("activation"));
  EXPECT_GT(decision.next_check, kNow);
}

TEST(DecideRenewal, WaitsForTheNextRunAfterFailures) {  // AC-25
  const model::Job job = failed(3, kNow - minutes(1), kNow + minutes(2));
  const RenewalDecision before = decide_renewal(a_domain(), nothing_live(), job, kNow);
  EXPECT_EQ(before.action, Action::Wait);
  EXPECT_EQ(before.next_check, kNow + minutes(2));
  EXPECT_EQ(before.reason,
            "certificate(rsa) is missing; 3 attempts failed, the next is at "
            "Sun, 22 Nov 2026 12:02:00 GMT");
  EXPECT_EQ(decide_renewal(a_domain(), nothing_live(), job, kNow + minutes(2)).action,
            Action::Renew);
}

TEST(DecideRenewal, WaitsWhereAnEventCommandHasPutItOff) {  // CH-22
  const model::Job job = failed(0, kNow - minutes(1), kNow + minutes(2));
  const RenewalDecision decision = decide_renewal(a_domain(), nothing_live(), job, kNow);
  EXPECT_EQ(decision.action, Action::Wait);
  EXPECT_THAT(decision.reason, HasSubstr("put off until"));
}

TEST(DecideRenewal, IgnoresAFinishedJobWithoutStagedFiles) {  // ST-02
  model::Job job = failed(0, kNow - minutes(1), kNow + hours(2));
  job.finished = true;
  job.notified = true;
  EXPECT_EQ(decide_renewal(a_domain(), nothing_live(), job, kNow).action, Action::Renew);
}

TEST(DecideRenewal, SurvivesClockJumps) {  // PM-07
  struct Case {
    const char* what;
    TimePoint last_run;
    TimePoint next_run;
    Action action;
  };
  for (const Case& c : std::vector<Case>{
           {"as it should be", kNow - hours(1), kNow + hours(30), Action::Wait},
           {"the CA asked for long", kNow - hours(1), kNow + days(29), Action::Wait},
           {"a little set back", kNow + minutes(2), kNow + minutes(3), Action::Wait},
           {"set back by days", kNow + days(3), kNow + days(3) + minutes(1), Action::Renew},
           {"set back by years", kNow + days(3000), kNow + days(3001), Action::Renew},
           {"no one can have meant", kNow - hours(1), kNow + days(31), Action::Renew},
           {"set forward", kNow - days(400), kNow - days(399), Action::Renew},
       }) {
    const model::Job job = failed(2, c.last_run, c.next_run);
    EXPECT_EQ(decide_renewal(a_domain(), nothing_live(), job, kNow).action, c.action) << c.what;
  }
  model::Job job = failed(2, kNow, kNow + days(5000));
  job.last_run.reset();
  EXPECT_EQ(decide_renewal(a_domain(), nothing_live(), job, kNow).action, Action::Renew);
}

TEST(DecideRenewal, ChecksOftenEnoughForShortLifetimes) {
  const auto next_check = [](Duration lifetime) {
    const auto facts = live({a_certificate(Duration(0), lifetime)});
    return decide_renewal(a_domain(), facts, model::Job(), kNow).next_check - kNow;
  };
  EXPECT_EQ(next_check(days(90)), hours(12));
  EXPECT_EQ(next_check(hours(100)), hours(1));
  EXPECT_EQ(next_check(seconds(200)), seconds(2));
  EXPECT_EQ(next_check(seconds(20)), seconds(1));
}

TEST(DecideRenewal, LooksAgainWhenItBecomesDue) {
  const auto facts = live({a_certificate(days(60), days(30))});
  const RenewalDecision decision = decide_renewal(a_domain(), facts, model::Job(), kNow);
  EXPECT_EQ(decision.action, Action::Nothing);
  EXPECT_EQ(decision.next_check,
            facts.live.certificates[0].validity.until - Duration(days(90)) * 33 / 100);
}

TEST(DecideRenewal, NeverChecksInThePastNorAtOnce) {
  model::ManagedDomain domain = a_domain();
  for (const auto interval : {std::chrono::milliseconds::min(), std::chrono::milliseconds(0),
                              std::chrono::milliseconds::max()}) {
    domain.settings.check_interval = interval;
    const auto facts = live({a_certificate(days(1), days(89))});
    EXPECT_GE(decide_renewal(domain, facts, model::Job(), kNow).next_check, kNow + seconds(1));
  }
}

TEST(DecideRenewal, RenewsOncePerLifetimeInAYear) {
  const model::ManagedDomain domain = a_domain();
  RenewalFacts facts = live({a_certificate(Duration(0), days(90))});
  int renewals = 0;
  int checks = 0;
  for (TimePoint now = kNow; now < kNow + days(365); ++checks) {
    const RenewalDecision decision = decide_renewal(domain, facts, model::Job(), now);
    if (decision.action == Action::Renew) {
      ++renewals;
      facts.live.certificates[0].validity = {now, now + days(90)};
    } else {
      now = decision.next_check;
    }
  }
  EXPECT_GE(renewals, 5);  // every 60.3 days, and up to 1.5 days later
  EXPECT_LE(renewals, 6);
  EXPECT_LT(checks, 365 * 2 + 20);
}

TEST(State, IsWhatTheCertificatesAre) {
  using model::DomainState;
  EXPECT_EQ(state_of(live({a_certificate(days(1), days(1))}).live, kNow),
            std::pair(DomainState::Complete, std::string()));
  EXPECT_EQ(state_of(nothing_live().live, kNow),
            std::pair(DomainState::Incomplete, std::string("certificate(rsa) is missing")));
  const auto [state, description] = state_of(live({a_certificate(days(2), -days(1))}).live, kNow);
  EXPECT_EQ(state, DomainState::Expired);
  EXPECT_EQ(description, "certificate(rsa) has expired on Sat, 21 Nov 2026 12:00:00 GMT");
}

}  // namespace
}  // namespace md::renewal
