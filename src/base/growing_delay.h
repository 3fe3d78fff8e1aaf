// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <chrono>

namespace md {

/// How long to stay away after so many errors in a row: `first`, doubled for each error after the
/// first one as far as `cap`, then ±50 % by `uniform` in [0, 1). Pure; cannot overflow whatever the
/// count, and is never 0.
inline std::chrono::milliseconds growing_delay(std::chrono::milliseconds first, unsigned errors,
                                               std::chrono::milliseconds cap, double uniform) {
  using std::chrono::milliseconds;
  milliseconds delay = std::clamp(first, milliseconds(1), cap);
  for (unsigned error = 1; error < errors && delay < cap; ++error) {
    delay = delay > cap / 2 ? cap : delay * 2;
  }
  const double jittered =
      static_cast<double>(delay.count()) * (0.5 + std::clamp(uniform, 0.0, 1.0));
  return std::max(milliseconds(static_cast<milliseconds::rep>(jittered)), milliseconds(1));
}

}  // namespace md
