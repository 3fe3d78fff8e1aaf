// SPDX-License-Identifier: Apache-2.0

// The worker dies, at each of its requests and at each of its steps on disk; another takes over.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "renewal/testing/renewal_bed.h"

namespace md::renewal {
namespace {

using ::testing::AllOf;
using testing::FaultyFileSystem;
using ::testing::Ge;
using ::testing::IsEmpty;
using ::testing::Le;
using testing::MortalClient;
using ::testing::Not;
using testing::RenewalBed;

/// One that dies at the given request; nothing is written from then on. False: it did not come to
/// that.
bool run_until_request(RenewalBed& bed, unsigned request, MortalClient::Moment moment) {
  bed.worker->client.die_at(request, moment, [&bed] {
    FaultyFileSystem& files = bed.worker->files;
    files.crash_at(files.operations() + 1, FaultyFileSystem::Crash::Kill);
  });
  bed.check();
  return bed.worker->client.is_dead();
}

bool run_until_step(RenewalBed& bed, std::size_t step, FaultyFileSystem::Crash crash) {
  FaultyFileSystem& files = bed.worker->files;
  files.crash_at(files.operations() + step, crash);
  bed.check();
  return files.has_crashed();
}

void expect_recovery(RenewalBed& bed) {
  bed.restart();
  bed.check_until_finished();
  EXPECT_TRUE(bed.has_staged());
  EXPECT_TRUE(bed.job().finished);
  EXPECT_EQ(bed.job().errors, 0U);
  EXPECT_EQ(bed.ca.accounts(), 1U);
  EXPECT_THAT(bed.ca.orders(), AllOf(Ge(1U), Le(2U)));
  EXPECT_THAT(bed.challenge_folders(), IsEmpty());
  EXPECT_THAT(bed.staged_files(), Not(::testing::Contains("order.json")));
  EXPECT_EQ(bed.count_log(10056), 0) << bed.log_of(10056);
  EXPECT_EQ(bed.activate().kind, ActivationOutcome::Kind::Activated);
}

class RenewerKilledAtARequest : public ::testing::TestWithParam<MortalClient::Moment> {};

TEST_P(RenewerKilledAtARequest, GetsItsCertificateWithOneAccount) {
  unsigned request = 1;
  for (;; ++request) {
    SCOPED_TRACE(request);
    RenewalBed bed({"example.org"});
    bed.choice = {model::ChallengeType::Http01};  // no RSA key for each life
    if (!run_until_request(bed, request, GetParam())) {
      break;
    }
    expect_recovery(bed);
  }
  EXPECT_GT(request, 10U);
}

INSTANTIATE_TEST_SUITE_P(Renewer, RenewerKilledAtARequest,
                         ::testing::Values(MortalClient::Moment::Before,
                                           MortalClient::Moment::After),
                         [](const auto& tested) {
                           return tested.param == MortalClient::Moment::Before ? "Before" : "After";
                         });

class RenewerKilledOnDisk : public ::testing::TestWithParam<FaultyFileSystem::Crash> {};

TEST_P(RenewerKilledOnDisk, GetsItsCertificateWithOneAccount) {
  std::size_t step = 1;
  for (;; ++step) {
    SCOPED_TRACE(step);
    RenewalBed bed({"example.org"});
    bed.choice = {model::ChallengeType::Http01};
    if (!run_until_step(bed, step, GetParam())) {
      break;
    }
    expect_recovery(bed);
    if (HasFailure()) {
      break;
    }
  }
  EXPECT_GT(step, 50U);
}

INSTANTIATE_TEST_SUITE_P(Renewer, RenewerKilledOnDisk,
                         ::testing::Values(FaultyFileSystem::Crash::Kill,
                                           FaultyFileSystem::Crash::AllDropped),
                         [](const auto& tested) {
                           return tested.param == FaultyFileSystem::Crash::Kill ? "Kill"
                                                                                : "PowerCut";
                         });

TEST(RenewerOnAFullDisk, SchedulesTheNextTryWhicheverWriteFails) {
  std::size_t step = 1;
  for (;; ++step) {
    SCOPED_TRACE(step);
    RenewalBed bed({"example.org"});
    bed.choice = {model::ChallengeType::Http01};
    FaultyFileSystem& files = bed.worker->files;
    const std::size_t at = files.operations() + step;
    files.fail_at(at, ENOSPC);
    const TimePoint next = bed.check();
    EXPECT_GT(next, bed.clock.now());
    if (files.operations() < at) {
      break;
    }
    bed.check_until_finished();
    EXPECT_TRUE(bed.has_staged());
    EXPECT_EQ(bed.ca.accounts(), 1U);
    if (HasFailure()) {
      break;
    }
  }
  EXPECT_GT(step, 50U);
}

}  // namespace
}  // namespace md::renewal
