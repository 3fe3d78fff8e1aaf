// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>

namespace md {

/// A moment of wall-clock time. Certificates, jobs and the CA all speak wall-clock time.
using TimePoint = std::chrono::system_clock::time_point;
using Duration = std::chrono::seconds;

/// Where "now" comes from. Thread-safe. Decisions take a TimePoint; only effects hold a Clock.
class Clock {
 public:
  virtual ~Clock() = default;
  [[nodiscard]] virtual TimePoint now() const = 0;
};

/// The machine's clock: the one place that asks for it.
class SystemClock final : public Clock {
 public:
  [[nodiscard]] TimePoint now() const override { return std::chrono::system_clock::now(); }
};

}  // namespace md
