// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "crypto/private_key.h"
#include "model/managed_domain.h"
#include "renewal/staged_set.h"
#include "store/file_store.h"

namespace md::httpd {

/// Chooses, in the parent, the certificate files that mod_ssl loads for a domain: the live ones
/// that are whole (expired ones are better than none), static ones as configured, else the
/// fallback.
class CertificateFiles {
 public:
  using Pairs = std::vector<std::pair<std::string, std::string>>;  ///< certificate, key

  explicit CertificateFiles(store::FileStore& store) : store_(store) {}

  /// `live` is what `domains/<md>` holds.
  Result<Pairs> choose(const model::ManagedDomain& domain, const renewal::LoadedSet& live,
                       TimePoint now);

 private:
  Result<Pairs> fallback(const model::ManagedDomain& domain, TimePoint now);
  Result<const crypto::PrivateKey*> fallback_key();
  bool is_usable_fallback(const model::ManagedDomain& domain, const crypto::PrivateKey& key,
                          TimePoint now) const;

  store::FileStore& store_;
  std::optional<crypto::PrivateKey> fallback_key_;
};

}  // namespace md::httpd
