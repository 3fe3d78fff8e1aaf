// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <mutex>

#include "base/waiter.h"
#include "httpd/certificate_loader.h"
#include "httpd/runtime.h"
#include "httpd/stapling_loader.h"
#include "httpd/stapling_worker.h"
#include "httpd/work_watcher.h"
#include "renewal/renewer.h"
#include "renewal/requests.h"
#include "renewal/worker_pool.h"

namespace md::httpd {

/// Our threads in one child process: the certificate loader in each, and in the one that
/// mod_watchdog's singleton chose the worker pool. Stop and join as in design.md §2: the flag is
/// set as soon as the child is told to stop, one join follows before its pool goes.
class Child {
 public:
  explicit Child(Runtime& runtime)
      : runtime_(runtime),
        loader_(runtime, stop_),
        stapling_loader_(
            runtime, stop_,
            [this](std::size_t slot, const StapleState& before) { staple_changed(slot, before); }),
        work_watcher_(runtime, stop_) {}
  Child(const Child&) = delete;
  Child& operator=(const Child&) = delete;
  ~Child() { stop_and_join(); }

  /// Main thread of the child, in child_init.
  void start();
  /// Watchdog thread: this child is the one that renews. Again and again is fine.
  void start_worker();
  /// Any thread; returns at once.
  void stop() { stop_.stop(); }
  void stop_and_join();

 private:
  /// False: a thread could not be made.
  bool start_threads();
  bool run_worker();
  void tell_of_threads(bool all_run);
  void make_worker();
  [[nodiscard]] renewal::World renewal_world();
  [[nodiscard]] bool follows_live_set(DomainRuntime& domain);
  [[nodiscard]] std::size_t thing_of_slot(std::size_t slot) const {
    return runtime_.domains.size() + slot;
  }
  void staple_changed(std::size_t slot, const StapleState& before);

  Runtime& runtime_;
  StopSignal stop_;
  CertificateLoader loader_;
  StaplingLoader stapling_loader_;
  WorkWatcher work_watcher_;
  // Makes starting and ending of the worker exclusive. A first look at staples, in `start_threads`,
  // comes back by `staple_changed`.
  std::recursive_mutex worker_mutex_;
  std::unique_ptr<renewal::Renewer> renewer_;  // guarded by worker_mutex_
  std::unique_ptr<StaplingWorker> stapling_;   // guarded by worker_mutex_; nullptr: none is wanted
  std::unique_ptr<renewal::WorkerPool> pool_;  // guarded by worker_mutex_
  std::unique_ptr<renewal::RequestWatch> requests_;  // guarded by worker_mutex_
  bool misses_threads_{false};                       // guarded by worker_mutex_; as was told
};

/// Hooks of the child's life and the registration with mod_watchdog.
void register_child_hooks();
/// Parent, second configuration pass, before mod_watchdog's post_config: have one child renew.
apr_status_t register_worker(apr_pool_t* pool, server_rec* server);

}  // namespace md::httpd
