// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <chrono>

#include "base/clock.h"

namespace md {

/// The moment, or the nearest one from 1950 to 2200: between these all differences fit in what
/// counts nanoseconds. For times that come from outside, where "9999-12-31" means "never".
constexpr TimePoint clamp_to_range(std::chrono::sys_seconds moment) {
  using namespace std::chrono;
  constexpr sys_seconds kEarliest = sys_days(year(1950) / month(1) / day(1));
  constexpr sys_seconds kLatest = sys_days(year(2200) / month(1) / day(1));
  return TimePoint(std::clamp(moment, kEarliest, kLatest));
}

}  // namespace md
