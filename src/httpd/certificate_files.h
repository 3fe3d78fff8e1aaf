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
#include "renewal/known_sets.h"
#include "store/file_store.h"

namespace md::httpd {

/// Chooses, in the parent, the certificate files of the store that mod_ssl loads for a domain: the
/// live ones that are whole (expired ones are better than none), else the fallback.
class CertificateFiles {
 public:
  /// Of what type the fallback's key is. Configured types decide: a server whose ciphers are for
  /// RSA alone could not answer a tls-alpn-01 challenge with an EC certificate (CR-05).
  enum class KeyType { Rsa, Ec };

  using Pair = std::pair<std::string, std::string>;  ///< paths of certificate and key
  using Pairs = std::vector<Pair>;

  /// What was found in `domains/<md>`, and what mod_ssl gets of it.
  struct Choice {
    renewal::CertificateSetFacts facts;
    bool has_any_file{false};
    Result<Pairs> pairs;
  };

  /// `known`: what is known of before; where it still holds, nothing is read.
  CertificateFiles(store::FileStore& store, renewal::KnownSets known)
      : store_(store), known_(std::move(known)) {}

  Choice choose(const model::ManagedDomain& domain, TimePoint now);

  /// What is known now, of the domains that were chosen for.
  [[nodiscard]] const renewal::KnownSets& found() const { return found_; }

 private:
  struct Fallback {
    Pair pair;
    TimePoint until;
  };

  static std::vector<KeyType> fallback_types(const model::ManagedDomain& domain);
  static std::vector<std::string> files_of(const model::ManagedDomain& domain);
  [[nodiscard]] std::string basis_of(const model::ManagedDomain& domain);
  [[nodiscard]] Pairs live_pairs(const model::ManagedDomain& domain,
                                 const renewal::CertificateSetFacts& facts) const;
  [[nodiscard]] Pair fallback_pair(const model::ManagedDomain& domain, KeyType type) const;
  Result<Pairs> make_fallbacks(const model::ManagedDomain& domain, TimePoint now,
                               std::optional<TimePoint>& until);
  Result<Fallback> fallback(const model::ManagedDomain& domain, KeyType type, TimePoint now);
  Result<const crypto::PrivateKey*> fallback_key(KeyType type);
  [[nodiscard]] std::optional<TimePoint> usable_until(const model::ManagedDomain& domain,
                                                      KeyType type, const crypto::PrivateKey& key,
                                                      TimePoint now) const;

  store::FileStore& store_;
  renewal::KnownSets known_;
  renewal::KnownSets found_;
  std::map<KeyType, crypto::PrivateKey> fallback_keys_;
  std::optional<std::string> key_stamps_;  // of the files of fallback_keys_
  std::map<KeyType, Fallback> last_fallback_;
};

}  // namespace md::httpd
