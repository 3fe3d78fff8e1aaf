// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/result.h"

namespace md::model {

/// One line of a job's history, newest first in files and status documents.
struct JobLogEntry {
  TimePoint when{};
  std::string type;    ///< "progress", "finished", "renewal-error", "message-renewed", …
  std::string status;  ///< problem URN, where there is one
  std::string detail;
  friend bool operator==(const JobLogEntry&, const JobLogEntry&) = default;
};

/// How the last step of a job went: `last` in job.json.
struct JobResult {
  int status{0};                   ///< 0 fine; otherwise an errno, as mod_md's APR status codes
  std::string status_description;  ///< words for `status`
  std::string activity;            ///< what was being done
  Problem problem;                 ///< type and detail; empty where all is well
  friend bool operator==(const JobResult& a, const JobResult& b) {
    return a.status == b.status && a.activity == b.activity && a.problem.type == b.problem.type &&
           a.problem.detail == b.problem.detail;
  }
};

/// A renewal as it is kept in job.json: survives restarts, so that error counts, back-off and the
/// events already sent do too. Times are of whole seconds.
struct Job {
  std::string name;
  bool finished{false};          ///< the new set is complete in staging
  bool notified{false};          ///< MDNotifyCmd has succeeded
  bool notified_renewed{false};  ///< the `renewed` event was delivered
  std::optional<TimePoint> next_run;
  std::optional<TimePoint> last_run;
  std::optional<TimePoint> valid_from;  ///< of the new certificate
  unsigned errors{0};                   ///< failed attempts in a row
  JobResult last;
  std::vector<JobLogEntry> log;  ///< newest first, at most kMaxLogEntries

  static constexpr std::size_t kMaxLogEntries = 128;
  void add_log(JobLogEntry entry);
  /// When the newest entry of that type was made; nullopt if none is kept.
  [[nodiscard]] std::optional<TimePoint> last_logged(std::string_view type) const;
};

}  // namespace md::model
