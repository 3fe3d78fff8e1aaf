// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>

#include "base/clock.h"
#include "model/validity.h"
#include "ocsp/subject.h"

/// When to ask a responder: pure.
namespace md::ocsp {

/// The moment to refresh an answer: when less than `window` is left of it, spread by up to 5 % of
/// its life towards earlier, so that certificates whose answers came together do not ask together
/// for ever. The same for the same certificate.
TimePoint refresh_time(const model::Validity& validity, const model::Window& window,
                       const StapleId& id);

/// What the wait after a failure depends on.
struct RetryFacts {
  unsigned errors{1};                     ///< in a row, this one included
  std::optional<TimePoint> staple_until;  ///< of the answer in use; nullopt: there is none
  std::optional<Duration> retry_after;    ///< as the responder asked
};
/// Half a minute, doubled with each error up to an hour, but never more than 1/8 of what is left of
/// the staple in use as long as that is above a minute; ±50 % by `uniform` in [0, 1). Never sooner
/// than the responder asked for, of which a day at most is believed.
Duration retry_delay(const RetryFacts& facts, TimePoint now, double uniform);

}  // namespace md::ocsp
