// SPDX-License-Identifier: Apache-2.0

// What goes wrong at the CA, in the configuration, on the way: reported, and tried again.
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "renewal/renewer.h"
#include "renewal/testing/renewal_bed.h"

namespace md::renewal {
namespace {

using namespace std::chrono_literals;
using ::testing::AllOf;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::Ge;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Le;
using ::testing::Not;
using testing::RenewalBed;

constexpr int kAttemptFailed = 10056;
constexpr int kNextRun = 10057;

TEST(Renewer, GoesToTheNextAuthorityAfterSoManyErrors) {  // AC-24
  RenewalBed bed;
  bed.domain.settings.authorities = {{"https://down.test/dir", ""}, {bed.ca.directory_url(), ""}};
  bed.domain.settings.retry_failover = 2;
  for (int i = 0; i < 2; ++i) {
    const TimePoint next = bed.check();
    EXPECT_THAT(bed.log_of(kAttemptFailed),
                AllOf(HasSubstr("https://down.test/dir"), HasSubstr("refused")));
    bed.clock.advance(std::chrono::ceil<std::chrono::milliseconds>(next - bed.clock.now()));
  }
  bed.check();
  EXPECT_TRUE(bed.has_staged());
  EXPECT_EQ(bed.job().errors, 0U);
}

TEST(Renewer, ComesRoundToTheFirstAuthorityAgain) {  // AC-24
  RenewalBed bed;
  bed.domain.settings.authorities = {
      {"https://one.test/dir", ""}, {"https://two.test/dir", ""}, {bed.ca.directory_url(), ""}};
  bed.domain.settings.retry_failover = 1;
  bed.ca.behaviour.validate = [](auto&&...) { return false; };
  for (const char* authority : {"one.test", "two.test", "ca.test", "one.test"}) {
    const TimePoint next = bed.check();
    EXPECT_THAT(bed.log_of(kAttemptFailed), HasSubstr(authority));
    bed.clock.advance(std::chrono::ceil<std::chrono::milliseconds>(next - bed.clock.now()));
  }
}

TEST(Renewer, BacksOffAndKeepsCountingOverRestarts) {
  RenewalBed bed;
  bed.domain.settings.authorities = {{"https://down.test/dir", ""}};
  std::vector<std::chrono::seconds> delays;
  for (int i = 0; i < 4; ++i) {
    const TimePoint next = bed.check();
    delays.push_back(std::chrono::duration_cast<std::chrono::seconds>(next - bed.clock.now()));
    EXPECT_EQ(bed.check(), next);  // not before its time
    bed.clock.advance(std::chrono::ceil<std::chrono::milliseconds>(next - bed.clock.now()));
    bed.restart();
  }
  EXPECT_THAT(delays, ElementsAre(30s, 60s, 120s, 240s));
  EXPECT_EQ(bed.count_log(kAttemptFailed), 4);
  EXPECT_EQ(bed.count_log(kNextRun), 4);
  const model::Job job = bed.job();
  EXPECT_EQ(job.errors, 4U);
  EXPECT_EQ(job.last.status_description, "Connection refused");
  EXPECT_THAT(job.last.activity, HasSubstr("Contacting ACME server"));
}

TEST(Renewer, M3_BacksOffFromACaOfManyWordsLikeFromAnyOther) {
  RenewalBed bed;
  std::string subproblems;
  for (int i = 0; i < 9000; ++i) {
    subproblems +=
        fmt::format(R"({}{{"detail":"{} {}"}})", i == 0 ? "" : ",", i, std::string(60, 'x'));
  }
  const std::string body =
      R"({"type":"urn:ietf:params:acme:error:caa","detail":"no","subproblems":[)" + subproblems +
      "]}";
  ASSERT_GT(body.size(), 700'000U);
  bed.ca.behaviour.intercept = [&](const http::Request&) -> std::optional<Result<http::Response>> {
    http::Response response;
    response.status = 403;
    response.body = body;
    return response;
  };
  for (unsigned errors = 1; errors < 5; ++errors) {
    const TimePoint next = bed.check();
    EXPECT_EQ(bed.job().errors, errors);
    EXPECT_GE(next, bed.clock.now() + 20s * (1 << errors) / 2);
    bed.clock.advance(std::chrono::ceil<std::chrono::milliseconds>(next - bed.clock.now()));
    bed.restart();
  }
}

TEST(Renewer, H1_AsksNoMoreAuthorizationsThanItsNamesWouldNeed) {
  RenewalBed bed;
  bed.ca.behaviour.intercept =
      [&](const http::Request& request) -> std::optional<Result<http::Response>> {
    if (!request.url.ends_with("/new-order")) {
      return std::nullopt;
    }
    json::Value authorizations = json::Value::array();
    for (int i = 0; i < 15'000; ++i) {
      authorizations.push_back("https://ca.test/authz/" + std::to_string(i));
    }
    http::Response response;
    response.status = 201;
    response.headers.add("Location", "https://ca.test/order/1");
    response.body = json::Value::object()
                        .set("status", "pending")
                        .set("identifiers", json::Value::array())
                        .set("finalize", "https://ca.test/finalize/1")
                        .set("authorizations", std::move(authorizations))
                        .dump();
    return response;
  };
  bed.check();
  EXPECT_EQ(bed.ca.requests_to("/authz"), 0U);
  EXPECT_EQ(bed.job().errors, 1U);
  EXPECT_THAT(bed.log_of(kAttemptFailed), HasSubstr("15000 authorizations for 2 names"));
}

TEST(Renewer, SaysWhatIsMissingWithoutAgreement) {
  RenewalBed bed;
  bed.domain.settings.agreement = "";
  bed.check();
  EXPECT_THAT(bed.log_of(kAttemptFailed), HasSubstr("MDCertificateAgreement"));
  EXPECT_THAT(bed.job().last.problem.detail, HasSubstr("MDCertificateAgreement"));
  EXPECT_THAT(*bed.job().next_run - bed.clock.now(), Ge(12h));
  EXPECT_EQ(bed.ca.requests_to("/new-account"), 0U);
}

TEST(Renewer, RetriesDailyWhatTheCaForbids) {
  RenewalBed bed;
  bed.ca.behaviour.rejected_names = {"www.example.org"};
  bed.check();
  const model::Job job = bed.job();
  EXPECT_EQ(job.last.problem.type, "urn:ietf:params:acme:error:rejectedIdentifier");
  EXPECT_THAT(*job.next_run - bed.clock.now(), AllOf(Ge(12h), Le(36h)));
  EXPECT_EQ(bed.ca.accounts(), 1U);
  EXPECT_THAT(bed.staged_files(), Contains("account.json"));
}

TEST(Renewer, ComesBackNoEarlierThanTheCaAsks) {
  RenewalBed bed;
  bed.ca.behaviour.intercept = [](const http::Request& request) {
    std::optional<Result<http::Response>> answer;
    if (request.url.ends_with("/new-order")) {
      http::Response response;
      response.status = 429;
      response.headers.add("Retry-After", "7200");
      response.body =
          R"({"type":"urn:ietf:params:acme:error:rateLimited","detail":"too many certificates"})";
      answer = std::move(response);
    }
    return answer;
  };
  bed.check();
  EXPECT_THAT(*bed.job().next_run - bed.clock.now(), AllOf(Ge(2h), Le(3h)));
  EXPECT_THAT(
      bed.log_of(kAttemptFailed),
      AllOf(HasSubstr("rate limit"), HasSubstr("too many certificates"), HasSubstr("2 hours")));
}

/// A CA whose order lags behind its authorizations.
TEST(Renewer, WaitsForAnOrderThatIsNotReadyToBeFinalized) {
  RenewalBed bed({"example.org"});
  unsigned refused = 0;
  bed.ca.behaviour.intercept = [&](const http::Request& request) {
    std::optional<Result<http::Response>> answer;
    if (request.url.find("/finalize") != std::string::npos && ++refused == 1) {
      http::Response response;
      response.status = 403;
      response.body = R"({"type":"urn:ietf:params:acme:error:orderNotReady","detail":"not yet"})";
      answer = std::move(response);
    }
    return answer;
  };
  bed.check();
  EXPECT_TRUE(bed.has_staged());
  EXPECT_EQ(refused, 2U);
  EXPECT_EQ(bed.ca.orders(), 1U);
}

TEST(Renewer, DoesNotAskAboutAnOrderThatMustBeReady) {
  RenewalBed bed({"example.org"});
  bed.ca.behaviour.polls_until_issued = 0;
  bed.check();
  EXPECT_TRUE(bed.has_staged());
  EXPECT_EQ(bed.ca.requests_to("/order/"), 0U);
}

/// How a CA may misbehave, and what the error has to say.
struct Misbehaviour {
  std::string name;
  std::string path;  ///< requests to it are answered by `answer`
  int status;
  std::string body;
  std::string words;
};

class RenewerWithABadCa : public ::testing::TestWithParam<Misbehaviour> {};

TEST_P(RenewerWithABadCa, ReportsItAndRecovers) {
  const Misbehaviour& bad = GetParam();
  RenewalBed bed({"example.org"});
  bed.listen_to_events();
  bed.ca.behaviour.intercept = [&](const http::Request& request) {
    std::optional<Result<http::Response>> answer;
    if (request.url.find(bad.path) != std::string::npos) {
      if (bad.status == 0) {
        answer = fail(ErrorKind::Network, request.url + ": " + bad.body);
      } else {
        http::Response response;
        response.status = bad.status;
        response.body = bad.body;
        response.url = request.url;
        response.headers.add("Replay-Nonce", "bm9uY2U");
        answer = std::move(response);
      }
    }
    return answer;
  };
  bed.check();
  const model::Job failed = bed.job();
  EXPECT_FALSE(failed.finished);
  EXPECT_EQ(failed.errors, 1U);
  EXPECT_NE(failed.last.status, 0);
  ASSERT_TRUE(failed.next_run.has_value());
  EXPECT_GT(*failed.next_run, bed.clock.now());
  EXPECT_EQ(failed.last_logged("renewal-error").has_value(), true);
  EXPECT_EQ(bed.count_log(kAttemptFailed), 1);
  EXPECT_THAT(bed.log_of(kAttemptFailed),
              AllOf(HasSubstr(bad.words), HasSubstr("next try"), HasSubstr("https://ca.test/dir")));
  EXPECT_THAT(bed.events(), Contains("errored"));
  EXPECT_THAT(bed.challenge_folders(), IsEmpty());

  bed.ca.behaviour.intercept = nullptr;
  bed.clock.advance(
      std::chrono::ceil<std::chrono::milliseconds>(*failed.next_run - bed.clock.now()));
  bed.check();
  EXPECT_TRUE(bed.has_staged());
  EXPECT_EQ(bed.job().errors, 0U);
  EXPECT_EQ(bed.ca.accounts(), 1U);
  EXPECT_THAT(bed.ca.orders(), Le(2U));
}

const std::string kHtml = "<html><body>It works!</body></html>";

INSTANTIATE_TEST_SUITE_P(
    Renewer, RenewerWithABadCa,
    ::testing::Values(
        Misbehaviour{"DirectoryRefused", "/dir", 0, "Connection refused", "refused"},
        Misbehaviour{"DirectoryHtml", "/dir", 200, kHtml, "not the URL of an ACME directory"},
        Misbehaviour{"DirectoryNotFound", "/dir", 404, "", "404"},
        Misbehaviour{"DirectoryUnavailable", "/dir", 503, kHtml, "503"},
        Misbehaviour{"DirectoryCutOff", "/dir", 200, R"({"newNonce":"https://ca.t)", "directory"},
        Misbehaviour{"NonceWithout", "/new-nonce", 500, "", "500"},
        Misbehaviour{"AccountHtml", "/new-account", 200, kHtml, "register"},
        Misbehaviour{"AccountReset", "/new-account", 0, "Connection reset", "reset"},
        Misbehaviour{"OrderBroken", "/new-order", 201, R"({"status":"pending")", "order"},
        Misbehaviour{"OrderServerError", "/new-order", 500,
                     R"({"type":"urn:ietf:params:acme:error:serverInternal","detail":"we broke"})",
                     "we broke"},
        Misbehaviour{"OrderProblemWithoutType", "/new-order", 400, R"({"detail":"no idea"})",
                     "no idea"},
        Misbehaviour{"AuthorizationEmpty", "/authz/", 200, "", "authorization"},
        Misbehaviour{"ChallengeRefused", "/chall/", 0, "Connection refused", "refused"},
        Misbehaviour{"FinalizeUnavailable", "/finalize/", 503, kHtml, "503"},
        Misbehaviour{"FinalizeRefused", "/finalize/", 400,
                     R"({"type":"urn:ietf:params:acme:error:badCSR","detail":"not this one"})",
                     "not this one"},
        Misbehaviour{"CertificateHtml", "/cert/", 200, kHtml, "certificate"},
        Misbehaviour{"CertificateCutOff", "/cert/", 200, "-----BEGIN CERTIFICATE-----\nMIIB",
                     "certificate"},
        Misbehaviour{"BadNonceForEver", "/new-order", 400,
                     R"({"type":"urn:ietf:params:acme:error:badNonce","detail":"stale"})",
                     "badNonce"}),
    [](const auto& tested) { return tested.param.name; });

TEST(Renewer, RefusesACertificateForAnotherKey) {
  RenewalBed bed;
  bed.ca.behaviour.wrong_certificate_key = true;
  bed.check();
  EXPECT_THAT(bed.log_of(kAttemptFailed), HasSubstr("not for the P-256 key"));
  EXPECT_THAT(bed.staged_files(), Not(Contains("pubcert.p-256.pem")));
  bed.ca.behaviour.wrong_certificate_key = false;
  bed.check_until_finished();
  EXPECT_EQ(bed.ca.orders(), 2U);
}

TEST(Renewer, RefusesACertificateForOtherNames) {
  RenewalBed bed;
  bed.ca.behaviour.wrong_certificate_names = true;
  bed.check();
  EXPECT_THAT(bed.log_of(kAttemptFailed),
              AllOf(HasSubstr("not for example.org"), HasSubstr("wrong.test")));
  EXPECT_THAT(bed.staged_files(), Not(Contains("pubcert.p-256.pem")));
}

TEST(Renewer, GivesUpOnACaThatNeverComesToAnEnd) {
  RenewalBed bed;
  bed.ca.behaviour.polls_until_issued = 1'000'000;
  bed.check();
  EXPECT_EQ(bed.job().last.status_description, "Connection timed out");
  EXPECT_THAT(bed.log_of(kAttemptFailed), HasSubstr("processing"));
  EXPECT_THAT(bed.waiter.waited(), AllOf(Ge(4min), Le(6min)));
  EXPECT_THAT(bed.staged_files(), Contains("order.json"));
  bed.ca.behaviour.polls_until_issued = 1;
  bed.check_until_finished();
  EXPECT_EQ(bed.ca.orders(), 1U);  // it was taken up again
}

TEST(Renewer, MakesOneNewAccountWhereTheCaHasLostIt) {
  RenewalBed bed;
  bed.check();
  bed.activate();
  bed.ca.forget_accounts();
  bed.clock.advance(24h * 65);
  bed.check();
  EXPECT_TRUE(bed.has_staged());
  EXPECT_EQ(bed.ca.accounts(), 2U);
  EXPECT_EQ(bed.job().errors, 0U);
}

TEST(Renewer, LeavesAJobAsItIsWhenTheServerStops) {
  RenewalBed bed;
  bed.ca.behaviour.polls_until_valid = 1000;
  bed.waiter.stop_after = 20s;
  bed.check();
  const model::Job job = bed.job();
  EXPECT_EQ(job.errors, 0U);
  EXPECT_FALSE(job.next_run.has_value());
  EXPECT_EQ(bed.count_log(kAttemptFailed), 0);
  EXPECT_THAT(bed.challenge_folders(), Not(IsEmpty()));  // the CA may be about to look
  EXPECT_THAT(bed.staged_files(), Contains("order.json"));
}

/// As mod_md leaves its order.json.
void leave_order(RenewalBed& bed, const std::string& url) {
  json::Value document = json::Value::object();
  document.set("url", url).set("status", "pending");
  document.set("challenge-setups", std::vector<std::string>{"http-01:example.org"});
  ASSERT_TRUE(bed.store().save(store::Group::Staging, "example.org", store::kOrderFile,
                               document.dump(), store::Durability::Synced));
}

std::string url_of_order(RenewalBed& bed) {
  const auto text = bed.store().load(store::Group::Staging, "example.org", store::kOrderFile);
  return store::parse_order(text.value_or(""), "order.json").value_or(store::OrderRecord{}).url;
}

TEST(Renewer, TakesUpAnOrderOfModMd) {
  RenewalBed bed({"example.org"});
  bed.ca.behaviour.polls_until_issued = 1'000'000;
  bed.check();
  leave_order(bed, url_of_order(bed));
  bed.ca.behaviour.polls_until_issued = 1;
  bed.check_until_finished();
  EXPECT_TRUE(bed.has_staged());
  EXPECT_EQ(bed.ca.orders(), 1U);
  EXPECT_EQ(bed.count_log(kAttemptFailed), 1);  // the one that took too long
}

TEST(Renewer, AsksNoOtherServerForAnOrderOfModMd) {
  RenewalBed bed({"example.org"});
  bed.ca.behaviour.polls_until_issued = 1'000'000;
  bed.check();
  leave_order(bed, "https://elsewhere.test/order/1");
  bed.ca.behaviour.polls_until_issued = 1;
  bool asked_elsewhere = false;
  bed.ca.behaviour.intercept = [&](const http::Request& request) {
    asked_elsewhere = asked_elsewhere || request.url.find("elsewhere") != std::string::npos;
    return std::optional<Result<http::Response>>();
  };
  bed.check_until_finished();
  EXPECT_TRUE(bed.has_staged());
  EXPECT_EQ(bed.ca.orders(), 2U);
  EXPECT_FALSE(asked_elsewhere);
}

class RenewerWithALostOrder : public ::testing::TestWithParam<int> {};

TEST_P(RenewerWithALostOrder, MakesANewOne) {
  RenewalBed bed;
  bed.ca.behaviour.polls_until_issued = 1'000'000;
  bed.check();
  bed.ca.behaviour.polls_until_issued = 1;
  bool refused = false;
  bed.ca.behaviour.intercept = [&](const http::Request& request) {
    std::optional<Result<http::Response>> answer;
    if (!refused && request.url.find("/order/") != std::string::npos) {
      refused = true;
      http::Response response;
      response.status = GetParam();
      response.body = R"({"type":"urn:ietf:params:acme:error:malformed","detail":"gone"})";
      answer = std::move(response);
    }
    return answer;
  };
  bed.check_until_finished();
  EXPECT_TRUE(refused);
  EXPECT_TRUE(bed.has_staged());
  EXPECT_EQ(bed.ca.orders(), 2U);
  EXPECT_EQ(bed.count_log(kAttemptFailed), 1);  // the one that took too long
}

INSTANTIATE_TEST_SUITE_P(Renewer, RenewerWithALostOrder, ::testing::Values(401, 403, 404));

TEST(Renewer, ReplacesAnOrderThatHasExpired) {
  RenewalBed bed;
  bed.ca.behaviour.polls_until_valid = 1'000'000;
  bed.check();
  EXPECT_THAT(bed.staged_files(), Contains("order.json"));
  bed.ca.behaviour.polls_until_valid = 1;
  bed.clock.advance(24h * 40);
  bed.check();
  EXPECT_TRUE(bed.has_staged());
  EXPECT_EQ(bed.ca.orders(), 2U);
}

TEST(Renewer, OrdersAnewWhenTheNamesHaveChanged) {
  RenewalBed bed;
  bed.ca.behaviour.polls_until_issued = 1'000'000;
  bed.check();
  bed.ca.behaviour.polls_until_issued = 1;
  bed.domain.names.push_back(*model::DnsName::parse("more.example.org"));
  bed.check_until_finished();
  EXPECT_TRUE(bed.has_staged());
  EXPECT_EQ(bed.ca.orders(), 2U);
}

TEST(Renewer, Reports10LeavesOutAProfileThatIsNotForUsUnlessItIsMandatory) {
  for (const auto& [status, type] : {std::pair(403, "unauthorized"), std::pair(400, "malformed"),
                                     std::pair(400, "invalidProfile")}) {
    for (const bool is_mandatory : {false, true}) {
      RenewalBed bed;
      bed.ca.behaviour.profiles = {"classic", "shortlived"};
      bed.domain.settings.profile = "ShortLived";
      bed.domain.settings.profile_mandatory = is_mandatory ? model::Switch::On : model::Switch::Off;
      bed.ca.behaviour.rewrite = [&bed, status = status, type = std::string(type)](
                                     const http::Request& request, http::Response& response) {
        if (request.url.ends_with("/new-order") &&
            bed.ca.last_order().find("profile") != std::string::npos) {
          response.status = status;
          response.body = R"({"type":"urn:ietf:params:acme:error:)" + type +
                          R"(","detail":"not permitted to use certificate profile"})";
        }
      };
      bed.check();
      EXPECT_EQ(bed.has_staged(), !is_mandatory) << type;
      EXPECT_EQ(bed.job().errors, is_mandatory ? 1U : 0U);
      if (is_mandatory) {
        EXPECT_THAT(bed.job().last.problem.detail, HasSubstr("not permitted to use"));
        EXPECT_THAT(*bed.job().next_run - bed.clock.now(), Ge(12h)) << "permanent";
      } else {
        EXPECT_TRUE(bed.logger.mentions("does not give us the profile 'shortlived'"));
      }
    }
  }
}

TEST(Renewer, Reports19TakesEachSpellingOfAWildcard) {
  for (const bool writes_star : {true, false}) {
    RenewalBed bed({"*.example.org"});
    bed.choice = {model::ChallengeType::Dns01};
    bed.domain.settings.dns01_command = "/bin/dns";
    bed.ca.behaviour.rewrite = [&](const http::Request& request, http::Response& response) {
      if (request.url.find("/authz/") == std::string::npos) {
        return;
      }
      json::Value authorization = *json::Value::parse(response.body, "it");
      if (writes_star) {
        json::Value identifier = json::Value::object();
        identifier.set("type", "dns").set("value", "*.example.org");
        authorization.set("identifier", std::move(identifier));
      } else {
        authorization.erase("wildcard");
      }
      response.body = authorization.dump();
    };
    bed.check();
    EXPECT_TRUE(bed.has_staged()) << bed.job().last.problem.detail;
    for (const auto& argv : bed.commands.calls()) {
      EXPECT_THAT(argv, Contains("example.org"));
    }
  }
}

TEST(Renewer, Reports19DoesNotTakeANameForAWildcardOfIt) {
  RenewalBed bed({"example.org", "*.example.org"});
  bed.choice = {model::ChallengeType::Dns01};
  bed.domain.settings.dns01_command = "/bin/dns";
  bed.ca.behaviour.rewrite = [](const http::Request& request, http::Response& response) {
    if (request.url.find("/authz/") != std::string::npos) {
      json::Value authorization = *json::Value::parse(response.body, "it");
      authorization.erase("wildcard");
      response.body = authorization.dump();
    }
  };
  bed.check();
  EXPECT_TRUE(bed.has_staged()) << bed.job().last.problem.detail;
}

TEST(Renewer, TellsOfExpiryWhileTheRenewalFails) {
  RenewalBed bed;
  bed.listen_to_events();
  bed.check();
  ASSERT_EQ(bed.activate().kind, ActivationOutcome::Kind::Activated);
  bed.check();
  bed.clock.advance(24h * 84);  // of 90 days
  bed.ca.behaviour.intercept = [](const http::Request&) -> std::optional<Result<http::Response>> {
    return Result<http::Response>(fail(ErrorKind::Network, "connection refused"));
  };
  const auto told = [&] { return std::ranges::count(bed.events(), "expiring"); };
  for (int attempts = 1; attempts <= 5; ++attempts) {
    const TimePoint next = bed.check();
    EXPECT_EQ(bed.job().errors, static_cast<unsigned>(attempts));
    EXPECT_EQ(told(), 1) << "once a day";
    bed.clock.advance(std::chrono::ceil<std::chrono::milliseconds>(next - bed.clock.now()));
  }
  bed.clock.advance(24h);
  bed.check();
  EXPECT_EQ(told(), 2);
  EXPECT_FALSE(bed.job().finished);
}

}  // namespace
}  // namespace md::renewal
