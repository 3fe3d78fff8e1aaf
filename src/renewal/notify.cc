// SPDX-License-Identifier: Apache-2.0
#include "renewal/notify.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"
#include "renewal/backoff.h"
#include "renewal/failure.h"

namespace md::renewal {
namespace {

constexpr LogId kMessageFailed{10109};
constexpr LogId kNotifyFailed{10108};
// The process ends: the next one tells.
constexpr std::chrono::seconds kWhileStopping{1};

/// Failures of that kind since the renewal was finished, and when the last was.
struct Failures {
  unsigned count{0};
  TimePoint last{};
};

Failures failures_of(const model::Job& job, std::string_view type) {
  Failures failures;
  for (const model::JobLogEntry& entry : job.log) {  // newest first
    if (entry.type == kFinishedEntry) {
      break;
    }
    if (entry.type == type && failures.count++ == 0) {
      failures.last = entry.when;
    }
  }
  return failures;
}

}  // namespace

struct RenewalNotices::Notice {
  bool model::Job::*told;
  std::string_view activity;
  std::string_view failure_entry;
  LogId log_id;
  Status (*send)(Events& events, const model::ManagedDomain& domain, model::Job& job);
};

void RenewalNotices::expect() {
  // Where nobody wants to be told there is nothing to remember later.
  journal_.job.notified_renewed = domain_.settings.message_command.empty();
  journal_.job.notified = domain_.settings.notify_command.empty();
}

std::optional<TimePoint> RenewalNotices::deliver() {
  static constexpr Notice kRenewed{
      &model::Job::notified_renewed, "Telling of the renewal", "renewed-failed", kMessageFailed,
      [](Events& events, const model::ManagedDomain& domain, model::Job& job) {
        return events.send(domain, "renewed", job);
      }};
  static constexpr Notice kNotify{&model::Job::notified, "Running MDNotifyCmd", "notify-failed",
                                  kNotifyFailed,
                                  [](Events& events, const model::ManagedDomain& domain,
                                     model::Job& job) { return events.notify(domain, job); }};
  if (!journal_.job.finished) {
    return std::nullopt;
  }
  const auto first = deliver(kRenewed);
  const auto second = deliver(kNotify);
  return first && second ? std::min(*first, *second) : (first ? first : second);
}

std::optional<TimePoint> RenewalNotices::deliver(const Notice& notice) {
  model::Job& job = journal_.job;
  if (job.*notice.told) {
    return std::nullopt;
  }
  const Failures before = failures_of(job, notice.failure_entry);
  const TimePoint now = world_.clock.now();
  if (before.count > 0 && before.last <= now) {
    BackoffFacts facts;
    facts.errors = before.count;
    facts.retry_delay = domain_.settings.retry_delay;
    const TimePoint due = before.last + retry_delay_after(facts, world_.random.uniform());
    if (due > now) {
      return due;
    }
  }
  const Status sent = notice.send(events_, domain_, job);
  if (!sent) {
    return failed(notice, sent.error(), before.count + 1);
  }
  job.*notice.told = true;
  if (job.last.activity == notice.activity) {
    job.last = model::JobResult{};
  }
  save();
  return std::nullopt;
}

std::optional<TimePoint> RenewalNotices::failed(const Notice& notice, const Error& error,
                                                unsigned failures) {
  const TimePoint now = world_.clock.now();
  if (error.kind == ErrorKind::Stopped) {
    return now + kWhileStopping;
  }
  BackoffFacts facts;
  facts.errors = failures;
  facts.retry_delay = domain_.settings.retry_delay;
  const Duration delay = retry_delay_after(facts, world_.random.uniform());
  journal_.note(notice.failure_entry, error.problem ? error.problem->type : "", error.message);
  journal_.job.last = result_of(error, std::string(notice.activity));
  save();
  world_.logger.error(notice.log_id, fmt::format("{}: {}; next try in {}", domain_.name,
                                                 error.message, describe_duration(delay)));
  return now + delay;
}

void RenewalNotices::save() {
  if (auto saved = journal_.save(store::Durability::Synced); !saved) {
    world_.logger.error(
        {}, fmt::format("{}: its job cannot be saved: {}", domain_.name, saved.error().message));
  }
}

}  // namespace md::renewal
