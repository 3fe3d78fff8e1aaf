// SPDX-License-Identifier: Apache-2.0
#include "ocsp/choice.h"

#include <gtest/gtest.h>

namespace md::ocsp {
namespace {

using Word = std::optional<model::Switch>;

constexpr Word kNothing;
constexpr Word kOn = model::Switch::On;
constexpr Word kOff = model::Switch::Off;
constexpr Word kWords[] = {kNothing, kOn, kOff};

struct Managed {
  Word in_section;
  Word in_host;
  Word in_server;
  bool expected;
};
class ManagedStapling : public ::testing::TestWithParam<Managed> {};

// OC-12: whatever MDStapleOthers says.
TEST_P(ManagedStapling, GoesByTheNearestWord) {
  const Managed& row = GetParam();
  for (const Word others_in_host : kWords) {
    for (const Word others_in_server : kWords) {
      EXPECT_EQ(staples_managed(
                    {row.in_section, row.in_host, row.in_server, others_in_host, others_in_server}),
                row.expected);
    }
  }
}
INSTANTIATE_TEST_SUITE_P(
    All, ManagedStapling,
    ::testing::Values(Managed{kNothing, kNothing, kNothing, false},
                      Managed{kNothing, kNothing, kOn, true},
                      Managed{kNothing, kNothing, kOff, false},
                      Managed{kNothing, kOn, kNothing, true}, Managed{kNothing, kOn, kOn, true},
                      Managed{kNothing, kOn, kOff, true}, Managed{kNothing, kOff, kNothing, false},
                      Managed{kNothing, kOff, kOn, false}, Managed{kNothing, kOff, kOff, false},
                      Managed{kOn, kNothing, kNothing, true}, Managed{kOn, kNothing, kOff, true},
                      Managed{kOn, kOff, kOff, true}, Managed{kOn, kOff, kNothing, true},
                      Managed{kOff, kNothing, kOn, false}, Managed{kOff, kOn, kOn, false},
                      Managed{kOff, kNothing, kNothing, false}));

struct Others {
  Word in_host;
  Word in_server;
  Word others_in_host;
  Word others_in_server;
  bool expected;
};
class OtherStapling : public ::testing::TestWithParam<Others> {};

// OC-12
TEST_P(OtherStapling, NeedsBothDirectives) {
  const Others& row = GetParam();
  for (const Word of_some_domain : kWords) {
    EXPECT_EQ(staples_others({of_some_domain, row.in_host, row.in_server, row.others_in_host,
                              row.others_in_server}),
              row.expected);
  }
}
INSTANTIATE_TEST_SUITE_P(
    All, OtherStapling,
    ::testing::Values(
        // Nothing is on: MDStapleOthers alone turns nothing on.
        Others{kNothing, kNothing, kNothing, kNothing, false},
        Others{kNothing, kNothing, kOn, kOn, false}, Others{kNothing, kOff, kOn, kOn, false},
        Others{kOff, kOff, kOn, kOn, false},
        // On for the server.
        Others{kNothing, kOn, kNothing, kNothing, true},
        Others{kNothing, kOn, kOff, kNothing, false}, Others{kNothing, kOn, kOff, kOn, false},
        Others{kNothing, kOn, kNothing, kOff, false}, Others{kNothing, kOn, kOn, kOff, true},
        Others{kNothing, kOn, kOn, kOn, true},
        // The host differs.
        Others{kOff, kOn, kNothing, kNothing, false}, Others{kOff, kOn, kOn, kOn, false},
        Others{kOn, kOff, kNothing, kNothing, true},
        Others{kOn, kNothing, kNothing, kNothing, true},
        Others{kOn, kNothing, kOff, kNothing, false}, Others{kOn, kOff, kNothing, kOff, false},
        Others{kOn, kOff, kOn, kOff, true}));

}  // namespace
}  // namespace md::ocsp
