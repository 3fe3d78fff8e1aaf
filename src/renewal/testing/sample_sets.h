// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/text.h"
#include "crypto/testing/test_ca.h"
#include "model/managed_domain.h"
#include "store/documents.h"
#include "store/served_set.h"
#include "store/store.h"

/// Certificate sets and managed domains for tests of renewal and status.
namespace md::testing {

inline const crypto::testing::TestCa& sample_ca() {
  static const crypto::testing::TestCa ca;
  return ca;
}

inline std::vector<model::DnsName> dns_names(const std::vector<std::string>& texts) {
  std::vector<model::DnsName> names;
  names.reserve(texts.size());
  for (const std::string& text : texts) {
    names.push_back(*model::DnsName::parse(text));
  }
  return names;
}

/// An MD used by a TLS vhost, named after the first of `names`, with RSA and P-256.
inline model::ManagedDomain sample_domain(const std::vector<std::string>& names) {
  model::ManagedDomain domain;
  domain.name = names.front();
  domain.names = dns_names(names);
  domain.is_used = true;
  domain.settings.authorities = {{"https://ca.example.net:14000/dir", ""}};
  domain.settings.key_specs = {model::KeySpec::rsa(), model::KeySpec::ec("P-256")};
  return domain;
}

/// A key (RSA: always the same, for time's sake) and its chain, for all names of `domain`.
inline store::KeyedChain sample_chain(const model::ManagedDomain& domain,
                                      const model::KeySpec& spec, const model::Validity& validity,
                                      const crypto::testing::IssueOptions& options = {}) {
  crypto::PrivateKey key = spec.type == model::KeySpec::Type::Rsa
                               ? crypto::testing::shared_rsa_key()
                               : *crypto::PrivateKey::generate(spec);
  auto chain = *sample_ca().issue(domain.names, key, validity, options);
  return {spec, std::move(key), std::move(chain)};
}

inline store::ServedSet sample_set(const model::ManagedDomain& domain,
                                   const model::Validity& validity) {
  store::ServedSet set;
  for (const model::KeySpec& spec : domain.settings.effective_key_specs()) {
    set.push_back(sample_chain(domain, spec, validity));
  }
  return set;
}

/// Writes one pair as it lies in that group: keys encrypted, but for `domains/`.
inline void put_pair(store::Store& store, store::Group group, const std::string& folder,
                     const store::KeyedChain& keyed, const SecretBytes& store_key) {
  const std::string key = group == store::Group::Domains
                              ? std::string(keyed.key.to_pem()->text())
                              : *keyed.key.to_encrypted_pem(store_key.bytes());
  const auto put = [&](const std::string& file, const std::string& content) {
    (void)store.save(group, folder, file, content, store::Durability::Synced);
  };
  put(store::key_file(keyed.spec), key);
  put(store::certificate_file(keyed.spec), *crypto::to_pem(keyed.chain));
}

inline void put_set(store::Store& store, store::Group group, const std::string& folder,
                    const store::ServedSet& set, const SecretBytes& store_key) {
  for (const store::KeyedChain& keyed : set) {
    put_pair(store, group, folder, keyed, store_key);
  }
}

}  // namespace md::testing
