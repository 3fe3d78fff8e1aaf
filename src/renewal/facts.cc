// SPDX-License-Identifier: Apache-2.0
#include "renewal/facts.h"

#include <algorithm>

namespace md::renewal {

CertificateFacts facts_of(const store::KeyedChain& keyed) {
  if (keyed.chain.empty()) {
    CertificateFacts facts;
    facts.spec = keyed.spec;
    return facts;
  }
  return facts_of(keyed.spec, keyed.chain.front());
}

CertificateFacts facts_of(const model::KeySpec& spec, const crypto::Certificate& leaf) {
  CertificateFacts facts;
  facts.spec = spec;
  facts.validity = leaf.validity();
  facts.names = leaf.alternative_names();
  facts.serial = leaf.serial();
  facts.issuer = leaf.issuer_name();
  facts.sha256_fingerprint = leaf.sha256_fingerprint();
  facts.ari_cert_id = leaf.ari_cert_id().value_or("");
  facts.must_staple = leaf.must_staple();
  facts.fits_spec = leaf.fits(spec);
  facts.timestamps = leaf.timestamps();
  return facts;
}

const CertificateFacts* CertificateSetFacts::find(const model::KeySpec& spec) const {
  const auto found =
      std::find_if(certificates.begin(), certificates.end(),
                   [&](const CertificateFacts& facts) { return facts.spec.name() == spec.name(); });
  return found == certificates.end() ? nullptr : &*found;
}

std::optional<model::Validity> CertificateSetFacts::overlap() const {
  if (certificates.empty()) {
    return std::nullopt;
  }
  model::Validity common = certificates.front().validity;
  for (const CertificateFacts& facts : certificates) {
    common.from = std::max(common.from, facts.validity.from);
    common.until = std::min(common.until, facts.validity.until);
  }
  return common;
}

}  // namespace md::renewal
