// SPDX-License-Identifier: Apache-2.0
#include "config/uri.h"

#include <gtest/gtest.h>

#include <string>

#include "config/authorities.h"

namespace md::config {
namespace {

struct UriCase {
  const char* text;
  const char* flaw;  // as Debian's mod_md 2.6 says it
};

class UriA9 : public ::testing::TestWithParam<UriCase> {};

TEST_P(UriA9, HasTheFlawThatModMdNames) {
  EXPECT_EQ(flaw_of_uri(GetParam().text), GetParam().flaw) << GetParam().text;
}

constexpr UriCase kCases[] = {
    {"http://white space/path", "whitespace in uri"},
    {" ", "whitespace in uri"},
    {"https://a.org/d ", "whitespace in uri"},
    {"foo:a\tb", "whitespace in uri"},
    {"", "missing uri scheme"},
    {"example.org/dir", "missing uri scheme"},
    {"NoSuchCA", "missing uri scheme"},
    {"//a.org/x", "missing uri scheme"},
    {"/x", "missing uri scheme"},
    {":", "not an uri"},
    {":x", "not an uri"},
    {"1http://a.org", "not an uri"},
    {"ht_tp://a", "not an uri"},
    {"http://[::1", "not an uri"},
    {"https://a.org:abc/d", "not an uri"},
    {"http://a.org:1x/", "not an uri"},
    {"mailto:", "missing uri identifier"},
    {"http:", "missing uri identifier"},
    {"https:dir", "missing hostname"},
    {"http:/a.org", "missing hostname"},
    {"http://bad.port:-1/path", "invalid port"},
    {"http://a.org:+1/", "invalid port"},
    {"https://a.org:0/d", "invalid port"},
    {"https://a.org:/d", "invalid port"},
    {"http://:/d", "invalid port"},
    {"https://a.org:65536/", "invalid port"},
    {"http://a.org:9999999999999999999999/", "invalid port"},
    {"http://u:p@inva!id:0/", "invalid port"},
    {"https://ex_ample.org/d", "invalid hostname"},
    {"https://bad..host/d", "invalid hostname"},
    {"https://[::1]:44/d", "invalid hostname"},
    {"https://inva!id.org/d", "invalid hostname"},
    {"https://*.org/", "invalid hostname"},
    {"https://%41.org/", "invalid hostname"},
    {"https://b\xc3\xbc"
     "cher.org/",
     "invalid hostname"},
    {"mailto:nobody", "missing @"},
    {"mailto:a..b", "missing @"},
    {"mailto:@a.org", "missing local part"},
    {"mailto:@", "missing local part"},
    {"mailto:@@", "duplicate @"},
    {"mailto:x@y@a.org", "duplicate @"},
    {"mailto:x@", "missing hostname"},
    {"mailto:..@", "missing hostname"},
    {"mailto:x..y@a.org", "double period"},
    {"mailto:x@a..b", "double period"},
    {"https://", ""},
    {"https:///dir", ""},
    {"https://:443/d", ""},
    {"https://-a.org/d", ""},
    {"https://a.org:99999/d", ""},
    {"https://a.org:65537/d", ""},
    {"https://a@b/d", ""},
    {"https://192.0.2.1/d", ""},
    {"https://a.org?x", ""},
    {"HTTP:dir", ""},
    {"ftp://inva!id:0/x", ""},
    {"file:///run/x.sock", ""},
    {"file:x", ""},
    {"mailto:a@b.org", ""},
    {"mailto:x@a!b", ""},
    {"mailto://a", ""},
    {"Mailto:nobody", ""},
    {"urn:x:y", ""},
    {"localhost:14000/dir", ""},
};
INSTANTIATE_TEST_SUITE_P(Uri, UriA9, ::testing::ValuesIn(kCases));

TEST(AuthorityA9, IsRefusedInModMdsWords) {
  const auto refused = parse_authority("http://white space/path");
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().message.find(
                "The CA name 'http://white space/path' is not known and it is not a URL either "
                "(whitespace in uri). Known CA names are: LetsEncrypt"),
            0U)
      << refused.error().message;
}

TEST(AuthorityA9, MayBeAnyUri) {
  for (const char* text : {"ftp://example.org/dir", "mailto:a@example.org", "https://"}) {
    const auto taken = parse_authority(text);
    ASSERT_TRUE(taken) << taken.error().message;
    EXPECT_EQ(taken->url, text);
  }
}

}  // namespace
}  // namespace md::config
