// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "base/clock.h"
#include "base/logger.h"
#include "base/result.h"
#include "base/waiter.h"
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

  /// A step that takes longer is for all to see.
  static constexpr std::chrono::milliseconds kMoment{1000};

  /// Notes what is being done, in the log and as `last.activity`. A step that is over in a moment
  /// is written with the next one that is not, or with the next save: a file for each would cost
  /// more than the steps themselves.
  void progress(std::string activity);
  /// Writes what `progress` has noted. Not synced: after a power cut it is of no interest.
  void show();
  /// The same, if the step of now will have taken longer than a moment in `ahead` from now.
  void show_if_lasting(std::chrono::milliseconds ahead);
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
  std::optional<TimePoint> since_{};  ///< when the first step began that is not written
};

/// For waits in the course of a job: what is waited for longer than a moment shows in its journal.
/// Thread-compatible.
class JournalWaiter final : public Waiter {
 public:
  JournalWaiter(Waiter& inner, JobJournal& journal) : inner_(inner), journal_(journal) {}
  [[nodiscard]] bool wait_for(std::chrono::milliseconds pause) override {
    journal_.show_if_lasting(pause);
    return inner_.wait_for(pause);
  }
  [[nodiscard]] bool stopped() const override {
    journal_.show_if_lasting(std::chrono::milliseconds(0));
    return inner_.stopped();
  }

 private:
  Waiter& inner_;
  JobJournal& journal_;
};

}  // namespace md::renewal
