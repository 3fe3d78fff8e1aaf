// SPDX-License-Identifier: Apache-2.0
#include "renewal/job_journal.h"

#include <fmt/format.h>

#include "base/text.h"
#include "json/value.h"
#include "renewal/failure.h"
#include "store/documents.h"

namespace md::renewal {
namespace {

constexpr std::chrono::minutes kRestAfterLoss{10};

Result<model::Job> load_job(const store::Store& store, const std::string& domain_name) {
  MD_ASSIGN_OR_RETURN(const std::string text,
                      store.load(store::Group::Staging, domain_name, store::kJobFile));
  MD_ASSIGN_OR_RETURN(const json::Value value,
                      json::Value::parse(text, fmt::format("job.json of {}", domain_name)));
  return store::parse_job(value);
}

/// How many attempts have failed, and until when the CA is to be left alone, is not known: else
/// whoever breaks the file would take away all delay.
void begin_after_loss(model::Job& job, const Error& error, TimePoint now) {
  job.errors = 1;
  job.next_run = now + kRestAfterLoss;
  job.last = result_of(error, "Reading the job of before");
}

}  // namespace

JobJournal JobJournal::load(store::Store& store, const Clock& clock, Logger& logger,
                            const std::string& domain_name) {
  auto job = load_job(store, domain_name);
  const bool is_lost = !job && job.error().kind != ErrorKind::NotFound;
  JobJournal journal(store, clock, logger, job ? *job : model::Job{});
  journal.job.name = domain_name;
  if (!is_lost) {
    return journal;
  }
  begin_after_loss(journal.job, job.error(), clock.now());
  logger.warning({},
                 fmt::format("{}: its job cannot be read, a new one is begun; no attempt is "
                             "made within {}: {}",
                             domain_name, describe_duration(kRestAfterLoss), job.error().message));
  if (const auto saved = journal.save(store::Durability::Synced); !saved) {
    logger.debug(saved.error().message);
  }
  return journal;
}

void JobJournal::progress(std::string activity) {
  note("progress", {}, activity);
  logger_.debug(fmt::format("{}: {}", job.name, activity));
  job.last = model::JobResult{};
  job.last.activity = std::move(activity);
  if (!since_) {
    since_ = clock_.now();
  }
}

void JobJournal::show() {
  if (!since_) {
    return;
  }
  if (auto saved = save(store::Durability::Replaceable); !saved) {
    logger_.debug(saved.error().message);
  }
}

void JobJournal::show_if_lasting(std::chrono::milliseconds ahead) {
  // A clock that was set back says nothing: better shown than not.
  const TimePoint now = clock_.now();
  if (since_ && (now + ahead >= *since_ + kMoment || now < *since_)) {
    show();
  }
}

void JobJournal::note(std::string_view type, std::string status, std::string detail) {
  job.add_log({clock_.now(), std::string(type), std::move(status), std::move(detail)});
}

Status JobJournal::save(store::Durability durability) {
  Status saved = store_.save(store::Group::Staging, job.name, store::kJobFile,
                             store::to_json(job).dump(), durability);
  unsaved_ = !saved;
  since_.reset();
  return saved;
}

}  // namespace md::renewal
