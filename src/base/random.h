// SPDX-License-Identifier: Apache-2.0
#pragma once

namespace md {

/// Randomness for jitter and spreading; not for secrets (those come from `crypto`). Thread-safe.
class RandomSource {
 public:
  virtual ~RandomSource() = default;
  /// Uniform in [0, 1).
  [[nodiscard]] virtual double uniform() = 0;
};

/// The operating system's randomness.
class SystemRandom final : public RandomSource {
 public:
  [[nodiscard]] double uniform() override;
};

}  // namespace md
