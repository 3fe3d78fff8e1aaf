// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <optional>

#include "base/clock.h"
#include "base/result.h"

namespace md::renewal {

/// However long a CA asks us to stay away: longer than this is taken for a mistake.
inline constexpr Duration kLongestDelay = std::chrono::days(30);

/// What the next attempt's delay depends on.
struct BackoffFacts {
  unsigned errors{1};  ///< failed attempts in a row, this one included
  std::chrono::milliseconds retry_delay{std::chrono::seconds(30)};
  /// Time that the live certificate has left; nullopt without a usable one.
  std::optional<Duration> lifetime_left;
  bool permanent{false};                ///< only an administrator can change it: daily
  std::optional<Duration> retry_after;  ///< as the CA asked: never earlier
};

/// How long to wait (spec/directives.md, MDRetryDelay): the delay doubles with each error up to
/// the cap, and is jittered by ±50 %. `uniform` is in [0, 1). Always > 0, whatever the count, and
/// never less than `retry_after` (bounded by kLongestDelay).
Duration retry_delay_after(const BackoffFacts& facts, double uniform);

/// The cap that applies: 24 h and 1/8 of the time left, but not under 1 h; without a certificate
/// 1 h, since nothing can be served before; for what only an administrator can change always 24 h.
/// Results are in (0, cap × 1.5], or what `retry_after` asks for.
Duration retry_delay_cap(const BackoffFacts& facts);

}  // namespace md::renewal
