// SPDX-License-Identifier: Apache-2.0
#include "httpd/child.h"

#include <sys/prctl.h>

#include <algorithm>
#include <cstdint>
#include <set>
#include <string>

#include "base/signals_blocked.h"
#include "httpd/configuration.h"
#include "httpd/guard.h"
#include "httpd/start_memory.h"
#include "httpd/thread_setup.h"

namespace md::httpd {
namespace {

constexpr const char* kWatchdogName = "_md_renewal_";
// mod_watchdog is only the trigger; what it calls has nothing to do while the worker runs.
constexpr apr_interval_time_t kWatchdogInterval = APR_USEC_PER_SEC;
// A domain whose live set cannot be loaded is looked at again.
constexpr std::chrono::seconds kAfterFailedLoad{10};
// Between two questions to CAs after a full start, on average.
constexpr std::chrono::seconds kQuestionPause{1};
constexpr std::chrono::hours kLongestQuestionSpread{6};

// One child is one process. Set in child_init, reset when the child's pool goes. mod_watchdog's
// thread may outlive that pool: it looks under the lock.
std::mutex this_child_mutex;  // NOLINT(cppcoreguidelines-avoid-non-const-global-variables)
Child* this_child = nullptr;  // NOLINT(cppcoreguidelines-avoid-non-const-global-variables)

Duration question_spread(std::size_t domains) {
  const auto pauses = static_cast<std::int64_t>(domains) - 1;
  return std::clamp<Duration>(kQuestionPause * pauses, Duration(0), kLongestQuestionSpread);
}

std::set<std::string> external_kids_of(const Runtime& runtime) {
  std::set<std::string> kids;
  for (const auto& domain : runtime.domains) {
    kids.insert(domain->domain.settings.external_account.kid);
  }
  return kids;
}

/// One connection to the CA serves a thread's requests one after the other.
std::unique_ptr<http::Client> make_http_client() {
  return std::make_unique<http::CurlClient>("mod_md/" MD_VERSION " (Apache httpd)");
}

void child_init(apr_pool_t* pchild, server_rec* /*server*/) noexcept {
  guarded([&] {
    Runtime* const runtime = current_runtime();
    if (runtime == nullptr) {
      return;
    }
    if (runtime->generations != nullptr) {
      if (const Status done = runtime->generations->make_read_only(); !done) {
        runtime->logger.warning({}, done.error().message);
      }
    }
    this_child = std::make_unique<Child>(*runtime).release();
    // Before the pool's own cleanups: other modules' may end what our threads use.
    apr_pool_pre_cleanup_register(pchild, this_child, [](void* data) -> apr_status_t {
      guarded([&] {
        {
          const std::lock_guard lock(this_child_mutex);
          this_child = nullptr;
        }
        delete static_cast<Child*>(data);
      });
      return APR_SUCCESS;
    });
    this_child->start();
  });
}

void child_stopping(apr_pool_t* /*pchild*/, int /*graceful*/) noexcept {
  guarded([] {
    const std::lock_guard lock(this_child_mutex);
    if (this_child != nullptr) {
      this_child->stop();
    }
  });
}

apr_status_t on_watchdog(int state, void* /*data*/, apr_pool_t* /*pool*/) noexcept {
  return guarded(APR_SUCCESS, [&] {
    const std::lock_guard lock(this_child_mutex);
    if (this_child == nullptr) {
      return APR_SUCCESS;
    }
    if (state == AP_WATCHDOG_STATE_STOPPING) {
      this_child->stop();
    } else {
      this_child->start_worker();
    }
    return APR_SUCCESS;
  });
}

}  // namespace

void Child::start() {
  const std::lock_guard lock(worker_mutex_);
  tell_of_threads(start_threads());
}

void Child::start_worker() {
  const std::lock_guard lock(worker_mutex_);
  if (stop_.stopped()) {
    return;
  }
  if (pool_ == nullptr) {
    make_worker();
  }
  const bool has_threads = start_threads();
  tell_of_threads(run_worker() && has_threads);
}

/// Each is tried, whatever becomes of the others; those that run are left alone.
bool Child::start_threads() {
  const bool loads = loader_.start();
  const bool staples = stapling_loader_.start();
  const bool watches = work_watcher_.start();
  return loads && staples && watches;
}

bool Child::run_worker() {
  const SignalsBlocked blocked;
  const bool renews = pool_->start();
  const bool heeds_requests = requests_->start(stop_, prepare_thread);
  return renews && heeds_requests;
}

void Child::tell_of_threads(bool all_run) {
  if (all_run == !misses_threads_) {
    return;
  }
  misses_threads_ = !all_run;
  if (all_run) {
    runtime_.logger.info({}, "all threads of mod_md run now");
  } else {
    runtime_.logger.error({},
                          "a thread of mod_md could not be made: the system's limit of processes "
                          "is reached (ulimit -u, TasksMax); it is tried again each second in "
                          "the child that renews, and at once in a new child");
  }
}

renewal::World Child::renewal_world() {
  Runtime& runtime = runtime_;
  std::unordered_map<std::string, DomainRuntime*> by_name;
  for (const auto& domain : runtime.domains) {
    by_name.emplace(domain->domain.name, domain.get());
  }
  return {
      .store = *runtime.store,
      .clock = runtime.clock,
      .random = runtime.random,
      .waiter = stop_,
      .commands = runtime.commands,
      .logger = runtime.logger,
      .choose_challenges = challenge_choice_of(runtime),
      .live_facts =
          [by_name, &runtime](const model::ManagedDomain& domain) {
            return runtime.current_set(*by_name.at(domain.name))->facts();
          },
      .activates_live = runtime.generations != nullptr,
      .issuing_ca =
          [by_name](const model::ManagedDomain& domain) {
            return issuing_ca_of(*by_name.at(domain.name));
          },
      .is_revoked =
          [by_name, &runtime](const model::ManagedDomain& domain) {
            return runtime.stapling != nullptr &&
                   runtime.stapling->is_revoked(*by_name.at(domain.name));
          },
      .report_attempt =
          [&runtime](const renewal::AttemptReport& report) {
            if (runtime.attempts != nullptr) {
              runtime.attempts->count(report);
            }
          },
      .full_start = renewal::FullStart{full_start(runtime.server, runtime.clock),
                                       question_spread(runtime.domains.size())},
      .live_account =
          [by_name](const model::ManagedDomain& domain) {
            return by_name.at(domain.name)->record.account;
          },
      .external_kids = external_kids_of(runtime),
  };
}

/// What is not known to be live would be ordered again.
bool Child::follows_live_set(DomainRuntime& domain) {
  return runtime_.generations == nullptr || runtime_.live_sets.follow(domain);
}

/// The pool's things are the managed domains, and after them the places to staple at.
void Child::make_worker() {
  Runtime& runtime = runtime_;
  renewer_ = std::make_unique<renewal::Renewer>(renewal_world());
  std::size_t slots = 0;
  if (runtime.stapling != nullptr) {
    stapling_ = std::make_unique<StaplingWorker>(runtime, stop_);
    slots = runtime.stapling->slots().size();
  }
  renewal::WorkerPool::Options options;
  options.initial_delay = runtime.settings.initial_delay;
  options.on_thread_start = prepare_thread;
  pool_ = std::make_unique<renewal::WorkerPool>(
      runtime.domains.size() + slots,
      [this](std::size_t i, http::Client& client) {
        const std::size_t domains = runtime_.domains.size();
        if (i < domains && !follows_live_set(*runtime_.domains[i])) {
          return runtime_.clock.now() + kAfterFailedLoad;
        }
        return i < domains ? renewer_->check(runtime_.domains[i]->domain, client)
                           : stapling_->check(i - domains, client);
      },
      make_http_client, runtime.clock, stop_, std::move(options));
  std::vector<std::string> names;
  for (const auto& domain : runtime.domains) {
    names.push_back(domain->domain.name);
  }
  requests_ = std::make_unique<renewal::RequestWatch>(
      *runtime.store, names, [this](std::size_t i) { pool_->look_again(i); }, runtime.logger);
}

/// A new certificate wants an answer, and a revoked one a successor: at once.
void Child::staple_changed(std::size_t slot, const StapleState& before) {
  const std::lock_guard lock(worker_mutex_);
  if (pool_ == nullptr) {
    return;  // once there is one, it looks at everything
  }
  const StapleSlot& place = *runtime_.stapling->slots()[slot];
  const auto state = place.state.get();
  if (state->subject != nullptr &&
      (before.subject == nullptr || before.subject->id != state->subject->id)) {
    pool_->look_again(thing_of_slot(slot));
  }
  if (place.domain && runtime_.stapling->is_revoked(*runtime_.domains[*place.domain])) {
    pool_->look_again(*place.domain);
  }
}

void Child::stop_and_join() {
  stop_.stop();
  loader_.join();
  stapling_loader_.join();
  work_watcher_.join();
  const std::lock_guard lock(worker_mutex_);
  if (requests_ != nullptr) {
    requests_->join();
  }
  if (pool_ != nullptr) {
    pool_->stop_and_join();
  }
}

void register_child_hooks() {
  // mod_watchdog's makes the thread that triggers us: come second, and its first call finds nobody
  // and the next one is an interval later.
  static const char* const mod_watchdog[] = {"mod_watchdog.c", nullptr};
  ap_hook_child_init(child_init, nullptr, mod_watchdog, APR_HOOK_FIRST);
  ap_hook_child_stopping(child_stopping, nullptr, nullptr, APR_HOOK_MIDDLE);
}

apr_status_t register_worker(apr_pool_t* pool, server_rec* server) {
  auto* const get_instance = APR_RETRIEVE_OPTIONAL_FN(ap_watchdog_get_instance);
  auto* const register_callback = APR_RETRIEVE_OPTIONAL_FN(ap_watchdog_register_callback);
  if (get_instance == nullptr || register_callback == nullptr) {
    ap_log_error(APLOG_MARK, APLOG_CRIT, 0, server,
                 "AH10061: mod_watchdog is required: load it to have certificates renewed");
    return APR_EGENERAL;
  }
  ap_watchdog_t* watchdog = nullptr;
  apr_status_t status = get_instance(&watchdog, kWatchdogName, /*parent=*/0, /*singleton=*/1, pool);
  if (status == APR_SUCCESS) {
    status = register_callback(watchdog, kWatchdogInterval, nullptr, on_watchdog);
  }
  if (status != APR_SUCCESS) {
    ap_log_error(APLOG_MARK, APLOG_CRIT, status, server,
                 "mod_md: no watchdog could be had, certificates are not renewed");
  }
  return status;
}

}  // namespace md::httpd
