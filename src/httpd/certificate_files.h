// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
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
  /// Of what type the fallback's key is. Configured types decide: a server whose ciphers are for
  /// RSA alone could not answer a tls-alpn-01 challenge with an EC certificate (CR-05).
  enum class KeyType { Rsa, Ec };

  using Pair = std::pair<std::string, std::string>;  ///< paths of certificate and key
  using Pairs = std::vector<Pair>;

  explicit CertificateFiles(store::FileStore& store) : store_(store) {}

  /// `live` is what `domains/<md>` holds.
  Result<Pairs> choose(const model::ManagedDomain& domain, const renewal::LoadedSet& live,
                       TimePoint now);

 private:
  static std::vector<KeyType> fallback_types(const model::ManagedDomain& domain);
  Result<Pair> fallback(const model::ManagedDomain& domain, KeyType type, TimePoint now);
  Result<const crypto::PrivateKey*> fallback_key(KeyType type);
  [[nodiscard]] bool is_usable_fallback(const model::ManagedDomain& domain, const std::string& file,
                                        const crypto::PrivateKey& key, TimePoint now) const;

  store::FileStore& store_;
  std::map<KeyType, crypto::PrivateKey> fallback_keys_;
  std::map<KeyType, Pair> last_fallback_;
};

}  // namespace md::httpd
