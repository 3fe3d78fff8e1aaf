// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <thread>
#include <vector>

#include "base/waiter.h"
#include "httpd/runtime.h"

namespace md::httpd {

/// One thread in each child that keeps DomainRuntime::work true to the store, whoever writes there:
/// worker, activator, or `a2md`. So a status page reads no file, whatever the number of domains
/// (SE-01, SE-04). `start` and `join` from the child's main thread.
class WorkWatcher {
 public:
  WorkWatcher(Runtime& runtime, StopSignal& stop) : runtime_(runtime), stop_(stop) {}
  WorkWatcher(const WorkWatcher&) = delete;
  WorkWatcher& operator=(const WorkWatcher&) = delete;
  ~WorkWatcher() { join(); }

  /// False: no thread could be made; call it again later.
  bool start();
  /// After the stop signal.
  void join();

 private:
  void watch();
  void look();

  Runtime& runtime_;
  StopSignal& stop_;
  std::vector<std::string> folders_;        // of the domains in staging, in their order
  std::vector<std::int64_t> change_times_;  // of what is loaded
  std::string advice_stamp_;
  std::thread thread_;
};

}  // namespace md::httpd
