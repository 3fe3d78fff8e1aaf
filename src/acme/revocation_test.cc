// SPDX-License-Identifier: Apache-2.0
#include "acme/revocation.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "acme/session_fixture.h"
#include "base/base64.h"
#include "json/value.h"

namespace md::acme {
namespace {

using ::testing::HasSubstr;

const std::string kUrl = "https://ca.test/revoke-cert";

class RevocationTest : public SessionTest {
 protected:
  RevocationTest() {
    directory = *fetch_directory(connection, server.directory_url());
    directory.revoke_cert = kUrl;
    server.behaviour.intercept =
        [this](const http::Request& request) -> std::optional<Result<http::Response>> {
      if (request.url != kUrl) {
        return std::nullopt;
      }
      sent = *json::Value::parse(request.body, "request");
      return reply;
    };
  }
  /// A part of the request: "protected" or "payload".
  json::Value part(const char* name) const {
    const auto bytes = decode_base64url(sent.get(name).as_string().value_or(""));
    const std::string text(bytes->begin(), bytes->end());
    return *json::Value::parse(text, name);
  }
  crypto::Certificate a_certificate() const {
    const crypto::testing::TestCa ca;
    const TimePoint now = clock.now();
    return ca
        .issue({*model::DnsName::parse("example.org")}, certificate_key,
               {now, now + std::chrono::hours(24)})
        ->front();
  }

  Directory directory;
  json::Value sent;
  Result<http::Response> reply = http::testing::a_response(200, "", {});
};

TEST_F(RevocationTest, IsSignedByTheCertificatesKeyAndSaysWhy) {
  const crypto::Certificate certificate = a_certificate();
  const Status revoked = revoke_certificate(connection, directory, certificate_key, certificate,
                                            RevocationReason::Superseded);
  ASSERT_TRUE(revoked) << revoked.error().message;
  EXPECT_EQ(part("payload").get("reason").as_int(), 4);
  EXPECT_EQ(part("payload").get("certificate").as_string(),
            encode_base64url(*certificate.to_der()));
  EXPECT_TRUE(part("protected").get("jwk").is_object());
  EXPECT_FALSE(part("protected").has("kid"));
}

TEST_F(RevocationTest, ThatIsRefusedSaysWhatTheCaSays) {
  reply = a_problem(400, "alreadyRevoked");
  const Status revoked = revoke_certificate(connection, directory, certificate_key, a_certificate(),
                                            RevocationReason::Unspecified);
  ASSERT_FALSE(revoked);
  EXPECT_THAT(revoked.error().message, HasSubstr("words about alreadyRevoked"));
}

TEST_F(RevocationTest, IsNotAskedOfACaThatOffersNone) {
  directory.revoke_cert.clear();
  const Status revoked = revoke_certificate(connection, directory, certificate_key, a_certificate(),
                                            RevocationReason::Unspecified);
  ASSERT_FALSE(revoked);
  EXPECT_THAT(revoked.error().message, HasSubstr("offers no revocation"));
}

TEST(RevocationReasons, HaveTheNamesOfRfc5280) {
  EXPECT_EQ(revocation_reason_named("keycompromise"), RevocationReason::KeyCompromise);
  EXPECT_EQ(revocation_reason_named("removeFromCRL"), std::nullopt);
  EXPECT_THAT(revocation_reason_names(), HasSubstr("affiliationChanged, superseded"));
}

}  // namespace
}  // namespace md::acme
