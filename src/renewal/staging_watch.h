// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "store/file_store.h"

namespace md::renewal {

/// Tells in which folders of `staging/` something has happened, for one who looks several times a
/// second: of 10,000 domains that have one most lie still for weeks. Costs a microsecond each, and
/// opens none of them. Thread-compatible.
class StagingWatch {
 public:
  StagingWatch(const store::FileStore& store, std::vector<std::string> domains)
      : store_(store), domains_(std::move(domains)), seen_(domains_.size(), 0) {}

  /// Positions in `domains` of the folders to look into: those that changed since the last call, or
  /// so short a time ago that a further change may bear the same time. All that are there, once in
  /// a while, whatever times the file system tells.
  std::vector<std::size_t> changed(TimePoint now);

 private:
  const store::FileStore& store_;
  std::vector<std::string> domains_;
  std::vector<std::int64_t> seen_;
  std::optional<TimePoint> last_full_look_;
};

}  // namespace md::renewal
