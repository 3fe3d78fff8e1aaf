// SPDX-License-Identifier: Apache-2.0
#include "acme/jws.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "acme/testing/signed_request.h"
#include "crypto/testing/test_ca.h"

namespace md::acme {
namespace {

using crypto::testing::shared_ec_key;
using crypto::testing::shared_rsa_key;
using ::testing::HasSubstr;

http::Request a_post(std::string body) {
  http::Request request;
  request.method = http::Request::Method::Post;
  request.headers.add("Content-Type", "application/jose+json");
  request.body = std::move(body);
  return request;
}

std::string protected_header(const std::string& jws) {
  const auto value = *json::Value::parse(jws, "jws");
  const auto bytes = *decode_base64url(value.get("protected").as_string().value());
  return {bytes.begin(), bytes.end()};
}

TEST(Jws, IsSignedByKeysOfEachType) {
  for (const auto* key : {&shared_ec_key(), &shared_rsa_key()}) {
    const std::string jws = *make_jws(*key, "", "nonce1", "https://ca.test/new-account", "{}");
    const auto request = testing::read_signed_request(a_post(jws));
    ASSERT_TRUE(request) << request.error().message;
    EXPECT_EQ(request->payload, "{}");
    EXPECT_TRUE(testing::is_signed_by(*request, request->jwk));
    EXPECT_EQ(testing::thumbprint_of(request->jwk), *thumbprint(*key));
  }
}

TEST(Jws, HeaderHasItsMembersInOrder) {
  const std::string jws =
      *make_jws(shared_ec_key(), "https://ca.test/acct/1", "n", "https://ca.test/x", "");
  EXPECT_EQ(
      protected_header(jws),
      R"({"alg":"ES256","nonce":"n","url":"https://ca.test/x","kid":"https://ca.test/acct/1"})");
  const std::string embedded = *make_jws(shared_rsa_key(), "", "n", "https://ca.test/x", "");
  EXPECT_THAT(protected_header(embedded),
              HasSubstr(R"({"alg":"RS256","nonce":"n","url":"https://ca.test/x","jwk":{"e":)"));
}

TEST(Jws, EmptyPayloadStaysEmpty) {  // AC-03
  const auto jws =
      *json::Value::parse(*make_jws(shared_ec_key(), "kid", "n", "https://ca.test/x", ""), "jws");
  EXPECT_EQ(jws.get("payload").as_string(), "");
}

TEST(ExternalAccountBinding, CoversTheAccountKey) {
  const std::string hmac = encode_base64url(as_bytes("a secret of the CA"));
  const std::string url = "https://ca.test/new-account";
  const auto binding = make_external_account_binding(shared_ec_key(), "kid-1", hmac, url);
  ASSERT_TRUE(binding) << binding.error().message;
  const auto request =
      *testing::read_signed_request(a_post(*make_jws(shared_ec_key(), "", "n", url, "")));
  const auto check = [&](const std::string& kid, const std::string& secret) {
    return testing::check_external_binding(*binding, request.jwk, kid, secret, url);
  };
  EXPECT_TRUE(check("kid-1", hmac));
  EXPECT_FALSE(check("kid-2", hmac));
  EXPECT_FALSE(check("kid-1", encode_base64url(as_bytes("another secret"))));
}

TEST(ExternalAccountBinding, Reports24And39TakesBothAlphabetsPaddingAndWhiteSpaceAround) {
  const Bytes secret{0xfb, 0xef, 0xbe, 0xff, 0xfe, 0x01, 0x02};
  ASSERT_EQ(encode_base64(secret), "++++//4BAg==");
  for (const char* text : {"++++//4BAg==", "++++//4BAg", "----__4BAg",
                           "----__4BAg==", " ++++//4BAg==\n", "\t----__4BAg\r\n"}) {
    const auto decoded = decode_external_hmac(text);
    ASSERT_TRUE(decoded) << text;
    EXPECT_EQ(*decoded, secret) << text;
  }
  for (const char* bad : {"", " \n", "====", "not/base64+!", "a b", "abcde"}) {
    EXPECT_FALSE(decode_external_hmac(bad)) << bad;
  }
}

TEST(ExternalAccountBinding, NamesAnHmacKeyThatIsNone) {
  for (const char* bad : {"", "not base64url!"}) {
    const auto binding = make_external_account_binding(shared_ec_key(), "kid-1", bad, "u");
    ASSERT_FALSE(binding);
    EXPECT_EQ(binding.error().kind, ErrorKind::InvalidInput);
    EXPECT_THAT(binding.error().message, HasSubstr("kid-1"));
  }
}

}  // namespace
}  // namespace md::acme
