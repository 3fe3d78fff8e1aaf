// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <mutex>
#include <unordered_map>

#include "base/clock.h"
#include "base/result.h"
#include "base/snapshot.h"
#include "crypto/ocsp.h"
#include "ocsp/subject.h"
#include "store/store.h"

namespace md::ocsp {

using StaplePtr = std::shared_ptr<const crypto::OcspAnswer>;

/// The answers that handshakes of this process staple. Readers get a pointer, whatever is being
/// replaced meanwhile: no file, no network, no lock but that of a pointer's copy. Thread-safe.
class StapleCache {
 public:
  /// nullptr: none is known, or what is known has expired.
  [[nodiscard]] StaplePtr find(const StapleId& id, TimePoint now) const;
  void put(const StapleId& id, StaplePtr staple);

 private:
  using Map = std::unordered_map<StapleId, StaplePtr, StapleIdHash>;
  std::mutex writers_;
  Snapshot<Map> map_{std::make_shared<const Map>()};
};

/// The answer kept for the certificate, checked again as if it came from the network: what has
/// expired, or does not fit, is an error and of no use. NotFound: none is kept.
Result<StaplePtr> load_staple(const store::Store& store, const Subject& subject, TimePoint now);

}  // namespace md::ocsp
