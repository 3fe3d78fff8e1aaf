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
  using Pair = std::pair<std::string, std::string>;  ///< paths of certificate and key
  using Pairs = std::vector<Pair>;

  /// What was found in `domains/<md>`, and what mod_ssl gets of it.
  struct Choice {
    renewal::CertificateSetFacts facts;
    bool has_any_file{false};
    Pairs pairs;        ///< none: fallbacks have to be made
    std::string basis;  ///< what `facts` rest on
  };

  /// `known`: what is known of before; where it still holds, nothing is read.
  CertificateFiles(store::FileStore& store, renewal::KnownSets known)
      : store_(store), known_(std::move(known)) {}

  Choice choose(const model::ManagedDomain& domain, TimePoint now);

  /// The keys that the fallbacks of a domain need. Before `make_fallbacks` of that domain.
  void prepare_fallbacks(const model::ManagedDomain& domain);
  /// Makes, or finds, the fallbacks of a domain that `choose` had no files for; the text is for
  /// `take_fallbacks`. A task of SideWork: it changes nothing here.
  [[nodiscard]] Result<std::string> make_fallbacks(const model::ManagedDomain& domain,
                                                   const Choice& choice, TimePoint now) const;
  /// Where they could not be made (a full disk), those that the domain has from before, and those
  /// of another domain: any certificate lets the server start. None if there is none of a type.
  Pairs take_fallbacks(const model::ManagedDomain& domain, const Result<std::string>& made,
                       TimePoint now);

  /// What is known now, of the domains that were chosen for.
  [[nodiscard]] const renewal::KnownSets& found() const { return found_; }

 private:
  /// What is known of a domain rests on one or both.
  struct Basis {
    std::string live;
    std::string fallbacks;
  };

  static std::vector<model::KeySpec> fallback_kinds(const model::ManagedDomain& domain);
  [[nodiscard]] const std::string& key_stamps(const model::KeySpec& kind) const;
  [[nodiscard]] Basis basis_of(const model::ManagedDomain& domain) const;
  [[nodiscard]] Pairs live_pairs(const model::ManagedDomain& domain,
                                 const renewal::CertificateSetFacts& facts) const;
  [[nodiscard]] Pair fallback_pair(const model::ManagedDomain& domain,
                                   const model::KeySpec& kind) const;
  Pairs own_fallbacks(const model::ManagedDomain& domain);
  std::optional<Pair> some_fallback(const model::ManagedDomain& domain, const model::KeySpec& kind,
                                    TimePoint now) const;
  /// Returns when it ends.
  [[nodiscard]] Result<TimePoint> make_fallback(const model::ManagedDomain& domain,
                                                const model::KeySpec& kind, TimePoint now) const;
  void prepare_key(const model::KeySpec& kind);
  [[nodiscard]] Result<crypto::PrivateKey> load_or_make_key(const model::KeySpec& kind);
  [[nodiscard]] Result<const crypto::PrivateKey*> prepared_key(const model::KeySpec& kind) const;
  [[nodiscard]] std::optional<TimePoint> usable_until(const model::ManagedDomain& domain,
                                                      const model::KeySpec& kind,
                                                      const crypto::PrivateKey& key,
                                                      TimePoint now) const;

  store::FileStore& store_;
  renewal::KnownSets known_;
  renewal::KnownSets found_;
  // By the name of the key's file:
  std::map<std::string, Result<crypto::PrivateKey>> fallback_keys_;  // that were prepared
  mutable std::map<std::string, std::string> key_stamps_;
  std::map<std::string, Pair> last_fallbacks_;
};

}  // namespace md::httpd
