// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <condition_variable>
#include <deque>
#include <mutex>
#include <thread>

#include "base/waiter.h"
#include "httpd/runtime.h"

namespace md::httpd {

/// Sends the `installed` event, as the user that started the server: once per certificate, as the
/// job in `domains/<md>` notes it, so that one which a death has swallowed is sent at the next
/// start. The activator's, from a thread of its own, one after the other: a slow command holds up
/// no other domain's certificate, and no start.
class InstalledEvents {
 public:
  explicit InstalledEvents(Runtime& runtime) : runtime_(runtime) {}
  InstalledEvents(const InstalledEvents&) = delete;
  InstalledEvents& operator=(const InstalledEvents&) = delete;
  ~InstalledEvents();

  /// The domain has a new certificate, or may have one that nobody was told of. Returns at once.
  void announce(const model::ManagedDomain& domain);
  /// While this is held no job in `domains/` is written from here: for an activation, which
  /// exchanges them.
  [[nodiscard]] std::unique_lock<std::mutex> hold_jobs() { return std::unique_lock(jobs_mutex_); }

 private:
  void deliver();
  bool note(const model::ManagedDomain& domain);
  void send(const model::ManagedDomain& domain);

  Runtime& runtime_;
  StopSignal stop_;
  std::mutex jobs_mutex_;
  std::mutex mutex_;
  std::condition_variable wake_;
  std::deque<model::ManagedDomain> waiting_;  // guarded by mutex_
  bool stopping_{false};                      // guarded by mutex_
  std::thread thread_;
};

}  // namespace md::httpd
