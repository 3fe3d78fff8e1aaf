// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <openssl/ssl.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "renewal/facts.h"
#include "store/served_set.h"

namespace md::httpd {

struct TlsHost;

/// What is served for a managed domain: facts for decisions and status, and, after a live
/// activation, keys and chains in OpenSSL's form. Immutable; shared by all threads of a process.
class LiveSet {
 public:
  /// A certificate with the chain below it, leaf first, and the configured kind of key it is for.
  struct Chain {
    model::KeySpec spec;
    std::vector<crypto::Certificate> certificates;
  };

  /// As read from the store at start: mod_ssl serves it, we only know of it. `chains` are needed
  /// where certificates are stapled.
  static std::shared_ptr<const LiveSet> at_start(renewal::CertificateSetFacts facts,
                                                 std::vector<Chain> chains = {});
  /// Activated since: `apply` serves it. Crypto if OpenSSL does not take the certificates.
  static Result<std::shared_ptr<const LiveSet>> activated(store::ServedSet set,
                                                          std::uint64_t generation, TimePoint when);

  [[nodiscard]] const renewal::CertificateSetFacts& facts() const { return facts_; }
  /// Empty: there is no certificate of that kind.
  [[nodiscard]] std::vector<crypto::Certificate> chain_of(const model::KeySpec& spec) const;
  [[nodiscard]] std::uint64_t generation() const { return generation_; }
  [[nodiscard]] std::optional<TimePoint> activated_at() const { return activated_at_; }
  /// Is it one of the set's?
  [[nodiscard]] bool has(const crypto::Certificate& certificate) const;
  /// Can `apply` serve it? Not where mod_ssl does, nor once the keys were left out.
  [[nodiscard]] bool has_keys() const { return !set_.empty(); }
  /// The same without what `apply` needs: the facts, and the chains where they are asked for.
  [[nodiscard]] std::shared_ptr<const LiveSet> without_keys(bool with_chains) const;
  /// Has the domain any certificate, be it an expired one?
  [[nodiscard]] bool has_certificate() const { return !facts_.certificates.empty(); }

  /// Does the host take it? Its security level may refuse what others take. A handshake that was
  /// never begun is asked, so that no real one fails.
  [[nodiscard]] bool fits(const TlsHost& host) const;

  /// Puts keys and certificates into one handshake of the host, in place of those that mod_ssl
  /// loaded at start; where the host has files of its own, in place of those of the same key type.
  /// False: nothing was changed or OpenSSL refused one of several.
  bool apply(SSL* ssl, const TlsHost& host) const;

  LiveSet(const LiveSet&) = delete;
  LiveSet& operator=(const LiveSet&) = delete;
  ~LiveSet();

 private:
  LiveSet() = default;
  renewal::CertificateSetFacts facts_;
  store::ServedSet set_;
  std::vector<Chain> chains_without_keys_;
  std::vector<STACK_OF(X509)*> chains_;  // of set_, without the leaf; borrowed certificates
  std::uint64_t generation_{0};
  std::optional<TimePoint> activated_at_;
};

}  // namespace md::httpd
