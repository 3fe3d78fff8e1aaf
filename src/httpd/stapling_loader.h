// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <thread>
#include <unordered_set>
#include <vector>

#include "base/retry_delays.h"
#include "base/waiter.h"
#include "httpd/runtime.h"

namespace md::httpd {

/// One thread in each child that loads new answers, and follows what went live, off the handshake
/// path. `start` and `join` from the child's main thread.
class StaplingLoader {
 public:
  /// Told by slot of what is known now, on the loader's thread.
  using OnChange = std::function<void(std::size_t slot, const StapleState& before)>;

  StaplingLoader(Runtime& runtime, StopSignal& stop, OnChange on_change);
  StaplingLoader(const StaplingLoader&) = delete;
  StaplingLoader& operator=(const StaplingLoader&) = delete;
  ~StaplingLoader() { join(); }

  /// Loads what has changed since the parent looked, so that the first handshakes find their
  /// staples, as far as it takes no time worth mention; then starts watching. False: no thread
  /// could be made; call it again later.
  bool start();
  /// After the stop signal.
  void join();

 private:
  using SteadyTime = std::chrono::steady_clock::time_point;

  void load_changed(SteadyTime until);
  void note_changed();
  [[nodiscard]] bool is_current(std::size_t slot) const;
  [[nodiscard]] std::uint64_t live_generation(const StapleSlot& place) const;
  [[nodiscard]] std::uint64_t live_epoch() const;
  bool load(std::size_t slot);

  Runtime& runtime_;
  StopSignal& stop_;
  const OnChange on_change_;
  std::uint64_t epoch_{0};                   // of the answers, up to which `changed_` is complete
  std::uint64_t live_epoch_{0};              // the same of the certificates
  std::unordered_set<std::size_t> changed_;  // slots that have not been loaded since
  RetryDelays<std::size_t> delays_;
  std::vector<std::uint64_t> loaded_;  // generation of each slot's answer
  std::thread thread_;
};

}  // namespace md::httpd
