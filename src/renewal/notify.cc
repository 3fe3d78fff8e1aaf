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
constexpr std::chrono::hours kExpiringInterval{24};
constexpr std::string_view kNotifyErrorEntry = "notify-error";

/// Attempts fail in the middle of an activity, commands in none.
bool is_of_notice(const model::Job& job) {
  const std::string& problem = job.last.problem.type;
  return (problem == kNotifyProblem || problem == kMessageProblem) && job.last.activity.empty();
}

bool is_failure_of_command(const model::JobLogEntry& entry) {
  return entry.type == kMessageErrorEntry || entry.type == kNotifyErrorEntry;
}

/// An entry from the future is of a clock that was set back: it limits nothing.
bool is_expiring_owed(const model::Job& job, TimePoint now) {
  const auto last = job.last_logged("message-expiring");
  return !last || *last > now || now - *last >= kExpiringInterval;
}

}  // namespace

bool command_fails(const model::Job& job) {
  return job.errors > 0 && job.next_run && is_of_notice(job);
}

unsigned failed_attempts(const model::Job& job) {
  return command_fails(job) ? 0 : job.errors;
}

std::optional<TimePoint> next_attempt(const model::Job& job) {
  return command_fails(job) ? std::nullopt : job.next_run;
}

void forget_failing_command(model::Job& job) {
  if (command_fails(job)) {
    job.errors = 0;
    job.next_run.reset();
    job.last = model::JobResult{};
  }
}

struct RenewalNotices::Notice {
  std::string_view failure_entry;
  LogId log_id;
};

struct RenewalNotices::Round {
  bool tried{false};
  std::optional<Error> failure{};  ///< the last one
};

void RenewalNotices::expect() {
  // Where nobody wants to be told there is nothing to remember later.
  journal_.job.notified_renewed = domain_.settings.message_command.empty();
  journal_.job.notified = domain_.settings.notify_command.empty();
}

std::optional<TimePoint> RenewalNotices::deliver(bool is_expiring) {
  model::Job& job = journal_.job;
  const TimePoint now = world_.clock.now();
  // One of a far future is of a clock that was set back.
  if (command_fails(job) && *job.next_run > now && *job.next_run - now < kLongestDelay) {
    return job.next_run;
  }
  // While attempts fail, too, the job counts those: the entry tells when the command failed.
  const auto entry = std::ranges::find_if(job.log, is_failure_of_command);
  const TimePoint rested =
      entry != job.log.end() ? entry->when + domain_.settings.retry_delay : now;
  if (failed_attempts(job) > 0 && rested > now && rested - now < kLongestDelay) {
    return rested;
  }
  const bool had_failed = command_fails(job);
  const Round round = tell_all(is_expiring);
  if (round.failure && round.failure->kind == ErrorKind::Stopped) {
    return now + kWhileStopping;
  }
  std::optional<TimePoint> again;
  if (round.failure) {
    again = world_.clock.now() + retry_delay();
    count_failure(*again, round);
  } else {
    forget_failing_command(job);
  }
  if (round.tried || had_failed) {
    save();
  }
  return again;
}

/// Where attempts fail, the job tells why the certificate is not renewed, and counts those.
void RenewalNotices::count_failure(TimePoint again, const Round& round) {
  model::Job& job = journal_.job;
  if (failed_attempts(job) == 0) {
    job.errors = 1;
    job.next_run = again;
    job.last = result_of(*round.failure, "");
  }
}

/// One command that fails keeps no other from being run.
RenewalNotices::Round RenewalNotices::tell_all(bool is_expiring) {
  static constexpr Notice kRenewed{kMessageErrorEntry, kMessageFailed};
  static constexpr Notice kNotify{kNotifyErrorEntry, kNotifyFailed};
  static constexpr Notice kExpiring{kMessageErrorEntry, kMessageFailed};
  model::Job& job = journal_.job;
  Round round;
  const auto note = [&](const Notice& notice, const Status& sent) {
    round.tried = true;
    if (!sent) {
      failed(notice, sent.error());
      round.failure = sent.error();
    }
    return sent.has_value();
  };
  if (job.finished && !job.notified_renewed) {
    job.notified_renewed = note(kRenewed, events_.send(domain_, "renewed", job));
  }
  if (job.finished && !job.notified) {
    job.notified = note(kNotify, events_.notify(domain_, job));
  }
  if (is_expiring && !domain_.settings.message_command.empty() &&
      is_expiring_owed(job, world_.clock.now())) {
    note(kExpiring, events_.send(domain_, "expiring", job));
  }
  return round;
}

/// One that fails in the same way again and again has one entry in the job's log, which is short,
/// and one line of error.
void RenewalNotices::failed(const Notice& notice, const Error& error) {
  if (error.kind == ErrorKind::Stopped) {
    return;
  }
  model::Job& job = journal_.job;
  const std::string& detail = error.problem ? error.problem->detail : error.message;
  const auto known = std::ranges::find(job.log, notice.failure_entry, &model::JobLogEntry::type);
  const auto finished = std::ranges::find(job.log, kFinishedEntry, &model::JobLogEntry::type);
  const auto sent = std::ranges::find_if(job.log, [](const model::JobLogEntry& entry) {
    return entry.type.starts_with("message-") && entry.type != kMessageErrorEntry;
  });
  const std::string words = fmt::format("{}: {}", domain_.name, error.message);
  if (known < finished && known < sent && known->detail == detail) {
    known->when = world_.clock.now();
    world_.logger.debug(words);
  } else {
    journal_.note(notice.failure_entry, error.problem ? error.problem->type : "", detail);
    world_.logger.error(notice.log_id, words);
  }
}

/// MDRetryDelay, which does not grow: who mends the command is told soon.
Duration RenewalNotices::retry_delay() const {
  BackoffFacts facts;
  facts.errors = 1;
  facts.retry_delay = domain_.settings.retry_delay;
  return retry_delay_after(facts, world_.random.uniform());
}

void RenewalNotices::save() {
  if (auto saved = journal_.save(store::Durability::Synced); !saved) {
    world_.logger.error(
        {}, fmt::format("{}: its job cannot be saved: {}", domain_.name, saved.error().message));
  }
}

}  // namespace md::renewal
