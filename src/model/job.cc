// SPDX-License-Identifier: Apache-2.0
#include "model/job.h"

#include <algorithm>

namespace md::model {

void Job::add_log(JobLogEntry entry) {
  log.insert(log.begin(), std::move(entry));
  if (log.size() > kMaxLogEntries) {
    log.resize(kMaxLogEntries);
  }
}

std::optional<TimePoint> Job::last_logged(std::string_view type) const {
  const auto found = std::find_if(log.begin(), log.end(),
                                  [&](const JobLogEntry& entry) { return entry.type == type; });
  return found == log.end() ? std::nullopt : std::optional(found->when);
}

}  // namespace md::model
