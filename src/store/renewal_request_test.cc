// SPDX-License-Identifier: Apache-2.0
#include "store/renewal_request.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/text.h"

namespace md::store {
namespace {

using ::testing::HasSubstr;

const SecretBytes kKey{std::string_view("key of the store")};
constexpr std::string_view kName = "a.test";

TEST(RenewalRequest, IsReadAsItWasWritten) {
  const TimePoint when = *parse_http_date("Sun, 22 Nov 2026 12:00:00 GMT");
  for (const bool now : {true, false}) {
    const RenewalRequest request{now, when, now ? "" : "00ff"};
    EXPECT_EQ(*parse_renewal_request(*sealed_request(request, kName, kKey), kName, kKey), request);
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
           {"", "requests/a.test.json"},
           {"{", "requests/a.test.json"},
           {"[]", "its action is ''"},
           {R"({"action":"revoke","requested":"Sun, 22 Nov 2026 12:00:00 GMT"})", "'revoke'"},
           {R"({"action":"renew"})", "no HTTP date"},
           {R"({"action":"renew","requested":"yesterday"})", "no HTTP date"},
       }) {
    const auto parsed = parse_renewal_request(c.text, kName, kKey);
    ASSERT_FALSE(parsed) << c.text;
    EXPECT_EQ(parsed.error().kind, ErrorKind::Corrupt);
    EXPECT_THAT(parsed.error().message, HasSubstr(c.reason));
  }
}

TEST(RenewalRequest, M11_CountsWithTheSealOfTheStoreAndForItsDomainOnly) {
  const RenewalRequest request{true, *parse_http_date("Sun, 22 Nov 2026 12:00:00 GMT"), ""};
  const std::string text = *sealed_request(request, kName, kKey);
  EXPECT_TRUE(parse_renewal_request(text, kName, kKey));
  EXPECT_FALSE(parse_renewal_request(text, "b.test", kKey));
  EXPECT_FALSE(parse_renewal_request(text, kName, SecretBytes(std::string_view("another"))));
  EXPECT_FALSE(parse_renewal_request(to_json(request).dump(), kName, kKey));
  std::string later = text;
  later.replace(later.find("22 Nov"), 6, "23 Nov");
  const auto parsed = parse_renewal_request(later, kName, kKey);
  ASSERT_FALSE(parsed);
  EXPECT_THAT(parsed.error().message, HasSubstr("its seal is not of this store"));
}

TEST(RenewalRequest, L15_HasAFileForTheLongestName) {
  const std::string longest(253, 'a');
  EXPECT_LE(request_path(longest).size(), std::string_view("requests/").size() + 255);
  EXPECT_NE(request_path(longest), request_path(longest.substr(1) + "b"));
}

TEST(RenewalRequest, HasAFileNamedAfterItsDomain) {
  EXPECT_EQ(request_path("*.example.org"), "requests/*.example.org.json");
  EXPECT_TRUE(is_request_file("*.example.org.json"));
  EXPECT_FALSE(is_request_file("example.org.txt"));
  EXPECT_FALSE(is_request_file(".json"));
  EXPECT_FALSE(is_request_file(".tmp-1.json"));
}

}  // namespace
}  // namespace md::store
