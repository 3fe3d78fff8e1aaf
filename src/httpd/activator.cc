// SPDX-License-Identifier: Apache-2.0
#include "httpd/activator.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "base/retry_delays.h"
#include "httpd/guard.h"
#include "httpd/installed_events.h"
#include "httpd/own_process.h"
#include "httpd/runtime.h"
#include "renewal/activation.h"
#include "renewal/staging_watch.h"
#include "store/lock.h"

namespace md::httpd {
namespace {

// How soon a complete set is noticed; with very many domains later, so that looking takes no more
// than a fiftieth of the time.
constexpr std::chrono::milliseconds kLookInterval{200};
constexpr std::chrono::milliseconds kLongestLookInterval{1000};
constexpr int kShareOfTime = 50;
// How often a set that is held back (MDActivationDelay) is looked at again.
constexpr std::chrono::seconds kHeldBackInterval{10};
// When one that cannot be activated (disk full) is tried again: ever later.
constexpr std::chrono::seconds kFirstRetry{5};
constexpr std::chrono::minutes kLongestRetry{2};
// One that dies at once would die again at once: its successor waits before it looks.
constexpr apr_time_t kShortLife = apr_time_from_sec(10);
constexpr std::chrono::seconds kRespawnDelay{10};
constexpr std::chrono::seconds kNoDelay{0};

/// The work of the process. It takes nothing from the children but files in the store, and treats
/// them as the parent does at start.
class Activator {
 public:
  explicit Activator(Runtime& runtime)
      : runtime_(runtime),
        installed_(runtime),
        watch_(*runtime.store, names_of(runtime)),
        is_due_(runtime.domains.size(), false),
        delays_(kFirstRetry, kLongestRetry, runtime.random) {}

  /// Until its parent ends, or closes the other end of `lifeline`.
  [[noreturn]] void run(pid_t parent, int lifeline, std::chrono::seconds delay) {
    std::ignore = stop_.wait_for(delay);
    // What the parent activated at this start, and what a death kept from being told before.
    for (const auto& domain : runtime_.domains) {
      installed_.announce(domain->domain);
    }
    std::chrono::milliseconds pause = kLookInterval;
    while (true) {
      std::ignore = stop_.wait_for(pause);
      if (::getppid() != parent || is_closed(lifeline)) {
        ::_exit(0);
      }
      if (runtime_.generations != nullptr) {
        const auto began = std::chrono::steady_clock::now();
        guarded([this] { look(); });
        pause = pause_after(std::chrono::steady_clock::now() - began);
      }
    }
  }

 private:
  static std::vector<std::string> names_of(const Runtime& runtime) {
    std::vector<std::string> names;
    for (const auto& domain : runtime.domains) {
      names.push_back(domain->domain.name);
    }
    return names;
  }

  static bool is_closed(int lifeline) {
    pollfd entry{lifeline, POLLIN, 0};
    return ::poll(&entry, 1, 0) > 0 && (entry.revents & POLLHUP) != 0;
  }

  static std::chrono::milliseconds pause_after(std::chrono::steady_clock::duration look) {
    const auto wanted = std::chrono::duration_cast<std::chrono::milliseconds>(look * kShareOfTime);
    return std::clamp(wanted, kLookInterval, kLongestLookInterval);
  }

  void look() {
    for (const std::size_t slot : watch_.changed(runtime_.clock.now())) {
      is_due_[slot] = true;
    }
    const auto now = std::chrono::steady_clock::now();
    for (std::size_t slot = 0; slot < is_due_.size(); ++slot) {
      if (!is_due_[slot] || delays_.is_waiting(slot, now)) {
        continue;
      }
      is_due_[slot] = false;
      const model::ManagedDomain& domain = runtime_.domains[slot]->domain;
      if (renewal::has_all_files(*runtime_.store, store::Group::Staging, domain)) {
        activate(slot);
      }
    }
  }

  void activate(std::size_t slot) {
    const model::ManagedDomain& domain = runtime_.domains[slot]->domain;
    const TimePoint now = runtime_.clock.now();
    const auto& locks = runtime_.settings.store_locks;
    std::optional<store::FileLock> store_lock;
    if (locks.timeout) {
      auto lock = store::FileLock::acquire(runtime_.store->path_of(store::kLockFile),
                                           *locks.timeout, stop_);
      if (!lock) {
        return report(slot, lock.error().message);
      }
      store_lock = *std::move(lock);
    }
    auto held = installed_.hold_jobs();
    const auto outcome = renewal::activate_staged(
        *runtime_.store, domain, renewal::ActivationMoment::Live, now,
        [&](const store::ServedSet& set) { return go_live(slot, set, now); });
    held.unlock();
    using Kind = renewal::ActivationOutcome::Kind;
    if (!outcome) {
      report(slot, outcome.error().message);
    } else if (outcome->kind == Kind::Rejected) {
      report(slot, outcome->reason);
    } else if (outcome->kind == Kind::NotYet) {
      hold_back(slot, outcome->reason);
    } else if (outcome->kind == Kind::Activated) {
      delays_.succeeded(slot);
      runtime_.logger.info(
          {}, fmt::format("The new certificate of the Managed Domain {} is live.", domain.name));
      installed_.announce(domain);
    }
  }

  Status go_live(std::size_t slot, const store::ServedSet& set, TimePoint now) {
    MD_TRY(runtime_.bundles->save(runtime_.domains[slot]->domain.name, set));
    runtime_.generations->bump(slot, now);
    return {};
  }

  void report(std::size_t slot, const std::string& why) {
    is_due_[slot] = true;
    delays_.failed(slot, std::chrono::steady_clock::now());
    log(slot, delays_.is_worth_telling(slot) ? LogLevel::Error : LogLevel::Debug, why);
  }

  void hold_back(std::size_t slot, const std::string& why) {
    is_due_[slot] = true;
    delays_.postpone(slot, std::chrono::steady_clock::now() + kHeldBackInterval);
    log(slot, LogLevel::Debug, why);
  }

  void log(std::size_t slot, LogLevel level, const std::string& why) {
    runtime_.logger.log(level, {},
                        fmt::format("activate {}: {}", runtime_.domains[slot]->domain.name, why));
  }

  Runtime& runtime_;
  StopSignal stop_;
  InstalledEvents installed_;
  renewal::StagingWatch watch_;
  std::vector<bool> is_due_;  // to be looked at, when its delay is over
  RetryDelays<std::size_t> delays_;
};

/// The parent's view of it. One for each process that is spawned, in a pool of its own: what APR
/// keeps of a process goes with it.
struct ActivatorProcess {
  apr_pool_t* config_pool;
  apr_pool_t* pool;
  server_rec* server;
  apr_time_t spawned;
  apr_proc_t process;
  int lifeline;
};

/// A pipe that nothing is written to; this process's end is closed with the pool. One process alone
/// (httpd -X) is its own child and gives up its rights: it could not end the activator by a signal,
/// and would wait for it for ever. Otherwise the children hold that end, too, and the signal
/// counts.
apr_status_t make_lifeline(ActivatorProcess& activator, int& far_end) {
  std::array<int, 2> ends{-1, -1};
  if (::pipe2(ends.data(), O_CLOEXEC) != 0) {
    return APR_FROM_OS_ERROR(errno);
  }
  far_end = ends[0];
  activator.lifeline = ends[1];
  apr_pool_cleanup_register(
      activator.pool, &activator,
      [](void* data) -> apr_status_t {
        ::close(static_cast<ActivatorProcess*>(data)->lifeline);
        return APR_SUCCESS;
      },
      apr_pool_cleanup_null);
  return APR_SUCCESS;
}

apr_status_t spawn(apr_pool_t* config_pool, server_rec* server, std::chrono::seconds delay);

bool is_stopping() {
  int state = AP_MPMQ_STOPPING;
  return ap_mpm_query(AP_MPMQ_MPM_STATE, &state) != APR_SUCCESS || state == AP_MPMQ_STOPPING;
}

void respawn(const ActivatorProcess& dead) {
  const bool was_short_lived = apr_time_now() - dead.spawned < kShortLife;
  ap_log_error(APLOG_MARK, APLOG_WARNING, 0, dead.server,
               "mod_md: the activator (pid %" APR_PID_T_FMT ") died and is started anew",
               dead.process.pid);
  std::ignore = spawn(dead.config_pool, dead.server, was_short_lived ? kRespawnDelay : kNoDelay);
}

void on_state_change(int reason, void* data, int /*status*/) noexcept {
  guarded([&] {
    const auto& activator = *static_cast<ActivatorProcess*>(data);
    if (reason != APR_OC_REASON_DEATH && reason != APR_OC_REASON_LOST) {
      if (reason == APR_OC_REASON_RESTART) {
        apr_proc_other_child_unregister(data);
      }
      return;
    }
    apr_proc_other_child_unregister(data);
    if (!is_stopping()) {
      respawn(activator);
    }
    apr_pool_destroy(activator.pool);
  });
}

apr_status_t spawn(apr_pool_t* config_pool, server_rec* server, std::chrono::seconds delay) {
  apr_pool_t* pool = nullptr;
  apr_pool_create(&pool, config_pool);
  auto* const activator =
      static_cast<ActivatorProcess*>(apr_pcalloc(pool, sizeof(ActivatorProcess)));
  activator->config_pool = config_pool;
  activator->pool = pool;
  activator->server = server;
  activator->spawned = apr_time_now();
  const pid_t parent = ::getpid();
  int lifeline = -1;
  apr_status_t status = make_lifeline(*activator, lifeline);
  if (status == APR_SUCCESS) {
    status = apr_proc_fork(&activator->process, pool);
  }
  if (status == APR_INCHILD) {
    leave_the_servers_affairs("md-activator");
    ::close(activator->lifeline);
    guarded([&] { Activator(*current_runtime()).run(parent, lifeline, delay); });
    ::_exit(1);
  }
  ::close(lifeline);
  if (status != APR_INPARENT) {
    ap_log_error(APLOG_MARK, APLOG_ERR, status, server,
                 "mod_md: the activator could not be started: new certificates go live at the "
                 "next reload");
    apr_pool_destroy(pool);
    return status;
  }
  apr_pool_note_subprocess(pool, &activator->process, APR_KILL_AFTER_TIMEOUT);
  apr_proc_other_child_register(&activator->process, on_state_change, activator, nullptr, pool);
  return APR_SUCCESS;
}

}  // namespace

apr_status_t start_activator(apr_pool_t* pool, server_rec* server) {
  return spawn(pool, server, kNoDelay);
}

}  // namespace md::httpd
