// SPDX-License-Identifier: Apache-2.0
#include "httpd/certificate_files.h"

#include <set>

#include "crypto/certificate.h"
#include "store/documents.h"

namespace md::httpd {
namespace {

// One key of a type for the fallbacks of all domains (design.md §4: no RSA key per domain at a
// first start): what it signs is trusted by nobody.
constexpr std::chrono::hours kFallbackLifetime{24 * 14};
// For clients whose clock is slow.
constexpr std::chrono::hours kBackdated{1};

std::string suffix(CertificateFiles::KeyType type) {
  return type == CertificateFiles::KeyType::Rsa ? "" : ".p-256";
}

std::string fallback_key_file(CertificateFiles::KeyType type) {
  return "fallback-privkey" + suffix(type) + ".pem";
}

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
  if (pairs.empty()) {
    for (const KeyType type : fallback_types(domain)) {
      MD_ASSIGN_OR_RETURN(auto pair, fallback(domain, type, now));
      pairs.push_back(std::move(pair));
    }
  }
  return pairs;
}

std::vector<CertificateFiles::KeyType> CertificateFiles::fallback_types(
    const model::ManagedDomain& domain) {
  std::set<KeyType> types;
  for (const model::KeySpec& spec : domain.settings.effective_key_specs()) {
    types.insert(spec.type == model::KeySpec::Type::Rsa ? KeyType::Rsa : KeyType::Ec);
  }
  return {types.begin(), types.end()};
}

Result<CertificateFiles::Pair> CertificateFiles::fallback(const model::ManagedDomain& domain,
                                                          KeyType type, TimePoint now) {
  MD_ASSIGN_OR_RETURN_CONTEXT(const crypto::PrivateKey* const key, fallback_key(type),
                              "key of the fallback certificates");
  const std::string file = "fallback-pubcert" + suffix(type) + ".pem";
  if (!is_usable_fallback(domain, file, *key, now)) {
    const model::Validity validity{now - kBackdated, now + kFallbackLifetime};
    MD_ASSIGN_OR_RETURN(const auto certificate,
                        crypto::make_fallback_certificate(*key, domain.names, validity));
    MD_ASSIGN_OR_RETURN(const std::string pem, certificate.to_pem());
    if (auto saved = store_.save(store::Group::Domains, domain.name, file, pem,
                                 store::Durability::Replaceable);
        !saved) {
      // A full disk: any certificate of that key lets the server start.
      const auto other = last_fallback_.find(type);
      return other != last_fallback_.end() ? Result<Pair>(other->second)
                                           : Result<Pair>(std::move(saved).error());
    }
  }
  const Pair pair{store_.path(store::Group::Domains, domain.name, file),
                  store_.path_of(fallback_key_file(type)).string()};
  last_fallback_.insert_or_assign(type, pair);
  return pair;
}

Result<const crypto::PrivateKey*> CertificateFiles::fallback_key(KeyType type) {
  if (const auto known = fallback_keys_.find(type); known != fallback_keys_.end()) {
    return &known->second;
  }
  const std::string file = fallback_key_file(type);
  if (const auto pem = store_.load_at_root(file)) {
    if (auto key = crypto::PrivateKey::from_pem(*pem, {})) {
      return &fallback_keys_.emplace(type, std::move(*key)).first->second;
    }
  }
  MD_ASSIGN_OR_RETURN(auto key, type == KeyType::Rsa
                                    ? crypto::PrivateKey::generate_quick_rsa()
                                    : crypto::PrivateKey::generate(model::KeySpec::ec("P-256")));
  MD_ASSIGN_OR_RETURN(const SecretBytes pem, key.to_pem());
  MD_TRY(store_.save_at_root(file, pem.text(), 0600, store::Durability::Replaceable));
  return &fallback_keys_.emplace(type, std::move(key)).first->second;
}

bool CertificateFiles::is_usable_fallback(const model::ManagedDomain& domain,
                                          const std::string& file, const crypto::PrivateKey& key,
                                          TimePoint now) const {
  const auto pem = store_.load(store::Group::Domains, domain.name, file);
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
