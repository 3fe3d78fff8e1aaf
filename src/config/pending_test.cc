// SPDX-License-Identifier: Apache-2.0
#include "config/pending.h"

#include <gmock/gmock.h>

namespace md::config {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

TEST(PendingDirectives, AreNamedOnceTheyAreAskedFor) {
  model::Settings settings;
  EXPECT_THAT(pending_directives(settings), IsEmpty());
  settings.monitor = model::Monitor{};
  settings.server_status = model::Switch::On;
  EXPECT_THAT(pending_directives(settings), ElementsAre("MDServerStatus", "MDCertificateMonitor"));
}

TEST(PendingDirectives, AreNotNamedWhereTheyAreSwitchedOff) {
  model::Settings settings;
  settings.server_status = model::Switch::Off;
  EXPECT_THAT(pending_directives(settings), IsEmpty());
}

}  // namespace
}  // namespace md::config
