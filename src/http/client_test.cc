// SPDX-License-Identifier: Apache-2.0
#include "http/client.h"

#include <gtest/gtest.h>

#include "base/testing/fake_clock.h"
#include "base/text.h"
#include "http/testing/scripted_client.h"
#include "http/url.h"

namespace md::http {
namespace {

using std::chrono::seconds;
using testing::a_response;

TEST(Headers, AreFoundWhateverTheirCase) {
  Headers headers;
  headers.add("Link", "a");
  headers.add("LINK", "b");
  EXPECT_EQ(headers.find("link"), "a");
  EXPECT_EQ(headers.find_all("lInk"), (std::vector<std::string>{"a", "b"}));
  EXPECT_EQ(headers.find("lin"), std::nullopt);
}

TEST(Response, KnowsItsMediaTypeWithoutParameters) {
  const auto type_of = [](const std::string& value) {
    return a_response(200, "", {{"content-type", value}}).media_type();
  };
  EXPECT_EQ(type_of("application/problem+json; charset=utf-8"), "application/problem+json");
  EXPECT_EQ(type_of(" Application/JSON ;x"), "application/json");
  EXPECT_EQ(type_of(""), "");
  EXPECT_EQ(a_response(200).media_type(), "");
}

TEST(Response, ReadsBothFormsOfRetryAfter) {
  const md::testing::FakeClock clock;
  const auto after = [&](const std::string& value) {
    return a_response(503, "", {{"Retry-After", value}}).retry_after(clock.now());
  };
  EXPECT_EQ(after("120"), seconds(120));
  EXPECT_EQ(after(" 0 "), seconds(0));
  EXPECT_EQ(after(format_http_date(clock.now() + seconds(90))), seconds(90));
  EXPECT_EQ(after(format_http_date(clock.now() - seconds(90))), seconds(0));
  EXPECT_EQ(after("99999999999999999999999999"), std::chrono::hours(24 * 365));
  for (const char* bad : {"", "-5", "1.5", "soon", "12 s"}) {
    EXPECT_EQ(after(bad), std::nullopt) << bad;
  }
  EXPECT_EQ(a_response(503).retry_after(clock.now()), std::nullopt);
}

TEST(Response, FindsLinksByRelation) {
  const auto response = a_response(
      200, "",
      {{"Link", R"(<https://ca.test/up,1>;rel="up", </dir>; title="a, \"b; <x>"; rel=index)"},
       {"link", R"(<https://ca.test/2>; rel="alternate UP")"},
       {"Link", R"(<https://ca.test/3>)"},
       {"Link", "nonsense, <unclosed"}});
  EXPECT_EQ(response.links("up"),
            (std::vector<std::string>{"https://ca.test/up,1", "https://ca.test/2"}));
  EXPECT_EQ(response.links("index"), (std::vector<std::string>{"/dir"}));
  EXPECT_TRUE(response.links("terms").empty());
}

TEST(Url, IsHttpOrHttpsWithAHost) {
  EXPECT_EQ(parse_url("https://CA.example.org/dir")->port, "443");
  EXPECT_EQ(parse_url("http://ca.test:8080")->authority(), "ca.test:8080");
  for (const char* bad :
       {"", "/dir", "ca.test/dir", "ftp://ca.test/", "file:///etc/passwd", "https://",
        "https:///dir", "https://ca.test/a b", "https://ca.test/\r\nX: y", "javascript:x"}) {
    EXPECT_FALSE(is_http_url(bad)) << bad;
  }
}

TEST(Url, ResolvesReferences) {
  const std::string base = "https://ca.test/acme/cert/1?x=y";
  EXPECT_EQ(resolve_url(base, "2"), "https://ca.test/acme/cert/2");
  EXPECT_EQ(resolve_url(base, "/up/3"), "https://ca.test/up/3");
  EXPECT_EQ(resolve_url(base, "http://other.test/z"), "http://other.test/z");
  EXPECT_EQ(resolve_url(base, "file:///etc/passwd"), std::nullopt);
}

}  // namespace
}  // namespace md::http
