// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <mutex>
#include <vector>

#include "base/result.h"
#include "renewal/world.h"
#include "status/metrics.h"

namespace md::httpd {

/// How attempts ended since the server's start or reload, by CA and kind of failure: counted by the
/// worker, read by every child. In memory that the parent maps before it forks. One process at a
/// time writes; its threads, and all readers, may be many.
class AttemptTally {
 public:
  /// Io where there is no memory.
  static Result<std::unique_ptr<AttemptTally>> create();
  AttemptTally(const AttemptTally&) = delete;
  AttemptTally& operator=(const AttemptTally&) = delete;
  ~AttemptTally();

  void count(const renewal::AttemptReport& report);
  [[nodiscard]] std::vector<status::AttemptCount> counts() const;

 private:
  struct Table;
  explicit AttemptTally(Table* table) : table_(table) {}

  Table* table_;
  std::mutex writers_;
};

}  // namespace md::httpd
