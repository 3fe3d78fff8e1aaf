// SPDX-License-Identifier: Apache-2.0
#include "renewal/ca_holds.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "renewal/testing/renewal_bed.h"

namespace md::renewal {
namespace {

using namespace std::chrono_literals;
using testing::FakeClock;
using ::testing::HasSubstr;
using testing::RenewalBed;
using testing::sample_domain;

constexpr const char* kCa = "https://ca.test/dir";

Error answered(int status, std::optional<std::chrono::seconds> retry_after,
               const std::string& detail = "") {
  Error error = fail(status == 429 ? ErrorKind::RateLimited : ErrorKind::Rejected, "answer");
  error.problem = Problem{"about:blank", detail, status, {}};
  error.retry_after = retry_after;
  return error;
}

TEST(HoldForAll, IsWhatTheCaAsksForUnlessItNamesTheDomain) {
  const auto domain = sample_domain({"www.shop.example.org", "*.example.net"});
  struct Case {
    const char* what;
    Error error;
    std::optional<Duration> hold;
  };
  const std::vector<Case> cases{
      {"rate limit of the account", answered(429, 600s, "too many new orders (300)"), 600s},
      {"overloaded", answered(503, 30s), 30s},
      {"too long", answered(503, 24h * 300), 24h},
      {"without a time", answered(429, std::nullopt), std::nullopt},
      {"no time at all", answered(429, 0s), std::nullopt},
      {"something else", answered(500, 60s), std::nullopt},
      {"of its name", answered(429, 1h, "certificates for: WWW.shop.example.org, retry"),
       std::nullopt},
      {"of its registered domain", answered(429, 1h, "already issued for \"example.org\"."),
       std::nullopt},
      {"of its wildcard", answered(429, 1h, "exact set: [*.example.net]"), std::nullopt},
      {"of other names", answered(429, 1h, "see https://ca.test/limits; busy.org, myexample.org"),
       1h},
      {"not of a top level domain", answered(429, 1h, "org has enough"), 1h},
      {"the network", fail(ErrorKind::Network, "refused"), std::nullopt},
  };
  for (const Case& c : cases) {
    EXPECT_EQ(hold_for_all(c.error, domain), c.hold) << c.what;
  }
  Error with_subproblem = answered(429, 1h);
  with_subproblem.problem->subproblems.push_back({"", "", "dns", "shop.example.org"});
  EXPECT_EQ(hold_for_all(with_subproblem, domain), std::nullopt);
}

TEST(CaHolds, AreOfOneCaAndEnd) {
  FakeClock clock;
  CaHolds holds;
  EXPECT_EQ(holds.held_until(kCa, clock.now()), std::nullopt);
  const TimePoint until = clock.now() + 10min;
  holds.note(kCa, until, clock.now());
  holds.note(kCa, clock.now() + 5min, clock.now());  // the longer one counts
  EXPECT_EQ(holds.held_until(kCa, clock.now()), until);
  EXPECT_EQ(holds.held_until("https://other.test/dir", clock.now()), std::nullopt);
  clock.advance(10min);
  EXPECT_EQ(holds.held_until(kCa, clock.now()), std::nullopt);
}

TEST(CaHolds, AreBoundedAndSurviveAClockThatIsSetBack) {  // PM-07
  FakeClock clock;
  CaHolds holds;
  holds.note(kCa, clock.now() + 24h * 1000, clock.now());
  EXPECT_EQ(holds.held_until(kCa, clock.now()), clock.now() + CaHolds::kLongestHold);
  clock.advance(-24h * 30);
  EXPECT_EQ(holds.held_until(kCa, clock.now()), std::nullopt);
}

/// newOrder is refused until told otherwise.
struct BusyBed : RenewalBed {
  explicit BusyBed(std::string words = "too many new orders from this account")
      : RenewalBed({"one.test"}), other(domain) {
    other.name = "two.test";
    other.names = {*model::DnsName::parse("two.test")};
    ca.behaviour.intercept =
        [this, words](const http::Request& request) -> std::optional<Result<http::Response>> {
      if (!is_busy || !request.url.ends_with("/new-order")) {
        return std::nullopt;
      }
      ++refused;
      http::Response response;
      response.status = 429;
      response.headers.add("Retry-After", "7200");
      response.body =
          R"({"type":"urn:ietf:params:acme:error:rateLimited","detail":")" + words + "\"}";
      return Result<http::Response>(response);
    };
  }
  TimePoint check_other() { return worker->renewer->check(other, worker->client); }

  model::ManagedDomain other;
  bool is_busy{true};
  int refused{0};
};

TEST(RateLimit, OfOneDomainHoldsBackTheOthers) {  // AC-48, PM-08
  BusyBed bed;
  bed.random.value = 0.5;
  bed.check();
  EXPECT_EQ(bed.job().errors, 1U);
  EXPECT_GE(*bed.job().next_run, bed.clock.now() + 2h);

  const TimePoint next = bed.check_other();
  EXPECT_EQ(bed.refused, 1);
  EXPECT_GT(next, bed.clock.now() + 2h);  // not all at once
  EXPECT_LE(next, bed.clock.now() + 2h + 10min);
  const model::Job job = bed.job_of("two.test");
  EXPECT_EQ(job.errors, 0U);
  EXPECT_THAT(job.last.activity, HasSubstr("CA https://ca.test/dir asks to wait until"));

  bed.is_busy = false;
  bed.clock.advance(1h);
  bed.check_other();
  EXPECT_EQ(bed.ca.orders(), 0U);
  bed.clock.advance(2h);
  bed.check_other();
  EXPECT_EQ(bed.ca.orders(), 1U);
  EXPECT_TRUE(bed.job_of("two.test").finished);
}

TEST(RateLimit, OfItsOwnNamesHoldsBackNobodyElse) {
  BusyBed bed("too many certificates already issued for: one.test");
  bed.check();
  EXPECT_GE(*bed.job().next_run, bed.clock.now() + 2h);
  bed.is_busy = false;
  bed.check_other();
  EXPECT_EQ(bed.ca.orders(), 1U);
}

TEST(RateLimit, OfOneCaDoesNotHoldBackAnother) {
  BusyBed bed;
  bed.check();
  bed.other.settings.authorities = {{"https://other.test/dir", ""}};
  bed.check_other();
  EXPECT_EQ(bed.job_of("two.test").errors, 1U);  // it was tried: there is no such server
}

}  // namespace
}  // namespace md::renewal
