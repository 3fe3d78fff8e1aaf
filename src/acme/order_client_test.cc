// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <thread>

#include "acme/chain.h"
#include "acme/client.h"
#include "acme/session_fixture.h"

namespace md::acme {
namespace {

using http::testing::a_response;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using namespace std::chrono_literals;

using OrderFlow = SessionTest;

TEST_F(OrderFlow, BringsACertificate) {
  std::vector<std::string> validated;
  server.behaviour.validate = [&](const std::string& type, const std::string& name,
                                  const std::string& token, const std::string& authorization) {
    validated.push_back(name);
    return type == "http-01" && authorization.starts_with(token + ".");
  };
  Session session = a_session();
  const std::vector<std::string> names{"a.test", "b.test"};
  const Order order = a_valid_order(session, names);
  EXPECT_EQ(order.status, OrderStatus::Valid);
  EXPECT_EQ(order.identifiers, dns(names));
  const auto chain = session.download_certificate(order.certificate);
  ASSERT_TRUE(chain) << chain.error().message;
  ASSERT_EQ(chain->size(), 2U);
  EXPECT_TRUE(chain->front().matches(certificate_key));
  EXPECT_EQ(chain->front().dns_names(), names);
  EXPECT_THAT(validated, ElementsAre("a.test", "b.test"));
}

TEST_F(OrderFlow, WorksWithAnRsaAccountKey) {  // AC-50
  account_key = crypto::testing::shared_rsa_key();
  certificate_key = crypto::testing::shared_ec_key();
  Session session = a_session();
  const Order order = a_valid_order(session, {"a.test"});
  EXPECT_TRUE(session.download_certificate(order.certificate));
}

TEST_F(OrderFlow, KeyAuthorizationIsWhatTheCaExpects) {
  std::string expected;
  server.behaviour.validate = [&](const std::string&, const std::string&, const std::string&,
                                  const std::string& authorization) {
    expected = authorization;
    return true;
  };
  Session session = a_session();
  const auto order = *session.create_order({dns({"a.test"}), "", ""});
  const auto authorization = *session.fetch_authorization(order.authorizations.front());
  const Challenge& challenge = *authorization.find_challenge("dns-01");
  ASSERT_TRUE(session.answer_challenge(challenge));
  EXPECT_EQ(*session.key_authorization(challenge.token), expected);
}

TEST_F(OrderFlow, ReusesValidAuthorizations) {
  Session session = a_session();
  a_ready_order(session, {"a.test"});
  const auto second = session.create_order({dns({"a.test"}), "", ""});
  ASSERT_TRUE(second);
  EXPECT_EQ(second->status, OrderStatus::Ready);
}

TEST_F(OrderFlow, SendsProfileAndReplacesOnlyWhereWanted) {  // AC-35
  server.behaviour.profiles = {"shortlived"};
  Session session = a_session();
  ASSERT_TRUE(session.create_order({dns({"a.test"}), "", ""}));
  EXPECT_EQ(server.last_order(), R"({"identifiers":[{"type":"dns","value":"a.test"}]})");
  ASSERT_TRUE(session.create_order({dns({"a.test"}), "shortlived", "AKI.SERIAL"}));
  EXPECT_EQ(server.last_order(),
            R"({"identifiers":[{"type":"dns","value":"a.test"}],"profile":"shortlived",)"
            R"("replaces":"AKI.SERIAL"})");
  const auto refused = session.create_order({dns({"a.test"}), "tlsserver", ""});
  EXPECT_EQ(refused.error().kind, ErrorKind::Permanent);
}

TEST_F(OrderFlow, Reports4WhatWasJustMadeIsAskedForAgainWhereTheCaDoesNotKnowItYet) {
  for (const char* endpoint : {"/authz/", "/order/", "/finalize/", "/cert/"}) {
    Session session = a_session();
    unsigned refused = 0;
    server.behaviour.intercept =
        [&](const http::Request& request) -> std::optional<Result<http::Response>> {
      if (request.url.find(endpoint) == std::string::npos || refused == 2) {
        return std::nullopt;
      }
      ++refused;
      return Result<http::Response>(a_problem(404, "malformed"));
    };
    const Order order = a_valid_order(session, {std::string("a") + endpoint[1] + ".test"});
    EXPECT_EQ(order.status, OrderStatus::Valid) << endpoint;
    EXPECT_TRUE(session.fetch_order(order.url)) << endpoint;
    EXPECT_TRUE(session.download_certificate(order.certificate)) << endpoint;
    EXPECT_EQ(refused, 2U) << endpoint;
    server.behaviour.intercept = nullptr;
  }
}

TEST_F(OrderFlow, Reports4WhatIsOfBeforeAndUnknownIsGone) {
  Session maker = a_session();
  const Order order = *maker.create_order({dns({"a.test"}), "", ""});
  Session session = a_session();
  unsigned asked = 0;
  server.behaviour.intercept =
      [&](const http::Request& request) -> std::optional<Result<http::Response>> {
    if (request.url != order.url) {
      return std::nullopt;
    }
    ++asked;
    return Result<http::Response>(a_problem(404, "malformed"));
  };
  EXPECT_EQ(session.fetch_order(order.url).error().kind, ErrorKind::NotFound);
  EXPECT_EQ(asked, 1U);
  EXPECT_FALSE(maker.fetch_order(order.url));
  EXPECT_EQ(asked, 5U) << "few times";
}

TEST_F(OrderFlow, TellsWhatWasReplacedBefore) {  // AC-36
  Session session = a_session();
  const Order first = *session.create_order({dns({"a.test"}), "", "AKI.SERIAL"});
  const auto authorization = *session.fetch_authorization(first.authorizations.front());
  ASSERT_TRUE(session.answer_challenge(authorization.challenges.front()));
  ASSERT_TRUE(session.await_authorization(authorization.url, kPatience));
  ASSERT_TRUE(session.finalize(first, a_csr({"a.test"})));
  const auto second = session.create_order({dns({"a.test"}), "", "AKI.SERIAL"});
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().kind, ErrorKind::Rejected);
  EXPECT_EQ(second.error().problem->type, "urn:ietf:params:acme:error:alreadyReplaced");
}

TEST_F(OrderFlow, ManyNamesAreSentExactly) {  // AC-31
  std::vector<std::string> names;
  names.reserve(100);
  for (int i = 0; i < 100; ++i) {
    names.push_back(std::string(60, 'x') + std::to_string(i) + ".a-rather-long-domain.test");
  }
  Session session = a_session();
  const auto order = session.create_order({dns(names), "", ""});
  ASSERT_TRUE(order) << order.error().message;
  EXPECT_EQ(order->identifiers, dns(names));
}

TEST_F(OrderFlow, SaysWhatToDoAboutTooManyNames) {  // AC-32
  Session session = a_session();
  answer("/new-order", a_response(413, "at most 100 names"));
  const auto order = session.create_order({dns({"a.test", "b.test"}), "", ""});
  ASSERT_FALSE(order);
  EXPECT_EQ(order.error().kind, ErrorKind::Permanent);
  EXPECT_THAT(order.error().message, HasSubstr("for 2 names"));
  EXPECT_THAT(order.error().message, HasSubstr("at most 100 names"));
  EXPECT_THAT(order.error().message, HasSubstr("split the managed domain"));
}

TEST_F(OrderFlow, NeedsNoLocationOfWhatItFetches) {  // AC-09, AC-10
  Session session = a_session();
  server.behaviour.rewrite = [](const http::Request& request, http::Response& response) {
    if (request.url.find("/new-order") == std::string::npos) {
      http::Response bare = a_response(response.status, response.body);
      bare.url = response.url;
      bare.headers.add("Replay-Nonce", response.headers.find("Replay-Nonce").value_or(""));
      response = bare;
    }
  };
  const Order order = a_valid_order(session, {"a.test"});
  EXPECT_TRUE(session.download_certificate(order.certificate));
}

TEST_F(OrderFlow, FinalizeKeepsTheOrdersUrlWhateverLocationSays) {  // AC-09
  Session session = a_session();
  const Order ready = a_ready_order(session, {"a.test"});
  change("/finalize/", [](http::Response& response) {
    response = a_response(200, response.body, {{"Location", "https://ca.test/finalize/wrong"}});
  });
  const auto finalized = session.finalize(ready, a_csr({"a.test"}));
  ASSERT_TRUE(finalized);
  EXPECT_EQ(finalized->url, ready.url);
}

TEST_F(OrderFlow, FinalizeTooEarlyIsRefused) {
  Session session = a_session();
  const auto order = *session.create_order({dns({"a.test"}), "", ""});
  const auto finalized = session.finalize(order, a_csr({"a.test"}));
  ASSERT_FALSE(finalized);
  EXPECT_THAT(finalized.error().message, HasSubstr("finalize the order: "));
  EXPECT_EQ(finalized.error().problem->type, "urn:ietf:params:acme:error:orderNotReady");
}

TEST_F(OrderFlow, CsrForOtherNamesIsPermanent) {  // AC-18
  Session session = a_session();
  const Order ready = a_ready_order(session, {"a.test"});
  EXPECT_EQ(session.finalize(ready, a_csr({"b.test"})).error().kind, ErrorKind::Permanent);
}

TEST_F(OrderFlow, EmptyBodyIsAClearError) {  // AC-08
  Session session = a_session();
  answer("/order/", a_response(200, ""));
  const auto order = session.fetch_order("https://ca.test/order/1");
  ASSERT_FALSE(order);
  EXPECT_EQ(order.error().kind, ErrorKind::Corrupt);
  EXPECT_THAT(order.error().message,
              HasSubstr("fetch the order: the answer of https://ca.test/order/1 is not JSON"));
}

TEST_F(OrderFlow, BodyWithoutContentTypeIsRead) {  // AC-05
  Session session = a_session();
  const Order order = a_ready_order(session, {"a.test"});
  change("/order/", [](http::Response& response) { response = a_response(200, response.body); });
  EXPECT_TRUE(session.fetch_order(order.url));
}

TEST_F(OrderFlow, OrderOfAnotherAccountIsNotFound) {
  Session session = a_session();
  const Order order = a_ready_order(session, {"a.test"});
  account_key = certificate_key;
  Session other = a_session();
  EXPECT_EQ(other.fetch_order(order.url).error().kind, ErrorKind::NotFound);
}

class Waiting : public SessionTest {
 protected:
  /// The URL of an authorization whose challenge was answered.
  std::string an_answered_authorization(Session& session) {
    const auto order = session.create_order({dns({"a.test"}), "", ""});
    const auto authorization = session.fetch_authorization(order->authorizations.front());
    EXPECT_TRUE(session.answer_challenge(authorization->challenges.front()));
    return authorization->url;
  }
};

TEST_F(Waiting, IsShortWhereTheCaIsQuick) {
  Session session = a_session();
  a_valid_order(session, {"a.test"});
  EXPECT_LE(waiter.waited(), 500ms);
}

TEST_F(Waiting, TakesAsLongAsTheCaNeeds) {  // AC-33
  server.behaviour.polls_until_valid = 40;
  server.behaviour.polls_until_issued = 40;
  Session session = a_session();
  EXPECT_EQ(a_valid_order(session, {"a.test"}).status, OrderStatus::Valid);
  EXPECT_LE(waiter.waited(), 2 * kPatience);
}

TEST_F(Waiting, PausesGrow) {
  server.behaviour.polls_until_valid = 1000;
  Session session = a_session();
  const std::string url = an_answered_authorization(session);
  const unsigned before = server.requests_to("/authz/");
  EXPECT_FALSE(session.await_authorization(url, 5min));
  EXPECT_LE(server.requests_to("/authz/") - before, 70U);
  EXPECT_GE(waiter.waited(), 5min);
  EXPECT_LE(waiter.waited(), 5min + 1s);
}

TEST_F(Waiting, EndsWithStateAndWords) {  // AC-34
  server.behaviour.polls_until_valid = 1000;
  Session session = a_session();
  const std::string url = an_answered_authorization(session);
  change("/authz/", [](http::Response& response) {
    auto value = *json::Value::parse(response.body, "authorization");
    auto challenge = value.get("challenges").elements().front();
    challenge.set("error", *json::Value::parse(
                               R"({"type":"urn:ietf:params:acme:error:connection",
                                   "detail":"no route to a.test"})",
                               "problem"));
    response.body =
        value.set("challenges", json::Value::array().push_back(challenge)).dump_compact();
  });
  const auto authorization = session.await_authorization(url, 1min);
  ASSERT_FALSE(authorization);
  EXPECT_EQ(authorization.error().kind, ErrorKind::Timeout);
  EXPECT_THAT(authorization.error().message, HasSubstr("dns a.test is still pending"));
  EXPECT_THAT(authorization.error().message, HasSubstr("http-01 processing"));
  EXPECT_THAT(authorization.error().message, HasSubstr("no route to a.test"));
  EXPECT_EQ(authorization.error().problem->detail, "no route to a.test");
}

TEST_F(Waiting, ForAnOrderEndsWithItsState) {  // AC-34
  server.behaviour.polls_until_issued = 1000;
  Session session = a_session();
  const Order ready = a_ready_order(session, {"a.test"});
  const auto finalized = *session.finalize(ready, a_csr({"a.test"}));
  const auto order = session.await_order(finalized, OrderStatus::Processing, 5min);
  ASSERT_FALSE(order);
  EXPECT_EQ(order.error().kind, ErrorKind::Timeout);
  EXPECT_THAT(order.error().message, HasSubstr(ready.url + " is still processing"));
}

TEST_F(Waiting, GoesByRetryAfter) {
  server.behaviour.polls_until_valid = 2;
  Session session = a_session();
  const std::string url = an_answered_authorization(session);
  change("/authz/", [](http::Response& response) { response.headers.add("Retry-After", "30"); });
  const TimePoint start = clock.now();
  ASSERT_TRUE(session.await_authorization(url, 5min));
  EXPECT_GE(clock.now() - start, 30s);
  EXPECT_LE(clock.now() - start, 31s);
}

TEST_F(Waiting, EndsAtOnceWhereTheCaAsksForMorePatienceThanThereIs) {
  server.behaviour.polls_until_valid = 2;
  Session session = a_session();
  const std::string url = an_answered_authorization(session);
  change("/authz/", [](http::Response& response) { response.headers.add("Retry-After", "3600"); });
  const auto authorization = session.await_authorization(url, 5min);
  ASSERT_FALSE(authorization);
  EXPECT_EQ(authorization.error().kind, ErrorKind::Timeout);
  EXPECT_EQ(authorization.error().retry_after, 1h);
  EXPECT_LE(waiter.waited(), 1s);
}

TEST_F(Waiting, ForgivesATransientFailure) {
  server.behaviour.polls_until_valid = 2;
  Session session = a_session();
  const std::string url = an_answered_authorization(session);
  int failures = 2;
  server.behaviour.intercept = [&](const http::Request&) -> std::optional<Result<http::Response>> {
    if (failures-- > 0) {
      return failures == 1 ? Result<http::Response>(a_response(502, "gateway"))
                           : fail(ErrorKind::Network, "reset");
    }
    return std::nullopt;
  };
  const auto authorization = session.await_authorization(url, 5min);
  ASSERT_TRUE(authorization) << authorization.error().message;
  EXPECT_EQ(authorization->status, AuthorizationStatus::Valid);
}

TEST_F(Waiting, DoesNotForgiveForever) {
  Session session = a_session();
  const std::string url = an_answered_authorization(session);
  answer("/authz/", fail(ErrorKind::Network, "connect to ca.test:443: Connection refused"));
  const auto authorization = session.await_authorization(url, 5min);
  ASSERT_FALSE(authorization);
  EXPECT_EQ(authorization.error().kind, ErrorKind::Network);
  EXPECT_LE(waiter.waited(), 10s);
}

TEST_F(Waiting, EndsAtOnceWhereTheAnswerIsClear) {
  Session session = a_session();
  const std::string url = an_answered_authorization(session);
  server.forget_accounts();
  EXPECT_EQ(session.await_authorization(url, 5min).error().kind, ErrorKind::Denied);
}

TEST_F(Waiting, EndsWithTheServersStop) {
  server.behaviour.polls_until_valid = 1000;
  Session session = a_session();
  const std::string url = an_answered_authorization(session);
  waiter.stop_after = 10s;
  const auto authorization = session.await_authorization(url, 5min);
  ASSERT_FALSE(authorization);
  EXPECT_EQ(authorization.error().kind, ErrorKind::Stopped);
}

TEST_F(Waiting, FailedValidationIsAValueWithItsReason) {
  server.behaviour.validate = [](const auto&...) { return false; };
  Session session = a_session();
  const auto order = *session.create_order({dns({"a.test"}), "", ""});
  const auto pending = *session.fetch_authorization(order.authorizations.front());
  ASSERT_TRUE(session.answer_challenge(*pending.find_challenge("http-01")));
  const auto authorization = session.await_authorization(pending.url, kPatience);
  ASSERT_TRUE(authorization) << authorization.error().message;
  EXPECT_EQ(authorization->status, AuthorizationStatus::Invalid);
  EXPECT_THAT(authorization->failure()->detail, HasSubstr("a.test is not in place"));
  const auto failed = session.await_order(order, OrderStatus::Pending, kPatience);
  ASSERT_TRUE(failed);
  EXPECT_EQ(failed->status, OrderStatus::Invalid);
  EXPECT_TRUE(failed->error.has_value());
}

TEST_F(Waiting, ExpiredAuthorizationIsTold) {  // AC-13
  Session session = a_session();
  const auto order = *session.create_order({dns({"a.test"}), "", ""});
  clock.advance(24h * 8);
  EXPECT_EQ(session.fetch_authorization(order.authorizations.front())->status,
            AuthorizationStatus::Expired);
  EXPECT_EQ(session.fetch_order(order.url)->status, OrderStatus::Invalid);  // AC-12
}

class Download : public SessionTest {
 protected:
  Download() : session(a_session()) {}
  Result<Chain> download(const http::Response& response) {
    answer("/cert/", response);
    return session.download_certificate("https://ca.test/cert/1");
  }
  static std::string pem(const Chain& chain) { return *crypto::to_pem(chain); }
  static std::vector<std::string> subjects(const Chain& chain) {
    std::vector<std::string> names;
    for (const auto& certificate : chain) {
      names.push_back(certificate.sha256_fingerprint());
    }
    return names;
  }

  Session session;
  crypto::testing::TestCa ca{"Chain CA"};
  crypto::Certificate leaf =
      ca.issue({*model::DnsName::parse("a.test")}, crypto::testing::shared_ec_key(),
               {clock.now(), clock.now() + 24h})
          ->front();
  Chain proper{leaf, ca.intermediate(), ca.root()};
};

TEST_F(Download, TakesAnyContentTypeWithPemInIt) {  // AC-05, AC-06
  for (const char* type : {"application/pem-certificate-chain", "text/plain", "", "x/y; z=1",
                           "application/octet-stream", "application/json"}) {
    const auto chain = download(a_response(200, pem(proper), {{"Content-Type", type}}));
    ASSERT_TRUE(chain) << type << ": " << chain.error().message;
    EXPECT_EQ(chain->size(), 3U);
  }
  EXPECT_TRUE(download(a_response(200, pem(proper))));
}

TEST_F(Download, PutsTheLeafFirstAndDropsDuplicates) {  // AC-49
  for (const Chain& sent : {Chain{ca.root(), ca.intermediate(), leaf},
                            Chain{leaf, leaf, ca.intermediate(), ca.root(), ca.intermediate()},
                            Chain{ca.intermediate(), leaf, ca.root(), ca.root()}}) {
    const auto chain = download(a_response(200, pem(sent)));
    ASSERT_TRUE(chain) << chain.error().message;
    EXPECT_EQ(subjects(*chain), subjects(proper));
  }
}

TEST_F(Download, FollowsUpLinksWhereTheLeafCameAlone) {  // AC-49
  server.behaviour.intercept =
      [&](const http::Request& request) -> std::optional<Result<http::Response>> {
    if (request.url == "https://ca.test/cert/1") {
      return a_response(200, pem({leaf}), {{"Link", "</issuer>;rel=\"up\""}});
    }
    if (request.url == "https://ca.test/issuer") {
      const auto der = *ca.intermediate().to_der();
      return a_response(200, std::string(der.begin(), der.end()),
                        {{"Content-Type", "application/pkix-cert"},
                         {"Link", "<https://ca.test/root>;rel=\"up\""}});
    }
    if (request.url == "https://ca.test/root") {
      return a_response(200, pem({ca.root()}), {{"Link", "</root>;rel=\"up\""}});
    }
    return std::nullopt;
  };
  const auto chain = session.download_certificate("https://ca.test/cert/1");
  ASSERT_TRUE(chain) << chain.error().message;
  EXPECT_EQ(subjects(*chain), subjects(proper));
}

TEST_F(Download, EndsALoopOfUpLinks) {
  const auto chain =
      download(a_response(200, pem({leaf}), {{"Link", "<https://ca.test/cert/2>;rel=\"up\""}}));
  ASSERT_TRUE(chain);
  EXPECT_EQ(chain->size(), 1U);
  EXPECT_LE(server.requests_to("/cert/"), 6U);
}

TEST_F(Download, OfAnythingElseIsCorrupt) {
  const std::string text = pem(proper);
  for (const std::string& body :
       {std::string(), std::string("<html>sorry</html>"), std::string("{}"), text.substr(0, 200),
        text.substr(0, text.size() - 100),
        std::string("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n")}) {
    const auto chain = download(a_response(200, body));
    ASSERT_FALSE(chain) << body;
    EXPECT_EQ(chain.error().kind, ErrorKind::Corrupt) << chain.error().message;
    EXPECT_THAT(chain.error().message, HasSubstr("https://ca.test/cert/1"));
  }
}

TEST_F(Download, OfAChainWithoutEndIsCorrupt) {
  std::string endless;
  for (int i = 0; i < 40; ++i) {
    endless += pem({leaf});
  }
  EXPECT_EQ(download(a_response(200, endless)).error().kind, ErrorKind::Corrupt);
}

using FakeServer = SessionTest;

TEST_F(FakeServer, IssuesWrongCertificatesOnDemand) {
  Session session = a_session();
  server.behaviour.wrong_certificate_key = true;
  auto order = a_valid_order(session, {"a.test"});
  auto chain = *session.download_certificate(order.certificate);
  EXPECT_FALSE(chain.front().matches(certificate_key));
  server.behaviour.wrong_certificate_key = false;
  server.behaviour.wrong_certificate_names = true;
  order = a_valid_order(session, {"b.test"});
  chain = *session.download_certificate(order.certificate);
  EXPECT_TRUE(chain.front().matches(certificate_key));
  EXPECT_EQ(chain.front().dns_names(), (std::vector<std::string>{"wrong.test"}));
}

TEST_F(FakeServer, OffersDnsAloneForWildcards) {
  Session session = a_session();
  const auto order = *session.create_order({dns({"*.a.test"}), "", ""});
  const auto authorization = *session.fetch_authorization(order.authorizations.front());
  EXPECT_TRUE(authorization.wildcard);
  EXPECT_EQ(authorization.identifier.value, "a.test");
  ASSERT_EQ(authorization.challenges.size(), 1U);
  EXPECT_EQ(authorization.challenges.front().type, "dns-01");
  EXPECT_EQ(session.create_order({dns({"*.a.test", "b.a.test"}), "", ""}).error().kind,
            ErrorKind::Permanent);
}

TEST_F(FakeServer, ServesManyThreads) {
  constexpr int kThreads = 8;
  a_session();
  std::vector<std::thread> threads;
  threads.reserve(kThreads);
  std::atomic<int> fetched{0};
  for (int i = 0; i < kThreads; ++i) {
    threads.emplace_back([&, i] {
      Session session = a_session();
      const Order order = a_valid_order(session, {"a" + std::to_string(i) + ".test"});
      fetched += session.download_certificate(order.certificate) ? 1 : 0;
    });
  }
  for (std::thread& thread : threads) {
    thread.join();
  }
  EXPECT_EQ(fetched, kThreads);
  EXPECT_EQ(server.accounts(), 1U);
  EXPECT_EQ(server.certificates(), 8U);
}

}  // namespace
}  // namespace md::acme
