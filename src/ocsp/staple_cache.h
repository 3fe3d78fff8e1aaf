// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <optional>
#include <unordered_map>

#include "base/clock.h"
#include "base/result.h"
#include "base/snapshot.h"
#include "crypto/ocsp.h"
#include "model/job.h"
#include "ocsp/subject.h"
#include "store/store.h"

namespace md::ocsp {

using StaplePtr = std::shared_ptr<const crypto::OcspAnswer>;

/// The answers that handshakes of this process staple: an immutable table, replaced as a whole.
/// Readers get a pointer, whatever is being replaced meanwhile: no file, no network, no lock but
/// that of a pointer's copy. Thread-safe.
class StapleCache {
 public:
  /// Certificates that are answered for, with nullptr for those of which no answer is known.
  using Table = std::unordered_map<StapleId, StaplePtr, StapleIdHash>;

  /// nullopt: the certificate is none of ours. nullptr: it is, but no answer is known, or what is
  /// known has expired.
  [[nodiscard]] std::optional<StaplePtr> find(const StapleId& id, TimePoint now) const;
  void replace(Table table);

 private:
  Snapshot<Table> table_{std::make_shared<const Table>()};
};

/// The answer kept for the certificate, checked again as if it came from the network: what has
/// expired, or does not fit, is an error and of no use. NotFound: none is kept.
Result<StaplePtr> load_staple(const store::Store& store, const Subject& subject, TimePoint now);
/// How the fetches for it went; a new job where nothing is kept that can be read.
model::Job load_job(const store::Store& store, const Subject& subject);

}  // namespace md::ocsp
