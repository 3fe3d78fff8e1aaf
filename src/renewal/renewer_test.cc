// SPDX-License-Identifier: Apache-2.0
#include "renewal/renewer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "renewal/testing/renewal_bed.h"
#include "renewal/worker_pool.h"

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

TEST(Renewer, ObtainsAFirstCertificate) {  // ST-29
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

TEST(Renewer, ObtainsACertificateForAddresses) {
  for (const auto type : {model::ChallengeType::Http01, model::ChallengeType::TlsAlpn01}) {
    RenewalBed bed({"2001:db8::1", "192.0.2.1", "example.org"});
    bed.choice = {type};
    bed.check();
    ASSERT_TRUE(bed.has_staged()) << bed.job().last.problem.detail;
    EXPECT_EQ(bed.ca.orders(), 1U);
    EXPECT_THAT(bed.challenge_folders(), IsEmpty());
    EXPECT_EQ(bed.activate().kind, ActivationOutcome::Kind::Activated);
    bed.check();
    EXPECT_EQ(bed.ca.orders(), 1U);  // it covers what is configured
  }
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
  bed.domain.settings.renew_via_ari = model::Switch::Off;
  bed.check();
  EXPECT_EQ(bed.activate().kind, ActivationOutcome::Kind::Activated);
  const TimePoint next = bed.check();
  EXPECT_EQ(next - bed.clock.now(), 12h);  // MDCheckInterval, the random number is 0.5
  EXPECT_EQ(bed.ca.orders(), 1U);
  EXPECT_EQ(bed.waiter.waited() > 10s, false);
  EXPECT_EQ(bed.count_log(kSetUp), 1);
}

TEST(Renewer, DoesNotWaitForALiveSetThatLacksANewName) {
  RenewalBed bed;
  bed.check();
  ASSERT_EQ(bed.activate().kind, ActivationOutcome::Kind::Activated);
  bed.domain.names.push_back(*model::DnsName::parse("www.example.org"));
  bed.live.flaw = "certificate(p-256) does not cover www.example.org";
  const auto waited = bed.waiter.waited();
  bed.check();
  EXPECT_EQ(bed.ca.orders(), 2U);
  EXPECT_LT(bed.waiter.waited() - waited, 5s);
}

TEST(Renewer, JittersItsChecksButComesInTime) {
  RenewalBed bed;
  bed.domain.settings.renew_via_ari = model::Switch::Off;
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

TEST(Renewer, LeavesOutNamesThatAWildcardCovers) {  // AC-29
  RenewalBed bed({"example.org", "*.example.org", "www.example.org"});
  bed.domain.settings.dns01_command = "/bin/dns --zone 'a b'";
  bed.check();
  EXPECT_TRUE(bed.has_staged());
  EXPECT_THAT(bed.ca.last_order(),
              AllOf(HasSubstr("*.example.org"), Not(HasSubstr("www.example.org"))));
}

TEST(Renewer, CallsTheDnsCommandForSetUpAndTeardownOnceEach) {  // CH-17
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

/// The first words after the command's own: "setup example.org", "teardown example.org", …
std::vector<std::string> dns_calls(const RenewalBed& bed) {
  std::vector<std::string> calls;
  for (const auto& argv : bed.commands.calls()) {
    calls.push_back(argv[1] + " " + argv[2]);
  }
  return calls;
}

TEST(Renewer, HasBothTextRecordsOfApexAndWildcardInPlaceAtOnce) {  // CH-19
  RenewalBed bed({"example.org", "*.example.org"});
  bed.choice = {ChallengeType::Dns01};
  bed.domain.settings.dns01_command = "/bin/dns";
  bed.domain.settings.dns01_version = 2;
  bed.check();
  EXPECT_TRUE(bed.has_staged());
  EXPECT_THAT(dns_calls(bed), ElementsAre("setup example.org", "setup example.org",
                                          "teardown example.org", "teardown example.org"));
  const auto calls = bed.commands.calls();
  const std::set<std::string> set_up{calls[0][3], calls[1][3]};
  EXPECT_EQ(set_up.size(), 2U);
  EXPECT_EQ(set_up, (std::set<std::string>{calls[2][3], calls[3][3]}));
}

TEST(Renewer, TearsDownOnceWhatAFailedAttemptHasSetUp) {  // CH-18
  RenewalBed bed({"*.a.example.org", "*.b.example.org"});
  bed.domain.settings.dns01_command = "/bin/dns";
  bed.ca.behaviour.validate = [](auto&&...) { return false; };
  bed.check();
  EXPECT_FALSE(bed.has_staged());
  EXPECT_THAT(dns_calls(bed),
              UnorderedElementsAre("setup a.example.org", "setup b.example.org",
                                   "teardown a.example.org", "teardown b.example.org"));
}

TEST(Renewer, TearsDownOnceWhatASecondSetUpThatFailsLeavesBehind) {  // CH-18
  RenewalBed bed({"*.a.example.org", "*.b.example.org"});
  bed.domain.settings.dns01_command = "/bin/dns";
  bed.commands.answer = [](const std::vector<std::string>& argv) {
    return CommandOutcome{argv[1] == "setup" && argv[2] == "b.example.org" ? 1 : 0, "no"};
  };
  bed.check();
  EXPECT_FALSE(bed.has_staged());
  EXPECT_EQ(std::ranges::count(dns_calls(bed), "teardown a.example.org"), 1);
}

TEST(Renewer, TakesTheNextChallengeWhereOneCannotBeSetUp) {  // CH-01
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

TEST(Renewer, DoesNotTellTheCaWhereTheCommandRefusesAChallenge) {  // CH-21
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

TEST(Renewer, RepeatsTheRenewedEventUntilItIsDelivered) {  // SE-11
  RenewalBed bed;
  bed.listen_to_events();
  bool works = false;
  bed.commands.answer = [&](const std::vector<std::string>& argv) {
    return CommandOutcome{argv[1] == "renewed" && !works ? 1 : 0, ""};
  };
  bed.check();
  EXPECT_TRUE(bed.job().finished);
  EXPECT_FALSE(bed.job().notified_renewed);
  EXPECT_EQ(bed.job().errors, 1U);
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
  EXPECT_EQ(bed.job().errors, 0U);
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

/// The CA, for each thread of a pool.
class ClientOf final : public http::Client {
 public:
  explicit ClientOf(http::Client& ca) : ca_(ca) {}
  Result<http::Response> send(const http::Request& request, const Waiter& waiter) override {
    return ca_.send(request, waiter);
  }

 private:
  http::Client& ca_;
};

TEST(Renewer, LooksAfterTwentyDomainsAtOnceWithOneAccount) {
  RenewalBed bed;
  StopSignal stop;
  testing::Worker worker(
      bed.directory.path() / "md", bed.ca, bed.clock, bed.random, stop, bed.commands, bed.logger,
      [](auto&&...) { return std::vector{ChallengeType::TlsAlpn01}; },
      [](auto&&...) {
        return CertificateSetFacts{{}, "there is none"};
      },
      true);
  std::vector<model::ManagedDomain> domains(20, bed.domain);
  for (std::size_t i = 0; i < domains.size(); ++i) {
    domains[i].name = "d" + std::to_string(i) + ".test";
    domains[i].names = testing::dns_names({domains[i].name});
  }
  WorkerPool pool(
      domains.size(),
      [&](std::size_t i, http::Client& client) {
        return worker.renewer->check(domains[i], client);
      },
      [&] { return std::make_unique<ClientOf>(bed.ca); }, bed.clock, stop, {});
  pool.start();
  for (int i = 0; i < 600 && bed.count_log(kSetUp) < 20; ++i) {
    ASSERT_TRUE(stop.wait_for(50ms));
  }
  pool.stop_and_join();
  EXPECT_EQ(bed.count_log(kSetUp), 20);
  EXPECT_EQ(bed.ca.accounts(), 1U);
  EXPECT_EQ(bed.ca.orders(), 20U);
  EXPECT_THAT(bed.challenge_folders(), IsEmpty());
}

TEST(Renewer, M3_RestsAfterABrokenJobAndGoesOn) {
  RenewalBed bed;
  ASSERT_TRUE(bed.store().save(store::Group::Staging, "example.org", "job.json",
                               "{\"errors\":", store::Durability::Synced));
  const TimePoint next = bed.check();
  EXPECT_FALSE(bed.has_staged());
  EXPECT_EQ(bed.job().errors, 1U);
  EXPECT_GT(next, bed.clock.now());
  bed.clock.advance(10min);
  bed.check();
  EXPECT_TRUE(bed.has_staged());
}

TEST(Renewer, C2ReplacesASmallerRsaKeyWhenItIsDueNotAtOnce) {
  RenewalBed bed;
  bed.domain.settings.renew_via_ari = model::Switch::Off;
  bed.domain.settings.key_specs = {model::KeySpec::rsa(2048)};
  bed.check();
  ASSERT_EQ(bed.activate().kind, ActivationOutcome::Kind::Activated);
  bed.domain.settings.key_specs = {model::KeySpec::rsa(3072)};
  bed.look_at_live = [&] {
    return load_set(bed.store(), store::Group::Domains, bed.domain, bed.store().key()).facts();
  };
  bed.check();
  EXPECT_EQ(bed.ca.orders(), 1U);
  EXPECT_EQ(state_of(bed.look_at_live(), bed.clock.now()).first, model::DomainState::Complete);
  bed.clock.advance(24h * 65);  // of 90 days
  bed.check();
  ASSERT_EQ(bed.ca.orders(), 2U);
  ASSERT_EQ(bed.activate().kind, ActivationOutcome::Kind::Activated);
  const LoadedSet set = load_set(bed.store(), store::Group::Domains, bed.domain, bed.store().key());
  EXPECT_EQ(set.keyed.front().key.spec(), model::KeySpec::rsa(3072));
  bed.domain.settings.key_specs = {model::KeySpec::rsa(2048)};
  bed.check();
  EXPECT_EQ(bed.ca.orders(), 2U) << "a larger one fits";
}

TEST(Renewer, AsksForAProfileThatTheCaHasInAnyCase) {
  for (const char* written : {"shortlived", "ShortLived"}) {
    RenewalBed bed;
    bed.ca.behaviour.profiles = {"classic", "shortlived"};
    bed.domain.settings.profile = written;
    bed.check();
    EXPECT_THAT(bed.ca.last_order(), HasSubstr(R"("profile":"shortlived")")) << written;
    EXPECT_TRUE(bed.has_staged()) << written;
  }
}

TEST(Renewer, C7LeavesOutAProfileThatTheCaLacksUnlessItIsMandatory) {  // AC-39
  RenewalBed bed;
  bed.ca.behaviour.profiles = {"classic"};
  bed.domain.settings.profile = "shortlived";
  bed.domain.settings.profile_mandatory = model::Switch::On;
  bed.check();
  EXPECT_THAT(bed.log_of(kAttemptFailed), AllOf(HasSubstr("shortlived"), HasSubstr("classic")));
  const model::Job failed = bed.job();  // C7
  EXPECT_EQ(failed.last.activity,
            "Creating new order, key-spec=ec-P-256, profile=shortlived, replacing-cert=none");
  EXPECT_EQ(failed.last.problem.type, "");
  EXPECT_EQ(failed.log.at(1).detail, failed.last.activity);
  ASSERT_TRUE(failed.next_run);
  EXPECT_LE(*failed.next_run - bed.clock.now(), 1min) << "MDRetryDelay";
  EXPECT_EQ(bed.ca.orders(), 0U);
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
