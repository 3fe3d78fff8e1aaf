// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <thread>
#include <vector>

#include "base/waiter.h"
#include "httpd/runtime.h"

namespace md::httpd {

/// One thread in each child that watches the generation table and loads what went live, off the
/// handshake path: a handshake only copies a pointer. `start` and `join` from the child's main
/// thread.
class CertificateLoader {
 public:
  CertificateLoader(Runtime& runtime, StopSignal& stop) : runtime_(runtime), stop_(stop) {}
  CertificateLoader(const CertificateLoader&) = delete;
  CertificateLoader& operator=(const CertificateLoader&) = delete;
  ~CertificateLoader() { join(); }

  /// Loads what went live before this child was made, then starts watching.
  void start();
  /// After the stop signal.
  void join();

 private:
  void watch();
  void load_changed();
  bool load(std::size_t slot, std::uint64_t generation);
  [[nodiscard]] Result<std::shared_ptr<const LiveSet>> open(const std::string& file,
                                                            const std::string& name,
                                                            std::size_t slot,
                                                            std::uint64_t generation) const;

  Runtime& runtime_;
  StopSignal& stop_;
  std::uint64_t epoch_{0};  // up to which everything is loaded
  TimePoint not_before_{};
  std::thread thread_;
};

}  // namespace md::httpd
