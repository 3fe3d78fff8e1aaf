// SPDX-License-Identifier: Apache-2.0
#include "renewal/backoff.h"

#include <algorithm>

namespace md::renewal {
namespace {

using std::chrono::ceil;
using std::chrono::days;
using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr Duration kDaily = days(1);
constexpr Duration kLowestCap = hours(1);
constexpr int kShareOfTimeLeft = 8;

/// `first` doubled for each error after the first one, as far as `cap`. Cannot overflow: it stops
/// doubling at half the cap.
milliseconds doubled(milliseconds first, unsigned errors, milliseconds cap) {
  milliseconds delay = std::clamp(first, milliseconds(1), cap);
  for (unsigned error = 1; error < errors && delay < cap; ++error) {
    delay = delay > cap / 2 ? cap : delay * 2;
  }
  return delay;
}

}  // namespace

Duration retry_delay_cap(const BackoffFacts& facts) {
  if (facts.permanent) {
    return kDaily;
  }
  const Duration left = facts.lifetime_left.value_or(Duration(0));
  return std::clamp(left / kShareOfTimeLeft, kLowestCap, kDaily);
}

Duration retry_delay_after(const BackoffFacts& facts, double uniform) {
  const milliseconds cap = retry_delay_cap(facts);
  const milliseconds delay = facts.permanent ? cap : doubled(facts.retry_delay, facts.errors, cap);
  const double jittered =
      static_cast<double>(delay.count()) * (0.5 + std::clamp(uniform, 0.0, 1.0));
  const auto wait = std::max<Duration>(
      ceil<seconds>(milliseconds(static_cast<milliseconds::rep>(jittered))), seconds(1));
  const Duration asked = facts.retry_after.value_or(Duration(0));
  return std::max(wait, std::min(asked, kLongestDelay));
}

}  // namespace md::renewal
