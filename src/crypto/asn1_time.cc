// SPDX-License-Identifier: Apache-2.0
#include "crypto/internal/asn1_time.h"

#include <ctime>

#include "base/time_range.h"
#include "crypto/internal/errors.h"

namespace md::crypto {

Result<TimePoint> to_time_point(const ASN1_TIME* time) {
  std::tm fields{};
  if (time == nullptr || ASN1_TIME_to_tm(time, &fields) != 1) {
    return openssl_failure("read a time", ErrorKind::Corrupt);
  }
  using std::chrono::day;
  using std::chrono::month;
  using std::chrono::year;
  const auto date = year(fields.tm_year + 1900) / month(static_cast<unsigned>(fields.tm_mon + 1)) /
                    day(static_cast<unsigned>(fields.tm_mday));
  const std::chrono::sys_seconds moment =
      std::chrono::sys_days(date) + std::chrono::hours(fields.tm_hour) +
      std::chrono::minutes(fields.tm_min) + std::chrono::seconds(fields.tm_sec);
  return clamp_to_range(moment);
}

}  // namespace md::crypto
