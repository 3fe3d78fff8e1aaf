// SPDX-License-Identifier: Apache-2.0
#include "crypto/internal/asn1_time.h"

#include <algorithm>
#include <ctime>

#include "crypto/internal/errors.h"

namespace md::crypto {
namespace {

using std::chrono::day;
using std::chrono::month;
using std::chrono::sys_days;
using std::chrono::sys_seconds;
using std::chrono::year;

constexpr sys_seconds kEarliest = sys_days(year(1950) / month(1) / day(1));
constexpr sys_seconds kLatest = sys_days(year(2200) / month(1) / day(1));

}  // namespace

Result<TimePoint> to_time_point(const ASN1_TIME* time) {
  std::tm fields{};
  if (time == nullptr || ASN1_TIME_to_tm(time, &fields) != 1) {
    return openssl_failure("read a time", ErrorKind::Corrupt);
  }
  const auto date = year(fields.tm_year + 1900) / month(static_cast<unsigned>(fields.tm_mon + 1)) /
                    day(static_cast<unsigned>(fields.tm_mday));
  const sys_seconds moment = sys_days(date) + std::chrono::hours(fields.tm_hour) +
                             std::chrono::minutes(fields.tm_min) +
                             std::chrono::seconds(fields.tm_sec);
  return TimePoint(std::clamp(moment, kEarliest, kLatest));
}

}  // namespace md::crypto
