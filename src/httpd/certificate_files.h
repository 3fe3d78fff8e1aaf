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
    Pairs pairs;  ///< none: fallbacks have to be made
  };

  /// `known`: what is known of before; where it still holds, nothing is read.
  CertificateFiles(store::FileStore& store, renewal::KnownSets known)
      : store_(store), known_(std::move(known)) {}

  Choice choose(const model::ManagedDomain& domain, TimePoint now);

  /// Makes, or finds, the fallbacks of a domain that `choose` had no files for; the text is for
  /// `take_fallbacks`. A task of SideWork, which shares the keys with us if `prepare_fallbacks` was
  /// called before.
  Result<std::string> make_fallbacks(const model::ManagedDomain& domain, const Choice& choice,
                                     TimePoint now);
  void prepare_fallbacks(const model::ManagedDomain& domain);
  /// Those of another domain if they could not be made (a full disk): any certificate lets the
  /// server start.
  Result<Pairs> take_fallbacks(const model::ManagedDomain& domain, const Result<std::string>& made);

  /// What is known now, of the domains that were chosen for.
  [[nodiscard]] const renewal::KnownSets& found() const { return found_; }

 private:
  static std::vector<KeyType> fallback_types(const model::ManagedDomain& domain);
  static std::vector<std::string> files_of(const model::ManagedDomain& domain);
  [[nodiscard]] std::string basis_of(const model::ManagedDomain& domain);
  [[nodiscard]] Pairs live_pairs(const model::ManagedDomain& domain,
                                 const renewal::CertificateSetFacts& facts) const;
  Pairs fallback_pairs(const model::ManagedDomain& domain);
  /// Returns when it ends.
  Result<TimePoint> make_fallback(const model::ManagedDomain& domain, KeyType type, TimePoint now);
  Result<const crypto::PrivateKey*> fallback_key(KeyType type);
  [[nodiscard]] std::optional<TimePoint> usable_until(const model::ManagedDomain& domain,
                                                      KeyType type, const crypto::PrivateKey& key,
                                                      TimePoint now) const;

  store::FileStore& store_;
  renewal::KnownSets known_;
  renewal::KnownSets found_;
  std::map<KeyType, crypto::PrivateKey> fallback_keys_;
  std::optional<std::string> key_stamps_;  // of the files of fallback_keys_
  std::map<KeyType, Pair> last_fallbacks_;
};

}  // namespace md::httpd
