// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "crypto/certificate.h"
#include "model/key_spec.h"
#include "model/managed_domain.h"
#include "model/validity.h"
#include "store/served_set.h"

namespace md::renewal {

/// What decisions and status documents need to know of a certificate. Immutable once made.
struct CertificateFacts {
  model::KeySpec spec;  ///< the configured spec that it serves
  model::Validity validity;
  std::vector<std::string> names;
  std::string serial;
  std::string issuer;
  std::string sha256_fingerprint;
  std::string ari_cert_id;  ///< empty if it has none
  bool must_staple{false};
  bool fits_spec{true};  ///< its key is as `spec` has it
  /// Of a certificate to come, in status documents alone: facts_of leaves them out.
  std::vector<crypto::SignedTimestamp> timestamps;
};
CertificateFacts facts_of(const store::KeyedChain& keyed);
CertificateFacts facts_of(const model::KeySpec& spec, const crypto::Certificate& leaf);
/// A name of the domain that the certificate is not for; nullopt: it is for all.
std::optional<std::string> name_not_covered(const model::ManagedDomain& domain,
                                            const CertificateFacts& certificate);

/// A managed domain's certificates, as far as they can be used, and why not all can if so.
struct CertificateSetFacts {
  std::vector<CertificateFacts> certificates;  ///< in the order of the configured key specs
  /// Why the set is incomplete: "certificate(rsa) is missing"; empty if it is complete.
  std::string flaw;

  [[nodiscard]] bool is_complete() const { return flaw.empty() && !certificates.empty(); }
  [[nodiscard]] const CertificateFacts* find(const model::KeySpec& spec) const;
  /// The time in which all are valid; nullopt if there are none.
  [[nodiscard]] std::optional<model::Validity> overlap() const;
  /// Complete, and nothing has expired.
  [[nodiscard]] bool is_usable(TimePoint now) const;
};

}  // namespace md::renewal
