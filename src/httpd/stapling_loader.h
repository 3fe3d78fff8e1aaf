// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <thread>
#include <vector>

#include "base/waiter.h"
#include "httpd/runtime.h"

namespace md::httpd {

/// One thread in each child that loads new answers, and follows what went live, off the handshake
/// path. `start` and `join` from the child's main thread.
class StaplingLoader {
 public:
  /// Told by slot of what is known now, on the loader's thread.
  using OnChange = std::function<void(std::size_t slot, const StapleState& before)>;

  StaplingLoader(Runtime& runtime, StopSignal& stop, OnChange on_change)
      : runtime_(runtime), stop_(stop), on_change_(std::move(on_change)) {}
  StaplingLoader(const StaplingLoader&) = delete;
  StaplingLoader& operator=(const StaplingLoader&) = delete;
  ~StaplingLoader() { join(); }

  /// Loads what has changed since the parent looked, then starts watching.
  void start();
  /// After the stop signal.
  void join();

 private:
  void watch();
  void load_changed();
  [[nodiscard]] bool has_changed(std::size_t slot, std::uint64_t generation) const;
  void load(std::size_t slot, std::uint64_t generation);
  [[nodiscard]] std::uint64_t live_epoch() const;
  [[nodiscard]] bool follows_all_live_sets() const;

  Runtime& runtime_;
  StopSignal& stop_;
  const OnChange on_change_;
  std::uint64_t epoch_{0};       // of the answers, up to which everything is loaded
  std::uint64_t live_epoch_{0};  // the same of the certificates
  TimePoint not_before_{};
  std::vector<std::uint64_t> loaded_;  // generation of each slot's answer
  bool disk_works_{true};
  std::thread thread_;
};

}  // namespace md::httpd
