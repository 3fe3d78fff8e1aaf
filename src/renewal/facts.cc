// SPDX-License-Identifier: Apache-2.0
#include "renewal/facts.h"

#include <algorithm>
#include <unordered_set>

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
  return facts;
}

std::optional<std::string> name_not_covered(const model::ManagedDomain& domain,
                                            const CertificateFacts& certificate) {
  std::unordered_set<std::string> certified;
  for (const std::string& name : certificate.names) {
    if (auto parsed = model::DnsName::parse(name)) {
      certified.insert(parsed->text());
    }
  }
  const auto by_wildcard = [&](const model::DnsName& name) {
    const auto dot = name.text().find('.');
    return name.is_valid() && !name.is_wildcard() && !name.is_ip() && dot != std::string::npos &&
           certified.contains("*" + name.text().substr(dot));
  };
  for (const model::DnsName& name : domain.names) {
    if (!certified.contains(name.text()) && !by_wildcard(name)) {
      return name.text();
    }
  }
  return std::nullopt;
}

const CertificateFacts* CertificateSetFacts::find(const model::KeySpec& spec) const {
  const auto found =
      std::find_if(certificates.begin(), certificates.end(),
                   [&](const CertificateFacts& facts) { return facts.spec.name() == spec.name(); });
  return found == certificates.end() ? nullptr : &*found;
}

bool CertificateSetFacts::is_usable(TimePoint now) const {
  const auto valid = overlap();
  return is_complete() && valid && now < valid->until;
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
