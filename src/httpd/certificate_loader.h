// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <thread>
#include <unordered_set>

#include "base/waiter.h"
#include "httpd/runtime.h"

namespace md::httpd {

/// One thread in each child that watches the generation table and follows what went live, so that
/// hardly any handshake has to. `start` and `join` from one thread at a time.
class CertificateLoader {
 public:
  CertificateLoader(Runtime& runtime, StopSignal& stop) : runtime_(runtime), stop_(stop) {}
  CertificateLoader(const CertificateLoader&) = delete;
  CertificateLoader& operator=(const CertificateLoader&) = delete;
  ~CertificateLoader() { join(); }

  /// False: no thread could be made; call it again later. Handshakes find what went live without
  /// it, too.
  bool start();
  /// After the stop signal.
  void join();

 private:
  void follow_changed();

  Runtime& runtime_;
  StopSignal& stop_;
  std::uint64_t epoch_{0};                      // up to which `changed_` is complete
  std::unordered_set<DomainRuntime*> changed_;  // since then not followed
  std::thread thread_;
};

}  // namespace md::httpd
