// SPDX-License-Identifier: Apache-2.0

// Years of many domains in milliseconds: the very decisions that the worker makes, with a clock,
// a CA and dice that are made up. What is simulated is what Visit does between them: it checks when
// the decision wants it to, backs off after failures, asks the CA for its advice.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <iostream>
#include <queue>
#include <random>
#include <vector>

#include "base/text.h"
#include "renewal/backoff.h"
#include "renewal/decide.h"

namespace md::renewal {
namespace {

using Action = RenewalDecision::Action;
using std::chrono::days;
using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;

const TimePoint kStart = *parse_http_date("Sun, 22 Nov 2026 12:00:00 GMT");
constexpr Duration kYear = days(365);

struct Plan {
  const char* what;
  Duration lifetime;
  Duration longest_outage;
  bool gives_advice;  ///< suggests windows, as Let's Encrypt does
  unsigned domains{1000};
};

struct Outcome {
  unsigned orders{0};
  unsigned needed{0};  ///< by a client that knows when the CA will be there
  unsigned expired{0};
  unsigned failures{0};
  Duration least_left{days(1000)};  ///< of any certificate, when it was replaced
  unsigned most_in_an_hour{0};      ///< orders, once the first ones lie some months back
};

/// A year of outages. Between two of them the CA is there for a day at least: no client could do
/// anything about less.
class Outages {
 public:
  Outages(Duration longest, std::mt19937_64& dice) {
    const auto between = [&](Duration from, Duration to) {
      return Duration(std::uniform_int_distribution<Duration::rep>(from.count(), to.count())(dice));
    };
    TimePoint when = kStart + between(days(1), days(20));
    while (when < kStart + kYear + days(100)) {
      const TimePoint end = when + between(minutes(10), longest);
      outages_.push_back({when, end, dice() % 2 == 0});
      when = end + between(days(1), days(20));
    }
  }
  enum class State {
    Fine,
    Away,   ///< nothing is answered
    Stuck,  ///< orders are taken and never issued, until the end of it
  };
  [[nodiscard]] State at(TimePoint now) const {
    const auto* const found = find(now);
    if (found == nullptr) {
      return State::Fine;
    }
    return found->is_stuck ? State::Stuck : State::Away;
  }
  /// The last moment until then at which the CA is there.
  [[nodiscard]] TimePoint last_chance(TimePoint now) const {
    const auto* const found = find(now);
    return found == nullptr ? now : found->from - seconds(1);
  }

 private:
  struct Outage {
    TimePoint from;
    TimePoint until;
    bool is_stuck;
  };
  [[nodiscard]] const Outage* find(TimePoint now) const {
    const auto after = std::upper_bound(outages_.begin(), outages_.end(), now,
                                        [](TimePoint t, const Outage& o) { return t < o.from; });
    if (after == outages_.begin() || std::prev(after)->until <= now) {
      return nullptr;
    }
    return &*std::prev(after);
  }
  std::vector<Outage> outages_;
};

class Simulation {
 public:
  Simulation(Plan plan, unsigned seed)
      : plan_(plan), dice_(seed), outages_(plan.longest_outage, dice_), hours_(365 * 24 + 1) {
    for (unsigned i = 0; i < plan.domains; ++i) {
      Host& host = hosts_.emplace_back();
      host.domain.name = "host" + std::to_string(i) + ".example.org";
      host.domain.names = {*model::DnsName::parse(host.domain.name)};
      host.domain.is_used = true;
      host.facts.live.flaw = "certificate(rsa) is missing";
      agenda_.push({kStart, i});
    }
  }

  Outcome run() {
    while (!agenda_.empty() && agenda_.top().when < kStart + kYear) {
      const Entry entry = agenda_.top();
      agenda_.pop();
      agenda_.push(
          {std::max<TimePoint>(visit(hosts_[entry.host], entry.when), entry.when + seconds(1)),
           entry.host});
    }
    for (const Host& host : hosts_) {
      note_end(host, kStart + kYear);
    }
    outcome_.needed = static_cast<unsigned>(hosts_.size()) * needed_by_one();
    const auto settled = hours_.begin() + 90 * 24;
    outcome_.most_in_an_hour = *std::max_element(settled, hours_.end());
    return outcome_;
  }

 private:
  struct Host {
    model::ManagedDomain domain;
    RenewalFacts facts;
    model::Job job;
    bool has_order{false};  ///< under way: it is taken up again
    std::optional<TimePoint> ask_at;
  };
  struct Entry {
    TimePoint when;
    std::size_t host;
    friend bool operator<(const Entry& a, const Entry& b) { return a.when > b.when; }
  };

  double uniform() { return std::uniform_real_distribution<double>(0, 1)(dice_); }

  /// When to look again: as Visit::run.
  TimePoint visit(Host& host, TimePoint now) {
    RenewalDecision decision = decide_renewal(host.domain, host.facts, host.job, now);
    if (decision.action == Action::Nothing && ask(host, now)) {
      decision = decide_renewal(host.domain, host.facts, host.job, now);
    }
    if (decision.action == Action::Renew) {
      return attempt(host, now);
    }
    // Checks that would find the same as this one are left out.
    const TimePoint renew_at = *renewal_due(host.domain, host.facts, now).renew_at;
    const TimePoint next = decision.action == Action::Nothing
                               ? std::max(decision.next_check, renew_at)
                               : decision.next_check;
    return host.ask_at ? std::min(next, std::max(*host.ask_at, now)) : next;
  }

  /// As AdviceDesk: a failure is tried again an hour later.
  bool ask(Host& host, TimePoint now) {
    if (!plan_.gives_advice || (host.ask_at && now < *host.ask_at)) {
      return false;
    }
    if (outages_.at(now) != Outages::State::Fine) {
      host.ask_at = now + hours(1);
      return false;
    }
    CertificateFacts& certificate = host.facts.live.certificates.front();
    acme::RenewalInfo info;  // the middle of short lifetimes, two thirds of others, 2 % wide
    const Duration lifetime = certificate.validity.length();
    info.window_start =
        certificate.validity.from + (lifetime < days(10) ? lifetime / 2 : lifetime * 2 / 3);
    info.window_end = info.window_start + lifetime / 50;
    auto& advices = host.facts.advices.by_certificate;
    const auto before = advices.find(certificate.ari_cert_id);
    const auto known = before == advices.end() ? std::nullopt : std::optional(before->second);
    advices.insert_or_assign(certificate.ari_cert_id, choose_moment(info, known, uniform()));
    host.ask_at = now + info.retry_after;
    return true;
  }

  TimePoint attempt(Host& host, TimePoint now) {
    host.job.last_run = now;
    host.job.next_run.reset();
    const auto state = outages_.at(now);
    if (state != Outages::State::Away && !host.has_order) {
      host.has_order = true;
      ++outcome_.orders;
      ++hours_[static_cast<std::size_t>((now - kStart) / hours(1))];
    }
    return state == Outages::State::Fine ? succeed(host, now) : back_off(host, now);
  }

  TimePoint succeed(Host& host, TimePoint now) {
    note_end(host, now);
    host.has_order = false;
    host.job = model::Job{};
    host.job.finished = true;
    host.ask_at.reset();
    host.facts = RenewalFacts{};
    CertificateFacts certificate;
    certificate.spec = model::KeySpec::rsa();
    // CAs date certificates back.
    certificate.validity = {now - hours(1), now - hours(1) + plan_.lifetime};
    certificate.names = {host.domain.name};
    certificate.serial = certificate.ari_cert_id = std::to_string(++serial_);
    host.facts.live.certificates = {certificate};
    return now + seconds(2);
  }

  TimePoint back_off(Host& host, TimePoint now) {
    ++outcome_.failures;
    BackoffFacts facts;
    facts.errors = ++host.job.errors;
    facts.retry_delay = host.domain.settings.retry_delay;
    if (const auto overlap = host.facts.live.overlap(); overlap && overlap->until > now) {
      facts.lifetime_left = std::chrono::duration_cast<Duration>(overlap->until - now);
    }
    host.job.next_run = now + retry_delay_after(facts, uniform());
    return *host.job.next_run;
  }

  void note_end(const Host& host, TimePoint now) {
    if (const auto overlap = host.facts.live.overlap()) {
      const auto left = std::chrono::duration_cast<Duration>(overlap->until - now);
      outcome_.least_left = std::min(outcome_.least_left, left);
      outcome_.expired += left <= Duration(0) ? 1 : 0;
    }
  }

  /// With the same windows (advice included), no moment later and no failure. Where the CA is away
  /// when one opens, such a client has ordered before.
  unsigned needed_by_one() const {
    unsigned orders = 0;
    for (TimePoint now = kStart; now < kStart + kYear; ++orders) {
      RenewalFacts facts;
      CertificateFacts certificate;
      certificate.spec = model::KeySpec::rsa();
      certificate.validity = {now - hours(1), now - hours(1) + plan_.lifetime};
      certificate.names = {hosts_.front().domain.name};
      facts.live.certificates = {certificate};
      const TimePoint window = *renewal_due(hosts_.front().domain, facts, now).renew_at;
      now = std::max<TimePoint>(outages_.last_chance(window), now + hours(1));
    }
    return orders;
  }

  const Plan plan_;
  std::mt19937_64 dice_;
  const Outages outages_;
  std::vector<Host> hosts_;
  std::priority_queue<Entry> agenda_;
  std::vector<unsigned> hours_;
  unsigned serial_{0};
  Outcome outcome_;
};

// issue 3, "done when" 4
TEST(Simulation, OfAYearLetsNoCertificateExpireAndOrdersHardlyMoreThanNeeded) {  // PM-08
  for (const Plan& plan : std::vector<Plan>{
           {"6 days, outages of 2 days", days(6), days(2), false},
           {"6 days, outages of 2 days, with advice", days(6), days(2), true, 100},
           {"160 hours, outages of 2 days", hours(160), days(2), false, 100},
           {"45 days, outages of 12 hours", days(45), hours(12), false},
           {"45 days, outages of 12 hours, with advice", days(45), hours(12), true, 100},
           {"64 days, outages of 12 hours", days(64), hours(12), false},
       }) {
    const Outcome outcome = Simulation(plan, 2).run();
    EXPECT_EQ(outcome.expired, 0U) << plan.what;
    EXPECT_GT(outcome.least_left, hours(12)) << plan.what;
    EXPECT_GT(outcome.failures, 0U) << plan.what;
    EXPECT_LE(outcome.orders, outcome.needed * 11 / 10) << plan.what;
    // All were issued in the same second, and an outage leaves many due at its end.
    EXPECT_LT(outcome.most_in_an_hour, plan.domains / 3) << plan.what;
    std::cout << fmt::format(
        "{}: {} orders of {} needed, {} attempts failed, at least {} left, at most {} in an hour\n",
        plan.what, outcome.orders, outcome.needed, outcome.failures,
        describe_duration(outcome.least_left), outcome.most_in_an_hour);
  }
}

// issue 3, "done when" 4
TEST(Simulation, OfTenThousandFailuresKeepsEachDelayWithinItsBounds) {  // AC-27
  std::mt19937_64 dice(7);
  std::uniform_real_distribution<double> uniform(0, 1);
  BackoffFacts facts;
  for (facts.errors = 1; facts.errors <= 10'000; ++facts.errors) {
    facts.lifetime_left = days(90) - minutes(facts.errors * 13);
    const Duration delay = retry_delay_after(facts, uniform(dice));
    ASSERT_GT(delay, Duration(0));
    ASSERT_LE(delay, retry_delay_cap(facts) * 3 / 2);
  }
}

}  // namespace
}  // namespace md::renewal
