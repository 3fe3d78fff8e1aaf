// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <functional>
#include <memory>

#include "base/clock.h"
#include "base/random.h"
#include "base/waiter.h"
#include "http/client.h"

namespace md::renewal {

/// The worker child's bounded pool: keeps watch over so many things (managed domains, staples) and
/// calls `check` for those whose time has come, on up to `max_threads` threads at once. A check
/// that hangs holds back its own thing alone, as long as threads are left. Threads are made when
/// there is work for them. `start` and `stop_and_join` from one thread; the rest is its own affair.
class WorkerPool {
 public:
  /// Looks after the thing of that number and says when it wants to be looked at again. Called on
  /// pool threads, never twice at the same time for the same one.
  using Check = std::function<TimePoint(std::size_t thing, http::Client& client)>;

  struct Options {
    std::size_t max_threads{64};
    std::chrono::milliseconds initial_delay{0};
    /// Called first on each thread (to block signals and name it).
    std::function<void(const char* role)> on_thread_start;
  };

  WorkerPool(std::size_t things, Check check,
             std::function<std::unique_ptr<http::Client>()> make_http_client, const Clock& clock,
             StopSignal& stop, Options options);
  WorkerPool(const WorkerPool&) = delete;
  WorkerPool& operator=(const WorkerPool&) = delete;
  ~WorkerPool();

  /// Returns at once. False: no thread could be made; call it again later.
  bool start();
  /// Something has happened: do not wait for the time that the last check named. Any thread.
  void look_again(std::size_t thing);
  /// Stops the signal and waits for all threads: as fast as their checks heed the signal.
  void stop_and_join();

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace md::renewal
