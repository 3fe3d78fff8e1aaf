// SPDX-License-Identifier: Apache-2.0
#include "renewal/backoff.h"

#include <algorithm>

#include "base/growing_delay.h"

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
  const milliseconds first = facts.permanent ? cap : facts.retry_delay;
  const Duration wait = ceil<seconds>(growing_delay(first, facts.errors, cap, uniform));
  const Duration asked = facts.retry_after.value_or(Duration(0));
  return std::max(wait, std::min(asked, kLongestDelay));
}

}  // namespace md::renewal
