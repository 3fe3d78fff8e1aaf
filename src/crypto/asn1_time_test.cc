// SPDX-License-Identifier: Apache-2.0
#include "crypto/internal/asn1_time.h"

#include <gtest/gtest.h>

#include <memory>

#include "base/text.h"
#include "crypto/internal/handles.h"

namespace md::crypto {
namespace {

struct Asn1TimeCase {
  int type;
  const char* text;
  const char* expected;  // RFC 3339; null: Corrupt
};

constexpr int kUtc = V_ASN1_UTCTIME;
constexpr int kGeneralized = V_ASN1_GENERALIZEDTIME;

Result<TimePoint> time_point(const Asn1TimeCase& c) {
  const std::unique_ptr<ASN1_TIME, Free<ASN1_STRING_free>> time(ASN1_STRING_type_new(c.type));
  ASN1_STRING_set(time.get(), c.text, -1);
  return to_time_point(time.get());
}

// CR-03
TEST(Asn1Time, IsReadOrRefused) {
  for (const Asn1TimeCase& c : {
           Asn1TimeCase{kUtc, "261122124124Z", "2026-11-22T12:41:24Z"},
           Asn1TimeCase{kUtc, "491231235959Z", "2049-12-31T23:59:59Z"},
           Asn1TimeCase{kUtc, "500101000000Z", "1950-01-01T00:00:00Z"},
           Asn1TimeCase{kGeneralized, "20561122124104Z", "2056-11-22T12:41:04Z"},
           Asn1TimeCase{kGeneralized, "20240229000000Z", "2024-02-29T00:00:00Z"},
           Asn1TimeCase{kGeneralized, "99991231235959Z", "2200-01-01T00:00:00Z"},
           Asn1TimeCase{kGeneralized, "00010101000000Z", "1950-01-01T00:00:00Z"},
           Asn1TimeCase{kUtc, "", nullptr},
           Asn1TimeCase{kUtc, "2", nullptr},
           Asn1TimeCase{kUtc, "261122124124", nullptr},
           Asn1TimeCase{kUtc, "261322124124Z", nullptr},
           Asn1TimeCase{kUtc, "260230000000Z", nullptr},
           Asn1TimeCase{kUtc, "261122124124ZZ", nullptr},
           Asn1TimeCase{kGeneralized, "2026112212", nullptr},
           Asn1TimeCase{kGeneralized, "20261122126124Z", nullptr},
           Asn1TimeCase{V_ASN1_OCTET_STRING, "20261122124124Z", nullptr},
       }) {
    const auto time = time_point(c);
    ASSERT_EQ(time.has_value(), c.expected != nullptr) << c.text;
    if (time) {
      EXPECT_EQ(*time, parse_rfc3339(c.expected).value()) << c.text;
    } else {
      EXPECT_EQ(time.error().kind, ErrorKind::Corrupt);
    }
  }
  EXPECT_EQ(to_time_point(nullptr).error().kind, ErrorKind::Corrupt);
}

}  // namespace
}  // namespace md::crypto
