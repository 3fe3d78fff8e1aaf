// SPDX-License-Identifier: Apache-2.0
#include "config/merge.h"

#include <gtest/gtest.h>

namespace md::config {
namespace {

using model::ResolvedSettings;
using model::Settings;
using model::Switch;
using model::Window;

TEST(Merge, TakesTheInnerLevelWhereItSaysSomething) {
  Settings outer;
  outer.stapling = Switch::On;
  outer.renew_window = Window::percent(20);
  Settings inner;
  inner.renew_window = Window::percent(50);
  inner.profile = "shortlived";
  const Settings merged = merge(outer, inner);
  EXPECT_EQ(merged.stapling, Switch::On);
  EXPECT_EQ(merged.renew_window->text(), "50%");
  EXPECT_EQ(merged.profile, "shortlived");
  EXPECT_EQ(merged.must_staple, std::nullopt);
}

TEST(Merge, InheritsInEveryCombination) {  // OC-12
  const std::optional<Switch> unset;
  for (const auto& [outer_value, inner_value, expected] :
       std::vector<std::tuple<std::optional<Switch>, std::optional<Switch>, Switch>>{
           {unset, unset, Switch::On},
           {Switch::On, unset, Switch::On},
           {Switch::Off, unset, Switch::Off},
           {unset, Switch::Off, Switch::Off},
           {Switch::On, Switch::Off, Switch::Off},
           {Switch::Off, Switch::On, Switch::On}}) {
    Settings outer;
    outer.staple_others = outer_value;
    Settings inner;
    inner.staple_others = inner_value;
    EXPECT_EQ(resolve(merge(outer, inner)).staple_others, expected);
  }
}

TEST(Merge, ReplacesListsAsAWhole) {  // CH-02
  Settings outer;
  outer.challenges = {{model::ChallengeType::Http01, model::ChallengeType::Dns01}};
  Settings inner;
  inner.challenges = {{model::ChallengeType::TlsAlpn01}};
  EXPECT_EQ(merge(outer, inner).challenges, inner.challenges);
  EXPECT_EQ(merge(outer, Settings()).challenges, outer.challenges);
}

TEST(Resolve, FillsInDefaults) {
  EXPECT_EQ(resolve(Settings()), ResolvedSettings());
}

TEST(Resolve, OverAnOuterLevelIsTheSameAsMerging) {
  Settings outer;
  outer.profile = "classic";
  outer.stapling = Switch::On;
  Settings inner;
  inner.profile = "";
  EXPECT_EQ(resolve(inner, resolve(outer)), resolve(merge(outer, inner)));
}

TEST(Resolve, KeepsWindowsAsTheyAre) {  // VH-16
  Settings settings;
  settings.renew_window = *Window::parse("3650d");
  settings.warn_window = *Window::parse("0");
  const ResolvedSettings resolved = resolve(settings);
  EXPECT_EQ(resolved.renew_window.of(std::chrono::days(90)), std::chrono::days(90));
  EXPECT_EQ(resolved.warn_window.of(std::chrono::days(90)).count(), 0);
  EXPECT_GT(resolve(Settings()).renew_window.of(std::chrono::days(90)).count(), 0);
}

}  // namespace
}  // namespace md::config
