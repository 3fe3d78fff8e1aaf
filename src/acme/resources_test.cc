// SPDX-License-Identifier: Apache-2.0
#include "acme/resources.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/problem_limits.h"
#include "base/text.h"

namespace md::acme {
namespace {

using ::testing::HasSubstr;

json::Value parse(std::string_view text) {
  auto value = json::Value::parse(text, "sample");
  EXPECT_TRUE(value) << text;
  return value ? *value : json::Value();
}

constexpr std::string_view kDirectory = R"({
  "newNonce": "https://ca.test/nonce", "newAccount": "https://ca.test/account",
  "newOrder": "https://ca.test/order", "revokeCert": "https://ca.test/revoke",
  "renewalInfo": "https://ca.test/ari",
  "meta": {"termsOfService": "https://ca.test/tos", "externalAccountRequired": true,
           "profiles": {"classic": "…", "shortlived": "…"}}})";

TEST(Directory, IsRead) {
  const auto directory = parse_directory(parse(kDirectory), "https://ca.test/dir");
  ASSERT_TRUE(directory) << directory.error().message;
  EXPECT_EQ(directory->url, "https://ca.test/dir");
  EXPECT_EQ(directory->new_nonce, "https://ca.test/nonce");
  EXPECT_EQ(directory->new_account, "https://ca.test/account");
  EXPECT_EQ(directory->new_order, "https://ca.test/order");
  EXPECT_EQ(directory->key_change, "");
  EXPECT_EQ(directory->renewal_info, "https://ca.test/ari");
  EXPECT_EQ(directory->terms_of_service, "https://ca.test/tos");
  EXPECT_TRUE(directory->external_account_required);
  EXPECT_EQ(directory->profiles, (std::vector<std::string>{"classic", "shortlived"}));
}

/// A resource with one member replaced or gone, and what the error names.
struct Defect {
  const char* member;
  const char* value;  ///< JSON; nullptr: the member is missing
  const char* words;
};

json::Value with_defect(std::string_view good, const Defect& defect) {
  json::Value value = parse(good);
  if (defect.value == nullptr) {
    value.erase(defect.member);
  } else {
    value.set(defect.member, parse(defect.value));
  }
  return value;
}

TEST(Directory, NamesWhatIsMissingOrWrong) {
  for (const Defect& defect :
       {Defect{"newNonce", nullptr, "newNonce"}, Defect{"newAccount", "7", "newAccount"},
        Defect{"newOrder", R"("/order")", "newOrder"},
        Defect{"newOrder", R"("file:///etc/passwd")", "newOrder"},
        Defect{"renewalInfo", R"("javascript:x")", "renewalInfo"}}) {
    const auto directory = parse_directory(with_defect(kDirectory, defect), "https://ca.test/dir");
    ASSERT_FALSE(directory) << defect.member;
    EXPECT_EQ(directory.error().kind, ErrorKind::Corrupt);
    EXPECT_THAT(directory.error().message, HasSubstr(defect.words));
    EXPECT_THAT(directory.error().message, HasSubstr("https://ca.test/dir"));
  }
  for (const char* other : {"null", "[]", "7", R"("text")"}) {
    EXPECT_FALSE(parse_directory(parse(other), "https://ca.test/dir")) << other;
  }
}

constexpr std::string_view kOrder = R"({
  "status": "valid", "expires": "2026-12-01T00:00:00.123Z",
  "identifiers": [{"type": "dns", "value": "a.test"}, {"type": "ip", "value": "192.0.2.1"}],
  "authorizations": ["https://ca.test/authz/1", "https://ca.test/authz/2"],
  "finalize": "https://ca.test/finalize/1", "certificate": "https://ca.test/cert/1",
  "error": {"type": "urn:ietf:params:acme:error:caa", "detail": "no"}})";

TEST(Order, IsRead) {
  const auto order = parse_order(parse(kOrder), "https://ca.test/order/1");
  ASSERT_TRUE(order) << order.error().message;
  EXPECT_EQ(order->url, "https://ca.test/order/1");
  EXPECT_EQ(order->status, OrderStatus::Valid);
  EXPECT_EQ(order->identifiers, (std::vector<Identifier>{{"dns", "a.test"}, {"ip", "192.0.2.1"}}));
  EXPECT_EQ(order->authorizations.size(), 2U);
  EXPECT_EQ(order->certificate, "https://ca.test/cert/1");
  EXPECT_EQ(order->expires, *parse_rfc3339("2026-12-01T00:00:00Z"));
  EXPECT_EQ(order->error->detail, "no");
}

TEST(Order, OptionalMembersMayBeAbsentOrOdd) {
  for (const Defect& defect : {Defect{"expires", nullptr, ""}, Defect{"expires", R"("soon")", ""},
                               Defect{"certificate", nullptr, ""}, Defect{"error", "null", ""},
                               Defect{"error", R"("text")", ""}, Defect{"notBefore", "[]", ""}}) {
    EXPECT_TRUE(parse_order(with_defect(kOrder, defect), "https://ca.test/order/1"))
        << defect.member;
  }
}

TEST(Order, NamesWhatIsMissingOrWrong) {
  for (const Defect& defect :
       {Defect{"status", nullptr, "status"}, Defect{"status", R"("done\n")", "done "},
        Defect{"identifiers", nullptr, "identifiers"},
        Defect{"identifiers", R"([{"type":"dns"}])", "value"},
        Defect{"authorizations", R"("x")", "authorizations"},
        Defect{"authorizations", "[7]", "authorization"},
        Defect{"authorizations", R"(["ftp://x/"])", "authorization"},
        Defect{"finalize", nullptr, "finalize"}, Defect{"certificate", R"("x")", "certificate"}}) {
    const auto order = parse_order(with_defect(kOrder, defect), "https://ca.test/order/1");
    ASSERT_FALSE(order) << defect.member;
    EXPECT_EQ(order.error().kind, ErrorKind::Corrupt);
    EXPECT_THAT(order.error().message, HasSubstr(defect.words));
  }
}

constexpr std::string_view kAuthorization = R"({
  "identifier": {"type": "dns", "value": "a.test"}, "status": "pending", "wildcard": true,
  "expires": "2026-12-01T00:00:00Z",
  "challenges": [
    {"type": "http-01", "url": "https://ca.test/c/1", "token": "abc_-1", "status": "pending"},
    {"type": "sky-99", "writes": "in the sky"},
    {"type": "dns-01", "url": "https://ca.test/c/2", "token": "def", "status": "invalid",
     "error": {"type": "urn:ietf:params:acme:error:dns", "detail": "no TXT record"}}]})";

TEST(Authorization, IsReadWithoutChallengesOfTypesThatAreUnknown) {
  const auto authorization = parse_authorization(parse(kAuthorization), "https://ca.test/authz/1");
  ASSERT_TRUE(authorization) << authorization.error().message;
  EXPECT_EQ(authorization->status, AuthorizationStatus::Pending);
  EXPECT_TRUE(authorization->wildcard);
  EXPECT_EQ(authorization->challenges.size(), 2U);
  EXPECT_EQ(authorization->find_challenge("http-01")->token, "abc_-1");
  EXPECT_EQ(authorization->find_challenge("tls-alpn-01"), nullptr);
  EXPECT_EQ(authorization->failure()->detail, "no TXT record");
}

TEST(Authorization, NeedsChallengesOnlyWhilePending) {
  json::Value value = parse(kAuthorization);
  value.erase("challenges");
  EXPECT_FALSE(parse_authorization(value, "https://ca.test/authz/1"));
  value.set("status", "valid");
  EXPECT_TRUE(parse_authorization(value, "https://ca.test/authz/1"));
}

TEST(Challenge, Reports21WithoutAStatusHasThatOfItsAuthorization) {
  for (const auto& [status, expected] :
       {std::pair("pending", ChallengeStatus::Pending), std::pair("valid", ChallengeStatus::Valid),
        std::pair("expired", ChallengeStatus::Invalid)}) {
    json::Value challenge = parse(R"({"type":"http-01","url":"https://ca.test/c","token":"abc"})");
    json::Value null_status = challenge;
    null_status.set("type", "dns-01").set("status", json::Value());
    json::Value value = parse(kAuthorization);
    value.set("status", status);
    value.set("challenges", json::Value::array().push_back(challenge).push_back(null_status));
    const auto authorization = parse_authorization(value, "https://ca.test/authz/1");
    ASSERT_TRUE(authorization) << authorization.error().message;
    ASSERT_EQ(authorization->challenges.size(), 2U);
    EXPECT_EQ(authorization->challenges[0].status, expected);
    EXPECT_EQ(authorization->challenges[1].status, expected);
  }
  EXPECT_FALSE(parse_challenge(parse(R"({"type":"dns-01","url":"https://ca.test/c"})")));
}

TEST(Authorization, Reports36NeedsNoChallengesOnceItIsValid) {
  const auto authorization = parse_authorization(
      parse(R"({"status":"valid","identifier":{"type":"dns","value":"a.test"}})"),
      "https://ca.test/authz/1");
  ASSERT_TRUE(authorization) << authorization.error().message;
  EXPECT_TRUE(authorization->challenges.empty());
}

TEST(Challenge, RefusesTokensThatAreNoBase64Url) {
  for (const char* token : {"", "../../etc/passwd", "a b", "a.b", "a\n", "é"}) {
    json::Value value = parse(R"({"type":"http-01","url":"https://ca.test/c","status":"pending"})");
    value.set("token", token);
    const auto challenge = parse_challenge(value);
    ASSERT_FALSE(challenge) << token;
    EXPECT_THAT(challenge.error().message, HasSubstr("token"));
  }
  EXPECT_TRUE(
      parse_challenge(parse(R"({"type":"http-01","url":"https://ca.test/c","status":"valid"})")));
  EXPECT_TRUE(parse_challenge(
      parse(R"({"type":"dns-persist-01","url":"https://ca.test/c","status":"pending"})")));
}

TEST(Account, IsRead) {
  const auto account = parse_account(
      parse(R"({"status":"valid","contact":["mailto:a@x.test"],"orders":"https://ca.test/o"})"),
      "https://ca.test/acct/1");
  ASSERT_TRUE(account);
  EXPECT_EQ(account->contacts, (std::vector<std::string>{"mailto:a@x.test"}));
  EXPECT_FALSE(parse_account(parse("{}"), "https://ca.test/acct/1"));
}

TEST(Problem, KeepsEverySubproblemWithItsIdentifier) {  // AC-14
  const Problem problem = parse_problem(parse(R"({
      "type": "urn:ietf:params:acme:error:compound", "detail": "two\nlines", "status": 400,
      "subproblems": [
        {"type": "urn:ietf:params:acme:error:caa", "detail": "CAA forbids",
         "identifier": {"type": "dns", "value": "a.test"}},
        {"detail": "no type"}]})"),
                                        403);
  EXPECT_EQ(problem.status, 403);
  EXPECT_EQ(problem.detail, "two lines");
  ASSERT_EQ(problem.subproblems.size(), 2U);
  EXPECT_EQ(problem.subproblems[0].identifier, "a.test");
  EXPECT_EQ(problem.subproblems[0].identifier_type, "dns");
  EXPECT_EQ(problem.subproblems[1].detail, "no type");
  EXPECT_EQ(problem.subproblems[1].identifier, "");
}

TEST(Problem, M3_KeepsNoMoreThanCanBeKeptInFiles) {
  json::Value subproblems = json::Value::array();
  for (int i = 0; i < 500; ++i) {
    subproblems.push_back(json::Value::object().set("detail", std::string(5000, 'x')));
  }
  const auto value = json::Value::object()
                         .set("type", std::string(5000, 't'))
                         .set("detail", std::string(5000, 'd'))
                         .set("subproblems", std::move(subproblems));
  const Problem problem = parse_problem(value, 400);
  EXPECT_EQ(problem.subproblems.size(), kMaxSubproblems);
  EXPECT_LE(problem.subproblems.back().detail.size(), kMaxSubproblemDetail + 3);
  EXPECT_LE(problem.type.size(), kMaxProblemType + 3);
  EXPECT_LE(problem.detail.size(), kMaxProblemDetail + 3);
}

TEST(Problem, WithoutMembersIsGeneric) {  // AC-07
  for (const char* text : {"{}", R"({"type":null})", R"({"type":7,"detail":[]})", "[]"}) {
    const Problem problem = parse_problem(parse(text), 503);
    EXPECT_EQ(problem.type, "about:blank") << text;
    EXPECT_EQ(problem.status, 503);
    EXPECT_FALSE(is_permanent(problem));
  }
  EXPECT_EQ(parse_problem(parse(R"({"title":"words"})"), 0).detail, "words");
}

TEST(Problem, IsPermanentByItsType) {  // AC-17, AC-18
  const auto permanent = [](const std::string& type) {
    return is_permanent({"urn:ietf:params:acme:error:" + type, "", 400, {}});
  };
  for (const char* type :
       {"rejectedIdentifier", "invalidContact", "unsupportedContact", "unsupportedIdentifier",
        "userActionRequired", "malformed", "badCSR", "externalAccountRequired", "invalidProfile"}) {
    EXPECT_TRUE(permanent(type)) << type;
  }
  for (const char* type : {"rateLimited", "serverInternal", "badNonce", "connection", "dns", "caa",
                           "orderNotReady", "accountDoesNotExist", "alreadyReplaced", ""}) {
    EXPECT_FALSE(permanent(type)) << type;
  }
  EXPECT_FALSE(is_permanent({"malformed", "", 400, {}}));
}

TEST(Status, HasTheNamesOfTheRfc) {
  EXPECT_EQ(name_of(OrderStatus::Processing), "processing");
  EXPECT_EQ(name_of(AuthorizationStatus::Deactivated), "deactivated");
  EXPECT_EQ(name_of(ChallengeStatus::Invalid), "invalid");
}

}  // namespace
}  // namespace md::acme
