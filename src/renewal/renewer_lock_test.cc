// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "renewal/renewer.h"
#include "renewal/testing/renewal_bed.h"
#include "store/lock.h"

namespace md::renewal {
namespace {

using namespace std::chrono_literals;
using testing::RenewalBed;

TEST(Renewer, WaitsForWhoeverHoldsTheDomainsLock) {
  RenewalBed bed;
  const auto lock = store::FileLock::try_acquire(bed.store().path_of("locks") / "example.org.lock");
  ASSERT_TRUE(lock);
  EXPECT_EQ(bed.check() - bed.clock.now(), 1s);
  EXPECT_EQ(bed.ca.requests_to("/"), 0U);
}

TEST(Renewer, M1_TellsOnceThatADomainIsLockedForLong) {
  RenewalBed bed;
  const auto lock = store::FileLock::try_acquire(bed.store().path_of("locks") / "example.org.lock");
  ASSERT_TRUE(lock);
  bed.check();
  EXPECT_FALSE(bed.logger.mentions("another process has held its lock"));
  bed.clock.advance(2min);
  bed.check();
  bed.clock.advance(2min);
  bed.check();
  const auto told = bed.logger.entries();
  EXPECT_EQ(std::ranges::count_if(told,
                                  [](const auto& entry) {
                                    return entry.message.find(
                                               "another process has held its lock for 120 s") !=
                                           std::string::npos;
                                  }),
            1);
}

TEST(Renewer, L15_LooksAfterADomainOfTheLongestName) {
  const std::string name = std::string(63, 'a') + "." + std::string(63, 'b') + "." +
                           std::string(63, 'c') + "." + std::string(57, 'd') + ".org";
  ASSERT_EQ(name.size(), 253U);
  RenewalBed bed({name});
  bed.check();
  EXPECT_TRUE(bed.has_staged());
}

}  // namespace
}  // namespace md::renewal
