// SPDX-License-Identifier: Apache-2.0
#include "httpd/certificate_files.h"

#include "crypto/certificate.h"
#include "store/documents.h"

namespace md::httpd {
namespace {

// One key for the fallbacks of all domains: what it signs is trusted by nobody, and a P-256 key
// costs nothing to make (design.md §4: no RSA key at a first start).
constexpr const char* kFallbackKeyFile = "fallback-privkey.pem";
constexpr std::string_view kFallbackCertificateFile = "fallback-pubcert.p-256.pem";
constexpr std::chrono::hours kFallbackLifetime{24 * 14};

}  // namespace

Result<CertificateFiles::Pairs> CertificateFiles::choose(const model::ManagedDomain& domain,
                                                         const renewal::LoadedSet& live,
                                                         TimePoint now) {
  Pairs pairs;
  if (domain.is_static()) {
    const auto& certificates = domain.settings.certificate_files;
    const auto& keys = domain.settings.certificate_key_files;
    for (std::size_t i = 0; i < certificates.size(); ++i) {
      // A certificate without a key file of its own holds its key itself.
      pairs.emplace_back(certificates[i], i < keys.size() ? keys[i] : certificates[i]);
    }
    return pairs;
  }
  for (const store::KeyedChain& keyed : live.keyed) {
    using store::Group;
    pairs.emplace_back(
        store_.path(Group::Domains, domain.name, store::certificate_file(keyed.spec)),
        store_.path(Group::Domains, domain.name, store::key_file(keyed.spec)));
  }
  if (!pairs.empty()) {
    return pairs;
  }
  return fallback(domain, now);
}

Result<CertificateFiles::Pairs> CertificateFiles::fallback(const model::ManagedDomain& domain,
                                                           TimePoint now) {
  MD_ASSIGN_OR_RETURN_CONTEXT(const crypto::PrivateKey* const key, fallback_key(),
                              "key of the fallback certificates");
  if (!is_usable_fallback(domain, *key, now)) {
    // An hour back, for clients whose clock is slow.
    const model::Validity validity{now - std::chrono::hours(1), now + kFallbackLifetime};
    MD_ASSIGN_OR_RETURN(const auto certificate,
                        crypto::make_fallback_certificate(*key, domain.names, validity));
    MD_ASSIGN_OR_RETURN(const std::string pem, certificate.to_pem());
    MD_TRY(store_.save(store::Group::Domains, domain.name, kFallbackCertificateFile, pem,
                       store::Durability::Replaceable));
  }
  return Pairs{{store_.path(store::Group::Domains, domain.name, kFallbackCertificateFile),
                store_.path_of(kFallbackKeyFile).string()}};
}

Result<const crypto::PrivateKey*> CertificateFiles::fallback_key() {
  if (fallback_key_) {
    return &*fallback_key_;
  }
  if (const auto pem = store_.load_at_root(kFallbackKeyFile)) {
    if (auto key = crypto::PrivateKey::from_pem(*pem, {})) {
      fallback_key_ = std::move(*key);
      return &*fallback_key_;
    }
  }
  MD_ASSIGN_OR_RETURN(auto key, crypto::PrivateKey::generate(model::KeySpec::ec("P-256")));
  MD_ASSIGN_OR_RETURN(const SecretBytes pem, key.to_pem());
  MD_TRY(store_.save_at_root(kFallbackKeyFile, pem.text(), 0600, store::Durability::Replaceable));
  fallback_key_ = std::move(key);
  return &*fallback_key_;
}

bool CertificateFiles::is_usable_fallback(const model::ManagedDomain& domain,
                                          const crypto::PrivateKey& key, TimePoint now) const {
  const auto pem = store_.load(store::Group::Domains, domain.name, kFallbackCertificateFile);
  const auto chain = pem ? crypto::Certificate::chain_from_pem(*pem)
                         : Result<std::vector<crypto::Certificate>>(pem.error());
  if (!chain) {
    return false;
  }
  const crypto::Certificate& certificate = chain->front();
  return certificate.matches(key) && certificate.validity().contains(now) &&
         certificate.covers_all(domain.names);
}

}  // namespace md::httpd
