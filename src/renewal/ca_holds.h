// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <mutex>
#include <optional>
#include <string>

#include "base/clock.h"
#include "base/result.h"
#include "model/managed_domain.h"

namespace md::renewal {

/// Until when CAs want to be left alone (`Retry-After` of 429 and 503): what one domain was told
/// holds back the others, too. In memory, so the first of the next process is told again.
/// Thread-safe.
class CaHolds {
 public:
  /// Longer than kLongestHold is not believed.
  void note(const std::string& ca_url, TimePoint until, TimePoint now);
  /// nullopt: nothing is known against asking it.
  [[nodiscard]] std::optional<TimePoint> held_until(const std::string& ca_url, TimePoint now);

  static constexpr Duration kLongestHold = std::chrono::hours(24);

 private:
  std::mutex mutex_;
  std::map<std::string, TimePoint> holds_;  // by CA URL, guarded by mutex_
};

/// How long all domains are to stay away from the CA after such an answer to `domain`; nullopt: it
/// concerns nobody else, as a rate limit whose words name the domain's own identifiers. Pure.
std::optional<Duration> hold_for_all(const Error& error, const model::ManagedDomain& domain);

}  // namespace md::renewal
