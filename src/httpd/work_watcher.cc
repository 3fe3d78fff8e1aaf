// SPDX-License-Identifier: Apache-2.0
#include "httpd/work_watcher.h"

#include <algorithm>
#include <chrono>
#include <utility>

#include "httpd/domain_work.h"
#include "httpd/guard.h"
#include "httpd/thread_setup.h"

namespace md::httpd {
namespace {

using std::chrono::milliseconds;
using store::Group;

constexpr milliseconds kLookInterval{500};
// A look costs a system call for each domain: this many times as long as it took, none follows.
constexpr int kRestFactor = 100;
// What was changed so short a time ago may change again within one tick of the file system's clock.
constexpr std::chrono::nanoseconds kTick = milliseconds(100);

}  // namespace

bool WorkWatcher::start() {
  if (thread_.joinable()) {
    return true;
  }
  folders_.clear();
  for (const auto& domain : runtime_.domains) {
    folders_.push_back(domain->domain.name);
  }
  change_times_.assign(folders_.size(), 0);
  return start_thread(thread_, "md-status", [this] { guarded([this] { watch(); }); });
}

void WorkWatcher::join() {
  if (thread_.joinable()) {
    thread_.join();
  }
}

void WorkWatcher::watch() {
  milliseconds pause{0};
  while (stop_.wait_for(pause)) {
    const auto begun = std::chrono::steady_clock::now();
    guarded([this] { look(); });
    const auto took = std::chrono::steady_clock::now() - begun;
    pause = std::max(kLookInterval, std::chrono::ceil<milliseconds>(took * kRestFactor));
  }
}

void WorkWatcher::look() {
  const std::string advice_stamp =
      runtime_.store->stamps_at_root({std::string(renewal::kAdviceFolder)});
  const bool is_advised_anew = advice_stamp != std::exchange(advice_stamp_, advice_stamp);
  const auto times = runtime_.store->change_times(Group::Staging, folders_);
  const auto settled = std::chrono::duration_cast<std::chrono::nanoseconds>(
                           runtime_.clock.now().time_since_epoch() - kTick)
                           .count();
  for (std::size_t i = 0; i < folders_.size() && i < times.size(); ++i) {
    if (is_advised_anew || times[i] != change_times_[i]) {
      runtime_.domains[i]->work.set(load_work(runtime_, *runtime_.domains[i]));
      change_times_[i] = times[i] < settled ? times[i] : -1;
    }
  }
}

}  // namespace md::httpd
