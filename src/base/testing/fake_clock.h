// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <mutex>

#include "base/clock.h"
#include "base/waiter.h"

namespace md::testing {

/// A clock that goes only when told. Thread-safe.
class FakeClock final : public Clock {
 public:
  explicit FakeClock(TimePoint start = TimePoint(std::chrono::sys_days(std::chrono::year(2026) /
                                                                       std::chrono::November / 22)))
      : now_(start) {}
  [[nodiscard]] TimePoint now() const override {
    const std::lock_guard lock(mutex_);
    return now_;
  }
  void advance(std::chrono::milliseconds by) {
    const std::lock_guard lock(mutex_);
    now_ += by;
  }

 private:
  mutable std::mutex mutex_;
  TimePoint now_;
};

/// Waits by moving a FakeClock: years pass in milliseconds. `stop_after` ends the wait that
/// would go beyond that total.
class FakeWaiter final : public Waiter {
 public:
  explicit FakeWaiter(FakeClock& clock) : clock_(clock) {}
  [[nodiscard]] bool wait_for(std::chrono::milliseconds pause) override {
    if (stopped_) {
      return false;
    }
    clock_.advance(pause);
    waited_ += pause;
    if (waited_ > stop_after) {
      stopped_ = true;
    }
    return !stopped_;
  }
  [[nodiscard]] bool stopped() const override { return stopped_; }
  void stop() { stopped_ = true; }
  /// As if the next process were there.
  void restart() {
    stopped_ = false;
    stop_after = waited_ + std::chrono::hours(24 * 365 * 100);
  }
  [[nodiscard]] std::chrono::milliseconds waited() const { return waited_; }

  std::chrono::milliseconds stop_after{std::chrono::hours(24 * 365 * 100)};

 private:
  FakeClock& clock_;
  std::chrono::milliseconds waited_{0};
  bool stopped_{false};
};

}  // namespace md::testing
