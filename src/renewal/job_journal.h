// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>
#include <utility>

#include "base/clock.h"
#include "base/logger.h"
#include "base/result.h"
#include "model/job.h"
#include "store/store.h"

namespace md::renewal {

/// The entry in a job's log that says that the new set is whole.
inline constexpr std::string_view kFinishedEntry = "finished";

/// A domain's job as `staging/<md>/job.json` keeps it: what is being done is noted as it goes on,
/// so that status documents show it and another process can take over. The caller holds the
/// domain's lock. Thread-compatible.
class JobJournal {
 public:
  /// The job in staging; a new one if there is none, or if it cannot be read (a debug note).
  static JobJournal load(store::Store& store, const Clock& clock, Logger& logger,
                         const std::string& domain_name);
  /// With a job that could not be saved earlier.
  JobJournal(store::Store& store, const Clock& clock, Logger& logger, model::Job known)
      : job(std::move(known)), store_(store), clock_(clock), logger_(logger) {}

  /// Notes what is being done, in the log and as `last.activity`, for all to see. Not synced: after
  /// a power cut it is of no interest.
  void progress(std::string activity);
  /// A line in the job's log; kept with the next save.
  void note(std::string_view type, std::string status = {}, std::string detail = {});
  Status save(store::Durability durability);
  /// Is there something that no file has? Then the last save failed.
  [[nodiscard]] bool is_unsaved() const { return unsaved_; }

  model::Job job;

 private:
  store::Store& store_;
  const Clock& clock_;
  Logger& logger_;
  bool unsaved_{false};
};

}  // namespace md::renewal
