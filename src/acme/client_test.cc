// SPDX-License-Identifier: Apache-2.0
#include "acme/client.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

#include "acme/session_fixture.h"
#include "acme/testing/signed_request.h"
#include "base/text.h"

namespace md::acme {
namespace {

using http::testing::a_response;
using ::testing::HasSubstr;
using namespace std::chrono_literals;

class DirectoryTest : public SessionTest {
 protected:
  Result<Directory> fetch() { return fetch_directory(connection, server.directory_url()); }
};

TEST_F(DirectoryTest, IsFetched) {
  server.behaviour.profiles = {"classic"};
  const auto directory = fetch();
  ASSERT_TRUE(directory) << directory.error().message;
  EXPECT_EQ(directory->url, server.directory_url());
  EXPECT_EQ(directory->profiles, (std::vector<std::string>{"classic"}));
}

TEST_F(DirectoryTest, ThatIsNoneMeansTheUrlIsWrong) {
  for (const char* body : {"<html><body>Welcome</body></html>", "", "{}", "[1]", "{\"a\":"}) {
    answer("/dir", a_response(200, body));
    const auto directory = fetch();
    ASSERT_FALSE(directory);
    EXPECT_EQ(directory.error().kind, ErrorKind::Rejected) << body;
    EXPECT_THAT(directory.error().message,
                HasSubstr("https://ca.test/dir is not the URL of an ACME directory"));
  }
}

TEST_F(DirectoryTest, OfAcmeV1IsGone) {
  answer("/dir", a_response(200, R"({"new-reg":"https://ca.test/r","new-authz":"x"})"));
  const auto directory = fetch();
  ASSERT_FALSE(directory);
  EXPECT_EQ(directory.error().kind, ErrorKind::Permanent);
  EXPECT_THAT(directory.error().message, HasSubstr("ACMEv1"));
}

TEST_F(DirectoryTest, FailuresToFetchItAreNotPermanent) {
  answer("/dir", a_response(503, "busy", {{"Retry-After", "60"}}));
  auto directory = fetch();
  EXPECT_EQ(directory.error().kind, ErrorKind::Rejected);
  EXPECT_EQ(directory.error().retry_after, 60s);  // AC-48
  answer("/dir", a_response(404, "<html>"));
  directory = fetch();
  EXPECT_EQ(directory.error().kind, ErrorKind::Rejected);
  EXPECT_THAT(directory.error().message, HasSubstr("is this the URL of an ACME directory?"));
  answer("/dir", fail(ErrorKind::Network, "connect to ca.test:443: Connection refused"));
  directory = fetch();
  EXPECT_EQ(directory.error().kind, ErrorKind::Network);
  EXPECT_EQ(directory.error().message,
            "fetch the directory: connect to ca.test:443: Connection refused");
}

using AccountTest = SessionTest;

TEST_F(AccountTest, IsCreatedAndFoundAgain) {  // AC-16, AC-20
  const std::string first = a_session().account_url();
  const std::string second = a_session().account_url();
  EXPECT_EQ(first, second);
  EXPECT_EQ(server.accounts(), 1U);
}

TEST_F(AccountTest, OnlyExistingIsNotFoundWhereTheCaKnowsNone) {
  const auto directory = *fetch_directory(connection, server.directory_url());
  AccountRequest request;
  request.only_existing = true;
  const auto account = create_account(connection, directory, account_key, request);
  ASSERT_FALSE(account);
  EXPECT_EQ(account.error().kind, ErrorKind::NotFound);
  EXPECT_EQ(server.accounts(), 0U);
}

TEST_F(AccountTest, TermsThatAreNotAgreedToArePermanent) {  // AC-17
  const auto directory = *fetch_directory(connection, server.directory_url());
  const auto account = create_account(connection, directory, account_key, {});
  ASSERT_FALSE(account);
  EXPECT_EQ(account.error().kind, ErrorKind::Permanent);
  EXPECT_EQ(account.error().problem->type, "urn:ietf:params:acme:error:userActionRequired");
}

TEST_F(AccountTest, RefusalCarriesTheCasReason) {  // AC-15, AC-18
  const auto directory = *fetch_directory(connection, server.directory_url());
  AccountRequest request;
  request.agree_to_terms = true;
  request.contacts = {"tel:+1"};
  const auto account = create_account(connection, directory, account_key, request);
  ASSERT_FALSE(account);
  EXPECT_EQ(account.error().kind, ErrorKind::Permanent);
  EXPECT_EQ(account.error().message,
            "register the account: https://ca.test/new-account answers HTTP status 400, "
            "urn:ietf:params:acme:error:unsupportedContact: no mail address: tel:+1");
}

TEST_F(AccountTest, IsBoundToAnExternalOne) {  // AC-21
  server.behaviour.external_account_required = true;
  server.behaviour.external_kid = "kid";
  server.behaviour.external_hmac = encode_base64url(as_bytes("secret"));
  server.behaviour.external_works_once = true;
  const auto directory = *fetch_directory(connection, server.directory_url());
  AccountRequest request;
  request.agree_to_terms = true;
  EXPECT_EQ(create_account(connection, directory, account_key, request).error().kind,
            ErrorKind::Permanent);
  request.external_kid = "kid";
  request.external_hmac = encode_base64url(as_bytes("another"));
  EXPECT_EQ(create_account(connection, directory, account_key, request).error().kind,
            ErrorKind::Denied);
  request.external_hmac = server.behaviour.external_hmac;
  EXPECT_TRUE(create_account(connection, directory, account_key, request));
  const auto again = create_account(connection, directory, certificate_key, request);
  EXPECT_EQ(again.error().kind, ErrorKind::Denied);
}

TEST_F(AccountTest, ContactsAreUpdated) {
  Session session = a_session();
  ASSERT_TRUE(session.update_contacts({"mailto:new@x.test"}));
  EXPECT_EQ(session.fetch_account()->contacts, (std::vector<std::string>{"mailto:new@x.test"}));
}

TEST_F(AccountTest, LostByTheCaIsDenied) {  // AC-19
  Session session = a_session();
  server.forget_accounts();
  const auto order = session.create_order({dns({"a.test"}), "", ""});
  ASSERT_FALSE(order);
  EXPECT_EQ(order.error().kind, ErrorKind::Denied);
  EXPECT_EQ(order.error().problem->type, "urn:ietf:params:acme:error:accountDoesNotExist");
}

TEST_F(AccountTest, AnswerWithoutLocationIsCorrupt) {
  change("/new-account", [](http::Response& response) {
    response = a_response(201, response.body);
    response.url = "https://ca.test/new-account";
  });
  const auto directory = *fetch_directory(connection, server.directory_url());
  AccountRequest request;
  request.agree_to_terms = true;
  const auto account = create_account(connection, directory, account_key, request);
  ASSERT_FALSE(account);
  EXPECT_EQ(account.error().kind, ErrorKind::Corrupt);
  EXPECT_THAT(account.error().message, HasSubstr("Location"));
}

class NonceTest : public SessionTest {
 protected:
  void record_posts() {
    server.behaviour.rewrite = [this](const http::Request& request, http::Response&) {
      if (request.method == http::Request::Method::Post) {
        posts.push_back(*testing::read_signed_request(request));
      }
    };
  }
  std::vector<testing::SignedRequest> posts;
};

TEST_F(NonceTest, ThatIsBadIsReplacedSilently) {  // AC-01
  Session session = a_session();
  record_posts();
  server.behaviour.bad_nonces = 9;
  const auto account = session.fetch_account();
  ASSERT_TRUE(account) << account.error().message;
  EXPECT_EQ(posts.size(), 10U);
}

TEST_F(NonceTest, ThatStaysBadIsAnErrorInTheEnd) {  // AC-01
  Session session = a_session();
  record_posts();
  server.behaviour.bad_nonces = 1000;
  const auto account = session.fetch_account();
  ASSERT_FALSE(account);
  EXPECT_EQ(account.error().kind, ErrorKind::Rejected);
  EXPECT_EQ(account.error().problem->type, "urn:ietf:params:acme:error:badNonce");
  EXPECT_EQ(posts.size(), 10U);
}

TEST_F(NonceTest, EachRepetitionIsSignedAnew) {  // AC-02, AC-03
  Session session = a_session();
  record_posts();
  server.behaviour.bad_nonces = 3;
  ASSERT_TRUE(session.fetch_account());
  std::set<std::string> seen_nonces;
  std::set<Bytes> seen_signatures;
  for (const testing::SignedRequest& post : posts) {
    EXPECT_EQ(post.payload, "");
    seen_nonces.insert(post.nonce);
    seen_signatures.insert(post.signature);
  }
  EXPECT_EQ(seen_nonces.size(), 4U);
  EXPECT_EQ(seen_signatures.size(), 4U);
}

TEST_F(NonceTest, ComesFromAnswersOnceThereAreSome) {
  Session session = a_session();
  for (int i = 0; i < 5; ++i) {
    EXPECT_TRUE(session.fetch_account());
  }
  EXPECT_EQ(server.requests_to("/new-nonce"), 1U);
}

TEST_F(NonceTest, ThatIsNoBase64UrlIsIgnored) {
  Session session = a_session();
  ASSERT_TRUE(nonces.take());
  change("/new-nonce", [](http::Response& response) {
    response.headers = {};
    response.headers.add("Replay-Nonce", "not a nonce!");
  });
  const auto account = session.fetch_account();
  ASSERT_FALSE(account);
  EXPECT_EQ(account.error().kind, ErrorKind::Corrupt);
  EXPECT_THAT(account.error().message, HasSubstr("https://ca.test/new-nonce"));
}

TEST(NoncePool, KeepsTheNewestOnes) {
  NoncePool pool;
  for (int i = 0; i < 100; ++i) {
    pool.put(std::to_string(i));
  }
  EXPECT_EQ(pool.take(), "99");
  int kept = 1;
  while (pool.take()) {
    ++kept;
  }
  EXPECT_EQ(kept, 64);
}

/// How a refusal of any request comes out.
struct Refusal {
  const char* name;
  http::Response response;
  ErrorKind kind;
  const char* words;
};

class RefusalTest : public SessionTest, public ::testing::WithParamInterface<Refusal> {};

TEST_P(RefusalTest, HasKindAndWords) {
  Session session = a_session();
  answer("/order/1", GetParam().response);
  const auto order = session.fetch_order("https://ca.test/order/1");
  ASSERT_FALSE(order);
  EXPECT_EQ(order.error().kind, GetParam().kind) << order.error().message;
  EXPECT_THAT(order.error().message, HasSubstr("fetch the order: https://ca.test/order/1 answers"));
  EXPECT_THAT(order.error().message, HasSubstr(GetParam().words));
  EXPECT_EQ(order.error().problem->status, GetParam().response.status);
}

http::Response with_charset(const http::Response& response) {
  http::Response changed = a_response(response.status, response.body);
  changed.headers.add("Content-Type", "application/problem+json; charset=utf-8");
  return changed;
}

INSTANTIATE_TEST_SUITE_P(
    All, RefusalTest,
    ::testing::Values(
        Refusal{"TypeWithCharset", with_charset(a_problem(400, "badCSR")), ErrorKind::Permanent,
                "words about badCSR"},                                                   // AC-04
        Refusal{"NoType", a_response(500, R"({"detail":"oops"})"), ErrorKind::Rejected,  // AC-07
                "HTTP status 500: oops"},
        Refusal{"EmptyBody", a_response(500), ErrorKind::Rejected, "HTTP status 500"},  // AC-08
        Refusal{"Html", a_response(502, "<html>\nBad gateway"), ErrorKind::Rejected,
                "HTTP status 502: <html> Bad gateway"},
        Refusal{"BrokenJson", a_response(500, "{\"type\":"), ErrorKind::Rejected, "500"},
        Refusal{"RateLimited", a_problem(400, "rateLimited"), ErrorKind::RateLimited, "words"},
        Refusal{"TooMany", a_response(429), ErrorKind::RateLimited, "429"},
        Refusal{"Unauthorized", a_problem(403, "unauthorized"), ErrorKind::Denied, "words"},
        Refusal{"Plain401", a_response(401), ErrorKind::Denied, "401"},  // AC-11
        Refusal{"Plain403", a_response(403, "{}"), ErrorKind::Denied, "403"},
        Refusal{"Caa403", a_problem(403, "caa"), ErrorKind::Rejected, "caa"},
        Refusal{"Terms403", a_problem(403, "userActionRequired"), ErrorKind::Permanent, "words"},
        Refusal{"NotFound", a_problem(404, "malformed"), ErrorKind::NotFound, "404"},
        Refusal{"Malformed", a_problem(400, "malformed"), ErrorKind::Permanent, "malformed"},
        Refusal{"InternalMalformed", a_problem(500, "malformed"), ErrorKind::Rejected, "500"},
        Refusal{"NotReady", a_problem(403, "orderNotReady"), ErrorKind::Rejected, "orderNotReady"},
        Refusal{"Redirect", a_response(302, "", {{"Location", "https://x.test"}}),
                ErrorKind::Rejected, "302"}),
    [](const auto& test) { return test.param.name; });

TEST_F(SessionTest, RefusalSaysWhenToComeBack) {  // AC-48
  Session session = a_session();
  answer("/new-order", a_problem(429, "rateLimited", {{"Retry-After", "3600"}}));
  EXPECT_EQ(session.create_order({dns({"a.test"}), "", ""}).error().retry_after, 1h);
  const std::string date = format_http_date(clock.now() + 2h);
  answer("/new-order", a_problem(503, "serverInternal", {{"Retry-After", date}}));
  const auto order = session.create_order({dns({"a.test"}), "", ""});
  EXPECT_EQ(order.error().retry_after, 2h);
  EXPECT_EQ(order.error().kind, ErrorKind::Rejected);
}

TEST_F(SessionTest, RefusalListsEverySubproblem) {  // AC-14
  Session session = a_session();
  server.behaviour.rejected_names = {"bad.test", "worse.test"};
  const auto order = session.create_order({dns({"bad.test", "ok.test", "worse.test"}), "", ""});
  ASSERT_FALSE(order);
  EXPECT_EQ(order.error().kind, ErrorKind::Permanent);
  EXPECT_EQ(order.error().problem->subproblems.size(), 2U);
  EXPECT_THAT(order.error().message, HasSubstr("order a certificate for 3 names: "));
  EXPECT_THAT(order.error().message, HasSubstr("dns bad.test: the CA's policy forbids it"));
  EXPECT_THAT(order.error().message, HasSubstr("dns worse.test: the CA's policy forbids it"));
}

class RenewalInfoTest : public SessionTest {
 protected:
  Result<RenewalInfo> fetch() {
    return fetch_renewal_info(connection, *fetch_directory(connection, server.directory_url()),
                              "AKI.SERIAL");
  }
};

TEST_F(RenewalInfoTest, IsFetchedForACertificate) {  // AC-37, AC-38
  Session session = a_session();
  const auto order = a_valid_order(session, {"a.test"});
  const auto chain = *session.download_certificate(order.certificate);
  const TimePoint start = std::chrono::floor<std::chrono::seconds>(clock.now()) + 24h;
  server.behaviour.suggested_window = {start, start + 24h};
  server.behaviour.explanation_url = "https://ca.test/why";
  const auto info =
      fetch_renewal_info(connection, session.directory(), *chain.front().ari_cert_id());
  ASSERT_TRUE(info) << info.error().message;
  EXPECT_EQ(info->window_start, start);
  EXPECT_EQ(info->window_end, start + 24h);
  EXPECT_EQ(info->explanation_url, "https://ca.test/why");
  EXPECT_EQ(info->retry_after, 6h);
}

TEST_F(RenewalInfoTest, IsNotFoundWhereThereIsNone) {  // AC-35
  EXPECT_EQ(fetch().error().kind, ErrorKind::NotFound);
  server.behaviour.renewal_info = false;
  EXPECT_EQ(fetch().error().kind, ErrorKind::NotFound);
}

TEST_F(RenewalInfoTest, KeepsRetryAfterWithinBounds) {
  const std::string body =
      R"({"suggestedWindow":{"start":"2026-11-01T00:00:00.5Z","end":"2026-11-02T00:00:00Z"}})";
  const std::pair<const char*, std::chrono::seconds> cases[] = {
      {"0", 1min}, {"7200", 2h}, {"999999", 24h}, {"nonsense", 6h}};
  for (const auto& [value, expected] : cases) {
    answer("/renewal-info", a_response(200, body, {{"Retry-After", value}}));
    EXPECT_EQ(fetch()->retry_after, expected) << value;
  }
}

TEST_F(RenewalInfoTest, WithoutAWindowIsCorrupt) {
  for (const char* body :
       {"", "{}", R"({"suggestedWindow":{"start":"2026-11-01T00:00:00Z"}})",
        R"({"suggestedWindow":{"start":"2026-11-03T00:00:00Z","end":"2026-11-02T00:00:00Z"}})"}) {
    answer("/renewal-info", a_response(200, body));
    EXPECT_EQ(fetch().error().kind, ErrorKind::Corrupt) << body;
  }
}

}  // namespace
}  // namespace md::acme
