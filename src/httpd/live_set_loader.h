// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <unordered_map>

#include "base/result.h"
#include "base/retry_delays.h"
#include "crypto/certificate.h"
#include "httpd/live_set.h"
#include "store/served_set.h"

namespace md::httpd {

struct DomainRuntime;
struct Runtime;

/// Loads, in a child, the certificate sets that went live since the server's start. Keys and chains
/// of a domain stay in memory from the first handshake that needs them; of all others a child keeps
/// what decisions and status documents need to know. A set that cannot be loaded is tried again
/// after a growing delay of its own, by the steady clock; what was served before is served on.
/// Thread-safe.
class LiveSetLoader {
 public:
  /// `runtime` outlives it.
  explicit LiveSetLoader(Runtime& runtime);
  LiveSetLoader(const LiveSetLoader&) = delete;
  LiveSetLoader& operator=(const LiveSetLoader&) = delete;

  /// What the domain serves now, with its keys if it went live since the start. Reads a file where
  /// no handshake of this child had it before, or where it has just changed.
  std::shared_ptr<const LiveSet> for_handshake(DomainRuntime& domain);
  /// Makes what is known of the domain as new as its generation. False: it could not be loaded, or
  /// its delay is not over; call again later.
  bool follow(DomainRuntime& domain);

 private:
  [[nodiscard]] bool is_current(const DomainRuntime& domain, const LiveSet& live) const;
  void load(DomainRuntime& domain, bool with_keys);
  [[nodiscard]] Result<std::shared_ptr<const LiveSet>> open(const DomainRuntime& domain,
                                                            std::uint64_t generation);
  void share_issuers(store::ServedSet& set);
  void note_failure(const DomainRuntime& domain, const Error& error);

  Runtime& runtime_;
  std::mutex mutex_;  // held while a set is loaded
  std::unordered_map<const DomainRuntime*, std::uint64_t>
      failed_;                                                    // guarded by mutex_: generations
  RetryDelays<const DomainRuntime*> delays_;                      // guarded by mutex_
  std::unordered_map<std::string, crypto::Certificate> issuers_;  // guarded by mutex_
};

}  // namespace md::httpd
