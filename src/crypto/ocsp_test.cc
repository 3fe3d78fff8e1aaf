// SPDX-License-Identifier: Apache-2.0
#include "crypto/ocsp.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/text.h"
#include "crypto/testing/test_responder.h"

namespace md::crypto {
namespace {

using ::testing::HasSubstr;
using testing::make_ocsp_answer;
using testing::OcspOptions;
using testing::TestCa;
using Says = OcspOptions::Says;
using Signer = OcspOptions::Signer;
using std::chrono::days;
using std::chrono::hours;

const TimePoint kNow = parse_rfc3339("2026-03-10T12:00:00Z").value();
const model::Validity kLife{kNow - days(20), kNow + days(70)};

const TestCa& ca() {
  static const TestCa authority;
  return authority;
}

Certificate leaf(std::string_view serial = "") {
  testing::IssueOptions options;
  options.serial = serial;
  return ca()
      .issue({model::DnsName::parse("example.org").value()}, testing::shared_ec_key(), kLife,
             options)
      .value()
      .front();
}

OcspOptions current() {
  OcspOptions options;
  options.this_update = kNow - hours(1);
  options.next_update = kNow + days(3);
  return options;
}

Result<OcspAnswer> check(const Certificate& certificate, const OcspOptions& options) {
  return check_ocsp_answer(make_ocsp_answer(ca(), certificate, options), certificate,
                           ca().intermediate(), kNow);
}

TEST(OcspTest, TakesAGoodAnswerOfTheIssuer) {
  const auto answer = check(leaf(), current());
  ASSERT_TRUE(answer) << answer.error().message;
  EXPECT_EQ(answer->status, OcspStatus::Good);
  EXPECT_EQ(answer->validity, (model::Validity{kNow - hours(1), kNow + days(3)}));
  EXPECT_FALSE(answer->der.empty());
}

TEST(OcspTest, TakesARevocation) {
  OcspOptions options = current();
  options.says = Says::Revoked;
  const auto answer = check(leaf(), options);
  ASSERT_TRUE(answer) << answer.error().message;
  EXPECT_EQ(answer->status, OcspStatus::Revoked);
}

TEST(OcspTest, TakesTheAnswerOfAResponderThatTheIssuerHasNamed) {
  OcspOptions options = current();
  options.signer = Signer::Delegate;
  const auto answer = check(leaf(), options);
  EXPECT_TRUE(answer) << answer.error().message;
}

TEST(OcspTest, TakesIdsOfAnotherHash) {
  OcspOptions options = current();
  options.hash = OcspOptions::Hash::Sha256;
  const auto answer = check(leaf(), options);
  EXPECT_TRUE(answer) << answer.error().message;
}

// OC-05
TEST(OcspTest, WithoutANextUpdateAnAnswerIsGoodForTwelveHours) {
  OcspOptions options = current();
  options.next_update.reset();
  const auto answer = check(leaf(), options);
  ASSERT_TRUE(answer) << answer.error().message;
  EXPECT_EQ(answer->validity.until, kNow + hours(11));
}

struct Refusal {
  const char* name;
  OcspOptions options;
  const char* reason;
};

OcspOptions with(const std::function<void(OcspOptions&)>& change) {
  OcspOptions options = current();
  change(options);
  return options;
}

class OcspRefusal : public ::testing::TestWithParam<Refusal> {};

TEST_P(OcspRefusal, HasItsReason) {
  const auto answer = check(leaf(), GetParam().options);
  ASSERT_FALSE(answer);
  EXPECT_THAT(answer.error().message, HasSubstr(GetParam().reason));
}

INSTANTIATE_TEST_SUITE_P(
    All, OcspRefusal,
    ::testing::Values(
        Refusal{"Stranger", with([](auto& o) { o.signer = Signer::Stranger; }),
                "not signed by the certificate's issuer"},
        Refusal{"NotNamedForIt", with([](auto& o) { o.signer = Signer::DelegateWithoutUsage; }),
                "not signed by the certificate's issuer"},
        Refusal{"Unknown", with([](auto& o) { o.says = Says::Unknown; }), "does not know"},
        Refusal{"TryLater", with([](auto& o) { o.refusal = 3; }), "trylater"},
        Refusal{"Expired", with([](auto& o) {
                  o.this_update = kNow - days(5);
                  o.next_update = kNow - days(1);
                }),
                "has expired on Mon, 09 Mar 2026"},
        Refusal{"OldAndWithoutNextUpdate", with([](auto& o) {
                  o.this_update = kNow - hours(13);
                  o.next_update.reset();
                }),
                "has expired on"},
        Refusal{"Future", with([](auto& o) { o.this_update = kNow + hours(1); }),
                "is the clock right?"},
        Refusal{"EndsBeforeItBegins", with([](auto& o) { o.next_update = kNow - hours(2); }),
                "before it begins"}),
    [](const auto& refusal) { return refusal.param.name; });

TEST(OcspTest, ALittleSkewOfClocksIsFine) {
  OcspOptions options = current();
  options.this_update = kNow + std::chrono::minutes(4);
  EXPECT_TRUE(check(leaf(), options));
}

// OC-13
TEST(OcspTest, RefusesAnAnswerAboutAnotherCertificate) {
  // The serials differ in a leading zero byte alone.
  const Bytes der = make_ocsp_answer(ca(), leaf("00A1"), current());
  const auto answer = check_ocsp_answer(der, leaf("A100"), ca().intermediate(), kNow);
  ASSERT_FALSE(answer);
  EXPECT_THAT(answer.error().message, HasSubstr("not about the certificate with serial"));
}

// OC-13
TEST(OcspTest, RefusesAnAnswerOfAnotherIssuer) {
  const TestCa other("Other");
  const Certificate certificate = leaf();
  const Bytes der = make_ocsp_answer(other, certificate, current());
  EXPECT_FALSE(check_ocsp_answer(der, certificate, ca().intermediate(), kNow));
}

TEST(OcspTest, RefusesWhatIsNoAnswer) {
  const Certificate certificate = leaf();
  const Bytes good = make_ocsp_answer(ca(), certificate, current());
  const auto kind_of = [&](const Bytes& der) {
    const auto answer = check_ocsp_answer(der, certificate, ca().intermediate(), kNow);
    return answer ? ErrorKind::Internal : answer.error().kind;
  };
  const std::string_view html = "<html>502 Bad Gateway</html>";
  EXPECT_EQ(kind_of(Bytes(html.begin(), html.end())), ErrorKind::Corrupt);
  EXPECT_EQ(kind_of({}), ErrorKind::Corrupt);
  EXPECT_EQ(kind_of(Bytes(kMaxOcspAnswer + 1, 0x30)), ErrorKind::Corrupt);
  Bytes longer = good;
  longer.push_back(0);
  EXPECT_EQ(kind_of(longer), ErrorKind::Corrupt);
}

TEST(OcspTest, NoTruncatedOrChangedAnswerPasses) {
  const Certificate certificate = leaf();
  const Bytes good = make_ocsp_answer(ca(), certificate, current());
  for (std::size_t length = 0; length < good.size(); length += 7) {
    const std::span part(good.data(), length);
    EXPECT_FALSE(check_ocsp_answer(part, certificate, ca().intermediate(), kNow)) << length;
  }
}

TEST(OcspTest, RequestsAreSmallEnoughForAUrl) {
  const auto request = make_ocsp_request(leaf(), ca().intermediate());
  ASSERT_TRUE(request);
  EXPECT_LT(request->size(), 120U);
}

TEST(OcspTest, StatusHasTheNamesOfTheStore) {
  EXPECT_EQ(name_of(OcspStatus::Good), "good");
  EXPECT_EQ(name_of(OcspStatus::Revoked), "revoked");
}

}  // namespace
}  // namespace md::crypto
