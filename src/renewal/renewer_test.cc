// SPDX-License-Identifier: Apache-2.0
#include "renewal/renewer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "renewal/testing/renewal_bed.h"
#include "store/lock.h"

namespace md::renewal {
namespace {

using namespace std::chrono_literals;
using model::ChallengeType;
using ::testing::AllOf;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::Ge;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Le;
using ::testing::Not;
using testing::RenewalBed;
using ::testing::UnorderedElementsAre;

constexpr int kSetUp = 10059;
constexpr int kAttemptFailed = 10056;
constexpr int kNextRun = 10057;

TEST(Renewer, ObtainsAFirstCertificate) {
  RenewalBed bed;
  bed.listen_to_events();
  const TimePoint next = bed.check();

  EXPECT_TRUE(bed.has_staged());
  EXPECT_THAT(bed.staged_files(),
              UnorderedElementsAre("account.json", "account.pem", "job.json", "md.json",
                                   "privkey.p-256.pem", "pubcert.p-256.pem"));
  EXPECT_THAT(bed.challenge_folders(), IsEmpty());
  const model::Job job = bed.job();
  EXPECT_TRUE(job.finished);
  EXPECT_TRUE(job.notified_renewed);
  EXPECT_EQ(job.errors, 0U);
  EXPECT_TRUE(job.valid_from.has_value());
  EXPECT_FALSE(job.next_run.has_value());
  EXPECT_THAT(bed.events(), ElementsAre("renewing", "challenge-setup:tls-alpn-01:example.org",
                                        "challenge-setup:tls-alpn-01:www.example.org", "renewed"));
  EXPECT_EQ(bed.count_log(kSetUp), 1);
  EXPECT_THAT(bed.log_of(kSetUp), AllOf(HasSubstr("The Managed Domain example.org has been setup"),
                                        HasSubstr("goes live now, without a restart")));
  EXPECT_EQ(bed.ca.accounts(), 1U);
  EXPECT_EQ(bed.ca.orders(), 1U);
  EXPECT_THAT(next - bed.clock.now(), Le(5s));
}

TEST(Renewer, SaysThatARestartIsNeededWhereItIs) {
  RenewalBed bed;
  bed.activates_live = false;
  bed.restart();
  bed.check();
  EXPECT_EQ(bed.log_of(kSetUp),
            "The Managed Domain example.org has been setup and changes will be activated on next "
            "(graceful) server restart.");
}

TEST(Renewer, RestsOnceTheNewSetIsLive) {
  RenewalBed bed;
  bed.check();
  EXPECT_EQ(bed.activate().kind, ActivationOutcome::Kind::Activated);
  const TimePoint next = bed.check();
  EXPECT_EQ(next - bed.clock.now(), 12h);  // MDCheckInterval, the random number is 0.5
  EXPECT_EQ(bed.ca.orders(), 1U);
  EXPECT_EQ(bed.waiter.waited() > 10s, false);
  EXPECT_EQ(bed.count_log(kSetUp), 1);
}

TEST(Renewer, JittersItsChecksButComesInTime) {
  RenewalBed bed;
  bed.check();
  bed.activate();
  bed.random.value = 0.0;
  EXPECT_EQ(bed.check() - bed.clock.now(), 6h);
  bed.random.value = 0.999;
  EXPECT_GT(bed.check() - bed.clock.now(), 17h);
  bed.clock.advance(24h * 60 - 1h);  // 90 days, 33 %
  EXPECT_LE(bed.check() - bed.clock.now(), 9h);
}

TEST(Renewer, RenewsAYearLong) {
  RenewalBed bed;
  const TimePoint end = bed.clock.now() + 24h * 365;
  while (bed.clock.now() < end) {
    const TimePoint next = bed.check();
    ASSERT_GT(next, bed.clock.now());
    bed.activate();
    bed.clock.advance(std::chrono::ceil<std::chrono::milliseconds>(next - bed.clock.now()));
    ASSERT_TRUE(bed.live.is_complete());
    ASSERT_GT(bed.live.overlap()->until, bed.clock.now() + 24h * 28);
  }
  EXPECT_EQ(bed.ca.accounts(), 1U);
  EXPECT_THAT(bed.ca.orders(), AllOf(Ge(6U), Le(7U)));
  EXPECT_EQ(bed.count_log(kAttemptFailed), 0);
}

TEST(Renewer, ObtainsACertificateForEachKeySpec) {
  RenewalBed bed;
  bed.domain.settings.key_specs = {model::KeySpec::rsa(), model::KeySpec::ec("secp384r1")};
  bed.check();
  EXPECT_TRUE(bed.has_staged());
  EXPECT_THAT(bed.staged_files(),
              AllOf(Contains("pubcert.pem"), Contains("privkey.pem"),
                    Contains("pubcert.secp384r1.pem"), Contains("privkey.secp384r1.pem")));
  EXPECT_EQ(bed.ca.orders(), 2U);
}

TEST(Renewer, LeavesOutNamesThatAWildcardCovers) {
  RenewalBed bed({"example.org", "*.example.org", "www.example.org"});
  bed.domain.settings.dns01_command = "/bin/dns --zone 'a b'";
  bed.check();
  EXPECT_TRUE(bed.has_staged());
  EXPECT_THAT(bed.ca.last_order(),
              AllOf(HasSubstr("*.example.org"), Not(HasSubstr("www.example.org"))));
}

TEST(Renewer, CallsTheDnsCommandForSetUpAndTeardownOnceEach) {
  for (const unsigned version : {1U, 2U}) {
    RenewalBed bed({"*.example.org"});
    bed.domain.settings.dns01_command = "/bin/dns --zone 'a b'";
    bed.domain.settings.dns01_version = version;
    bed.check();
    const auto calls = bed.commands.calls();
    ASSERT_EQ(calls.size(), 2U);
    ASSERT_EQ(calls[0].size(), 6U);
    const std::string digest = calls[0][5];
    EXPECT_THAT(calls[0], ElementsAre("/bin/dns", "--zone", "a b", "setup", "example.org", digest));
    if (version == 1) {
      EXPECT_THAT(calls[1], ElementsAre("/bin/dns", "--zone", "a b", "teardown", "example.org"));
    } else {
      EXPECT_THAT(calls[1],
                  ElementsAre("/bin/dns", "--zone", "a b", "teardown", "example.org", digest));
    }
  }
}

TEST(Renewer, TakesTheNextChallengeWhereOneCannotBeSetUp) {
  RenewalBed bed({"example.org"});
  bed.choice = {ChallengeType::Dns01, ChallengeType::Http01};
  bed.domain.settings.dns01_command = "/bin/dns";
  bed.listen_to_events();
  bed.commands.answer = [](const std::vector<std::string>& argv) {
    return CommandOutcome{argv[0] == "/bin/dns" && argv[1] == "setup" ? 1 : 0, "no such zone"};
  };
  bed.check();
  EXPECT_TRUE(bed.has_staged());
  EXPECT_THAT(bed.events(),
              ElementsAre("renewing", "challenge-setup:http-01:example.org", "renewed"));
  EXPECT_EQ(bed.ca.orders(), 1U);
}

TEST(Renewer, TakesAnotherChallengeAfterAFailedValidation) {
  RenewalBed bed({"example.org"});
  std::vector<std::string> asked;
  bed.ca.behaviour.validate = [&](const auto& type, const auto&, const auto&, const auto&) {
    asked.push_back(type);
    return type == "http-01";
  };
  const TimePoint next = bed.check();
  EXPECT_EQ(bed.job().errors, 1U);
  EXPECT_THAT(bed.challenge_folders(), IsEmpty());
  bed.clock.advance(std::chrono::ceil<std::chrono::milliseconds>(next - bed.clock.now()));
  bed.check();
  EXPECT_TRUE(bed.has_staged());
  EXPECT_THAT(asked, ElementsAre("tls-alpn-01", "http-01"));
}

TEST(Renewer, TellsWhichNamesWereNotValidated) {
  RenewalBed bed;
  bed.ca.behaviour.validate = [](auto&&...) { return false; };
  bed.check();
  const model::Job job = bed.job();
  EXPECT_EQ(job.last.problem.subproblems.size(), 2U);
  EXPECT_THAT(bed.log_of(kAttemptFailed),
              AllOf(HasSubstr("www.example.org"), HasSubstr("is not in place"),
                    HasSubstr(bed.ca.directory_url())));
}

TEST(Renewer, FailsWhereNoChallengeFits) {
  RenewalBed bed;
  bed.ca.behaviour.offered_challenges = {"dns-01"};
  bed.check();
  EXPECT_EQ(bed.job().last.problem.type, "challenge-mismatch");
  EXPECT_THAT(*bed.job().next_run - bed.clock.now(), Ge(12h));
}

TEST(Renewer, FailsWhereNoChallengeCanBeSetUp) {
  RenewalBed bed({"*.example.org"});
  bed.domain.settings.dns01_command = "/bin/dns";
  bed.commands.answer = [](auto&&) { return CommandOutcome{7, "zone is locked"}; };
  bed.check();
  EXPECT_EQ(bed.job().last.problem.type, "challenge-setup-failure");
  EXPECT_THAT(bed.log_of(kAttemptFailed),
              AllOf(HasSubstr("exit code 7"), HasSubstr("zone is locked")));
}

// Events

TEST(Renewer, PutsTheAttemptOffWhereTheCommandSaysSo) {
  RenewalBed bed;
  bed.listen_to_events();
  bed.commands.answer = [](auto&&) { return CommandOutcome{1, "not me"}; };
  const TimePoint next = bed.check();
  EXPECT_EQ(next - bed.clock.now(), 12h);
  EXPECT_EQ(bed.ca.requests_to("/"), 0U);
  EXPECT_EQ(bed.job().errors, 0U);
  EXPECT_EQ(bed.job().last.problem.type, "urn:org:apache:httpd:log:AH10109:");
  bed.commands.answer = nullptr;
  bed.check();
  EXPECT_TRUE(bed.has_staged());
}

TEST(Renewer, DoesNotTellTheCaWhereTheCommandRefusesAChallenge) {
  RenewalBed bed({"example.org"});
  bed.listen_to_events();
  bed.commands.answer = [](const std::vector<std::string>& argv) {
    return CommandOutcome{argv[1].starts_with("challenge-setup") ? 1 : 0, ""};
  };
  bed.check();
  EXPECT_EQ(bed.job().errors, 1U);
  EXPECT_EQ(bed.job().last.problem.type, "challenge-setup-failure");
  EXPECT_EQ(bed.ca.requests_to("/chall/"), 0U);
  EXPECT_THAT(bed.challenge_folders(), IsEmpty());
}

TEST(Renewer, RepeatsTheRenewedEventUntilItIsDelivered) {
  RenewalBed bed;
  bed.listen_to_events();
  bool works = false;
  bed.commands.answer = [&](const std::vector<std::string>& argv) {
    return CommandOutcome{argv[1] == "renewed" && !works ? 1 : 0, ""};
  };
  bed.check();
  EXPECT_TRUE(bed.job().finished);
  EXPECT_FALSE(bed.job().notified_renewed);
  EXPECT_EQ(bed.job().errors, 0U);
  bed.activate();
  const TimePoint next = bed.check();
  EXPECT_THAT(next - bed.clock.now(), Le(1min));
  EXPECT_EQ(std::ranges::count(bed.events(), "renewed"), 1);
  bed.clock.advance(1min);
  bed.check();
  EXPECT_EQ(std::ranges::count(bed.events(), "renewed"), 2);
  works = true;
  bed.clock.advance(5min);
  bed.check();
  EXPECT_TRUE(bed.job().notified_renewed);
  bed.clock.advance(24h);
  bed.check();
  EXPECT_EQ(std::ranges::count(bed.events(), "renewed"), 3);
  EXPECT_EQ(bed.ca.orders(), 1U);
}

TEST(Renewer, DoesNotRepeatItselfWhileASetWaitsForDays) {
  RenewalBed bed;
  bed.listen_to_events();
  bed.activates_live = false;
  bed.restart();
  int checks = 0;
  for (const TimePoint end = bed.clock.now() + 24h * 7; bed.clock.now() < end; ++checks) {
    const TimePoint next = bed.check();
    bed.clock.advance(std::chrono::ceil<std::chrono::milliseconds>(next - bed.clock.now()));
  }
  EXPECT_THAT(checks, Le(20));
  EXPECT_EQ(std::ranges::count(bed.events(), "renewed"), 1);
  EXPECT_EQ(bed.count_log(kSetUp), 1);
}

TEST(Renewer, SendsErroredAtMostOnceAnHour) {
  RenewalBed bed;
  bed.listen_to_events();
  bed.domain.settings.authorities = {{"https://down.test/dir", ""}};
  for (int i = 0; i < 5; ++i) {
    const TimePoint next = bed.check();
    ASSERT_THAT(next - bed.clock.now(), Le(10min));
    bed.clock.advance(std::chrono::ceil<std::chrono::milliseconds>(next - bed.clock.now()));
  }
  EXPECT_EQ(std::ranges::count(bed.events(), "errored"), 1);
  EXPECT_EQ(bed.job().errors, 5U);
}

TEST(Renewer, WarnsOnceADayOfACertificateThatExpires) {
  RenewalBed bed;
  bed.listen_to_events();
  bed.check();
  bed.activate();
  bed.domain.settings.authorities = {{"https://down.test/dir", ""}};
  bed.domain.settings.renew_mode = model::RenewMode::Manual;
  bed.clock.advance(24h * 80);
  EXPECT_EQ(std::ranges::count(bed.events(), "expiring"), 0);
  bed.clock.advance(24h * 3);
  for (int hours = 0; hours < 30; ++hours) {
    bed.check();
    bed.clock.advance(1h);
  }
  EXPECT_EQ(std::ranges::count(bed.events(), "expiring"), 2);
}

// Live activation and its races

TEST(Renewer, WaitsForChildrenToLearnOfTheNewSet) {
  RenewalBed bed;
  bed.check();
  const CertificateSetFacts before = bed.live;
  bed.activate();
  int looks = 0;
  bed.look_at_live = [&] { return ++looks < 4 ? before : bed.live; };
  bed.check();
  EXPECT_EQ(bed.ca.orders(), 1U);
  EXPECT_EQ(looks, 4);
}

TEST(Renewer, StartsOverWhereTheStagedSetIsGoneForGood) {
  RenewalBed bed;
  bed.check();
  ASSERT_TRUE(bed.store().remove_file(store::Group::Staging, "example.org", "pubcert.p-256.pem"));
  bed.check();
  EXPECT_EQ(bed.ca.orders(), 2U);
  EXPECT_TRUE(bed.has_staged());
}

TEST(Renewer, ReplacesAStagedPairThatDoesNotMatch) {
  RenewalBed bed;
  bed.check();
  const auto other = *crypto::testing::shared_ec_key().to_encrypted_pem(bed.store().key().bytes());
  ASSERT_TRUE(bed.store().save(store::Group::Staging, "example.org", "privkey.p-256.pem", other,
                               store::Durability::Synced));
  bed.check();
  EXPECT_TRUE(bed.has_staged());
  EXPECT_EQ(bed.ca.orders(), 2U);
}

TEST(Renewer, FinishesForOneThatDiedAfterItsLastCertificate) {
  RenewalBed bed;
  bed.listen_to_events();
  bed.check();
  // job.json as it was a moment before; the set is live in no time.
  model::Job job = bed.job();
  job.finished = job.notified_renewed = false;
  job.valid_from.reset();
  ASSERT_TRUE(bed.store().save(store::Group::Staging, "example.org", "job.json",
                               store::to_json(job).dump(), store::Durability::Synced));
  const CertificateSetFacts before = bed.live;
  bed.activate();
  int looks = 0;
  bed.look_at_live = [&] { return ++looks < 2 ? before : bed.live; };
  bed.restart();
  bed.check();
  EXPECT_EQ(bed.ca.orders(), 1U);
  EXPECT_TRUE(bed.job().notified_renewed);
  EXPECT_EQ(std::ranges::count(bed.events(), "renewed"), 2);
}

// Failures

TEST(Renewer, GoesToTheNextAuthorityAfterSoManyErrors) {
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
  EXPECT_THAT(bed.log_of(kAttemptFailed), HasSubstr("not for the p-256 key"));
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

TEST(Renewer, WaitsForWhoeverHoldsTheDomainsLock) {
  RenewalBed bed;
  const auto lock = store::FileLock::try_acquire(bed.store().path_of("locks") / "example.org.lock");
  ASSERT_TRUE(lock);
  EXPECT_EQ(bed.check() - bed.clock.now(), 1s);
  EXPECT_EQ(bed.ca.requests_to("/"), 0U);
}

TEST(Renewer, SurvivesABrokenJob) {
  RenewalBed bed;
  ASSERT_TRUE(bed.store().save(store::Group::Staging, "example.org", "job.json",
                               "{\"errors\":", store::Durability::Synced));
  bed.check();
  EXPECT_TRUE(bed.has_staged());
}

TEST(Renewer, AsksForAProfileThatTheCaHas) {
  RenewalBed bed;
  bed.ca.behaviour.profiles = {"classic", "shortlived"};
  bed.domain.settings.profile = "shortlived";
  bed.check();
  EXPECT_THAT(bed.ca.last_order(), HasSubstr("shortlived"));
}

TEST(Renewer, LeavesOutAProfileThatTheCaLacksUnlessItIsMandatory) {
  RenewalBed bed;
  bed.ca.behaviour.profiles = {"classic"};
  bed.domain.settings.profile = "shortlived";
  bed.domain.settings.profile_mandatory = model::Switch::On;
  bed.check();
  EXPECT_THAT(bed.log_of(kAttemptFailed), AllOf(HasSubstr("shortlived"), HasSubstr("classic")));
  bed.clock.advance(48h);
  bed.domain.settings.profile_mandatory = model::Switch::Off;
  bed.check();
  EXPECT_TRUE(bed.has_staged());
  EXPECT_TRUE(bed.logger.mentions("does not offer the profile 'shortlived'"));
  EXPECT_THAT(bed.ca.last_order(), Not(HasSubstr("shortlived")));
}

TEST(Renewer, BacksOffWhereNothingCanBeWritten) {
  RenewalBed bed;
  bed.worker->files.crash_at(bed.worker->files.operations() + 1,
                             testing::FaultyFileSystem::Crash::Kill);
  const TimePoint first = bed.check();
  EXPECT_EQ(bed.ca.requests_to("/"), 0U);
  EXPECT_GT(first, bed.clock.now());
}

}  // namespace
}  // namespace md::renewal
