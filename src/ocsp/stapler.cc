// SPDX-License-Identifier: Apache-2.0
#include "ocsp/stapler.h"

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <utility>

#include "base/text.h"
#include "ocsp/plan.h"
#include "ocsp/responder.h"
#include "store/documents.h"

namespace md::ocsp {
namespace {

using store::Durability;
using store::Group;

// A next run that is further away was noted before the clock was set back.
constexpr std::chrono::hours kFarthestNextRun{25};
constexpr std::chrono::seconds kAfterStop{1};

std::string label(const Subject& subject) {
  return fmt::format("{}: OCSP of certificate {} (serial {})", subject.folder, hex_of(subject.id),
                     subject.certificate.serial());
}

std::string describe(const crypto::OcspAnswer& answer) {
  return fmt::format("certificate status is {}, status valid {} - {}",
                     answer.status == crypto::OcspStatus::Good ? "GOOD" : "REVOKED",
                     format_http_date(answer.validity.from),
                     format_http_date(answer.validity.until));
}

}  // namespace

StaplePtr Stapler::kept_answer(const Subject& subject) const {
  auto kept = load_staple(world_.store, subject, world_.clock.now());
  if (!kept) {
    if (kept.error().kind != ErrorKind::NotFound) {
      world_.logger.info(
          {}, fmt::format("{}: {}; a new answer is fetched", label(subject), kept.error().message));
    }
    return nullptr;
  }
  return std::move(kept).value();
}

/// Its loss costs a question too early: it is not worth a disk's wait.
void Stapler::save_job(const Subject& subject, const model::Job& job) {
  if (auto saved = world_.store.save(Group::Ocsp, subject.folder, subject.job_file(),
                                     store::to_json(job).dump(), Durability::Replaceable);
      !saved) {
    world_.logger.warning(
        {}, fmt::format("{}: its job cannot be saved: {}", label(subject), saved.error().message));
  }
}

TimePoint Stapler::check(const Subject& subject, http::Client& client) {
  const StaplePtr kept = kept_answer(subject);
  const TimePoint now = world_.clock.now();
  if (kept != nullptr) {
    const TimePoint refresh = refresh_time(kept->validity, world_.renew_window, subject.id);
    if (now < refresh) {
      world_.seen(subject, kept);
      return refresh;
    }
  }
  model::Job job = load_job(world_.store, subject);
  if (job.next_run && now < *job.next_run && *job.next_run - now < kFarthestNextRun) {
    return *job.next_run;
  }
  job.last_run = now;
  job.finished = false;
  auto answer = ask_responder(subject, client, world_.route, world_.clock, world_.waiter);
  if (!answer) {
    return fail_with(subject, answer.error(), kept, std::move(job));
  }
  auto staple = std::make_shared<const crypto::OcspAnswer>(std::move(answer).value());
  const store::OcspRecord record{staple->der, std::string(name_of(staple->status)),
                                 staple->validity};
  if (auto saved = world_.store.save(Group::Ocsp, subject.folder, subject.answer_file(),
                                     store::to_json(record).dump(), Durability::Synced);
      !saved) {
    return fail_with(subject, with_context(std::move(saved).error(), "save the answer"), kept,
                     std::move(job));
  }
  return succeed(subject, staple, std::move(job));
}

TimePoint Stapler::succeed(const Subject& subject, const StaplePtr& staple, model::Job job) {
  const TimePoint now = world_.clock.now();
  const TimePoint refresh = refresh_time(staple->validity, world_.renew_window, subject.id);
  job.errors = 0;
  job.finished = true;
  job.valid_from = staple->validity.from;
  // One that is due again at once, since it is old already: not in a tight loop.
  const TimePoint next =
      std::max(refresh, now + retry_delay({1, staple->validity.until, std::nullopt}, now, 1.0));
  job.next_run = next;
  job.last = model::JobResult{};
  job.last.activity = fmt::format("status of certid {}, reading response", hex_of(subject.id));
  job.last.problem.detail = describe(*staple);
  job.add_log({now, "finished", "", ""});
  world_.logger.info({}, fmt::format("{}: {}; next at {}", label(subject), job.last.problem.detail,
                                     format_http_date(next)));
  world_.publish(subject);  // handshakes do not wait for the event
  world_.report(subject, staple, job);
  save_job(subject, job);
  world_.publish(subject);
  return next;
}

TimePoint Stapler::fail_with(const Subject& subject, const Error& error, const StaplePtr& kept,
                             model::Job job) {
  const TimePoint now = world_.clock.now();
  if (error.kind == ErrorKind::Stopped) {
    return now + kAfterStop;
  }
  ++job.errors;
  RetryFacts facts{job.errors, std::nullopt, error.retry_after};
  std::string consequence = "there is none to staple";
  if (kept != nullptr) {
    facts.staple_until = kept->validity.until;
    consequence = fmt::format("the one that is valid until {} goes on being stapled",
                              format_http_date(kept->validity.until));
  }
  const TimePoint next = now + retry_delay(facts, now, world_.random.uniform());
  job.next_run = next;
  job.last = model::JobResult{};
  job.last.status = EAGAIN;
  job.last.status_description = error.kind == ErrorKind::Rejected ? "refused" : "failed";
  job.last.activity = fmt::format("status of certid {}", hex_of(subject.id));
  job.last.problem.detail = error.message;
  job.add_log({now, "ocsp-error", "", error.message});
  world_.logger.error({}, fmt::format("{}: {}; {}; next try at {}", label(subject), error.message,
                                      consequence, format_http_date(next)));
  world_.report(subject, Result<StaplePtr>(error), job);
  save_job(subject, job);
  world_.publish(subject);
  return next;
}

}  // namespace md::ocsp
