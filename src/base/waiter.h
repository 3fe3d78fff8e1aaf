// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <condition_variable>
#include <mutex>

namespace md {

/// Lets a thread pause in a way that a stop of the server interrupts. Thread-safe.
class Waiter {
 public:
  virtual ~Waiter() = default;
  /// Pauses for `pause`, or until the stop. True: the time has passed; false: stop now.
  [[nodiscard]] virtual bool wait_for(std::chrono::milliseconds pause) = 0;
  [[nodiscard]] virtual bool stopped() const = 0;
};

/// The Waiter of one child process: `stop()` wakes all that wait, for good.
class StopSignal final : public Waiter {
 public:
  [[nodiscard]] bool wait_for(std::chrono::milliseconds pause) override;
  [[nodiscard]] bool stopped() const override;
  void stop();

 private:
  mutable std::mutex mutex_;
  std::condition_variable wake_;
  bool stopped_{false};  // guarded by mutex_
};

}  // namespace md
