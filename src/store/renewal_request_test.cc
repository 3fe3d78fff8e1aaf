// SPDX-License-Identifier: Apache-2.0
#include "store/renewal_request.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/text.h"

namespace md::store {
namespace {

using ::testing::HasSubstr;

TEST(RenewalRequest, IsReadAsItWasWritten) {
  const TimePoint when = *parse_http_date("Sun, 22 Nov 2026 12:00:00 GMT");
  for (const bool now : {true, false}) {
    const RenewalRequest request{now, when, now ? "" : "00ff"};
    EXPECT_EQ(*parse_renewal_request(to_json(request).dump(), "it"), request);
  }
  EXPECT_EQ(to_json(RenewalRequest{true, when, ""}).dump_compact(),
            R"({"action":"renew","now":true,"requested":"Sun, 22 Nov 2026 12:00:00 GMT"})");
}

TEST(RenewalRequest, IsRefusedWithTheReason) {
  struct Case {
    const char* text;
    const char* reason;
  };
  for (const Case& c : std::vector<Case>{
           {"", "it"},
           {"{", "it"},
           {"[]", "its action is ''"},
           {R"({"action":"revoke","requested":"Sun, 22 Nov 2026 12:00:00 GMT"})", "'revoke'"},
           {R"({"action":"renew"})", "no HTTP date"},
           {R"({"action":"renew","requested":"yesterday"})", "no HTTP date"},
       }) {
    const auto parsed = parse_renewal_request(c.text, "it");
    ASSERT_FALSE(parsed) << c.text;
    EXPECT_EQ(parsed.error().kind, ErrorKind::Corrupt);
    EXPECT_THAT(parsed.error().message, HasSubstr(c.reason));
  }
}

TEST(RenewalRequest, HasAFileNamedAfterItsDomain) {
  EXPECT_EQ(request_path("*.example.org"), "requests/*.example.org.json");
  EXPECT_EQ(domain_of_request("*.example.org.json"), "*.example.org");
  EXPECT_EQ(domain_of_request("example.org.txt"), std::nullopt);
  EXPECT_EQ(domain_of_request(".json"), std::nullopt);
  EXPECT_EQ(domain_of_request(".tmp-1.json"), std::nullopt);
}

}  // namespace
}  // namespace md::store
