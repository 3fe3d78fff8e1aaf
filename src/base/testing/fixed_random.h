// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/random.h"

namespace md::testing {

/// Gives one number, again and again, until told another.
class FixedRandom final : public RandomSource {
 public:
  explicit FixedRandom(double number = 0.5) : value(number) {}
  [[nodiscard]] double uniform() override { return value; }
  double value;
};

}  // namespace md::testing
