// SPDX-License-Identifier: Apache-2.0
#include "ocsp/plan.h"

#include <algorithm>

#include "base/growing_delay.h"

namespace md::ocsp {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;

constexpr seconds kFirstDelay{30};
constexpr Duration kLongestDelay = hours(1);
constexpr Duration kShortestCap = minutes(1);
constexpr Duration kLongestRequest = hours(24);
constexpr int kShareOfTimeLeft = 8;
constexpr int kSpread = 20;  // 1/20 is 5 %

}  // namespace

TimePoint refresh_time(const model::Validity& validity, const model::Window& window,
                       const StapleId& id) {
  const Duration life = validity.length();
  const Duration spread = life / kSpread * id.back() / 256;
  return validity.until - std::min(window.of(life) + spread, life);
}

Duration retry_delay(const RetryFacts& facts, TimePoint now, double uniform) {
  Duration cap = kLongestDelay;
  if (facts.staple_until && *facts.staple_until > now) {
    const auto left = std::chrono::duration_cast<Duration>(*facts.staple_until - now);
    cap = std::clamp(left / kShareOfTimeLeft, kShortestCap, kLongestDelay);
  }
  const milliseconds delay = growing_delay(kFirstDelay, facts.errors, cap, uniform);
  const Duration asked = facts.retry_after.value_or(Duration(0));
  return std::max<Duration>(std::chrono::ceil<seconds>(delay), std::min(asked, kLongestRequest));
}

}  // namespace md::ocsp
