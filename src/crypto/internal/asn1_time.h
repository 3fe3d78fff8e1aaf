// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <openssl/asn1.h>

#include "base/clock.h"
#include "base/result.h"

namespace md::crypto {

/// UTC, whatever the time zone of the process; clamped to 1950–2200, between which all differences
/// fit in a TimePoint. What is no time: Corrupt.
Result<TimePoint> to_time_point(const ASN1_TIME* time);

}  // namespace md::crypto
