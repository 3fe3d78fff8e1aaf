// SPDX-License-Identifier: Apache-2.0
#include "httpd/certificate_files.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "crypto/certificate.h"
#include "renewal/staged_set.h"
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

std::string fallback_certificate_file(CertificateFiles::KeyType type) {
  return "fallback-pubcert" + suffix(type) + ".pem";
}

/// Where those of the first files end.
std::size_t end_of_stamps(std::string_view stamps, std::size_t files) {
  std::size_t end = 0;
  for (; files > 0 && end < stamps.size(); --files) {
    end = std::min(stamps.find(store::kEndOfStamp, end), stamps.size() - 1) + 1;
  }
  return end;
}

}  // namespace

CertificateFiles::Choice CertificateFiles::choose(const model::ManagedDomain& domain,
                                                  TimePoint now) {
  Basis basis = basis_of(domain);
  const renewal::KnownSet* known = known_.find(domain.name, basis.live, now);
  if (known == nullptr) {
    known = known_.find(domain.name, basis.live + basis.fallbacks, now);
  }
  if (known != nullptr) {
    Choice choice{known->facts, known->has_any_file, live_pairs(domain, known->facts), ""};
    if (choice.pairs.empty()) {
      choice.pairs = own_fallbacks(domain);
    }
    found_.remember(domain.name, *known);
    return choice;
  }
  const auto live = renewal::load_set(store_, store::Group::Domains, domain, store_.key());
  Choice choice{live.facts(), live.has_any_file, {}, std::move(basis.live)};
  choice.pairs = live_pairs(domain, choice.facts);
  if (!choice.pairs.empty()) {
    found_.remember(domain.name, {choice.basis, choice.facts, choice.has_any_file, std::nullopt});
  }
  return choice;
}

/// Where the configuration or a file has changed, so has this.
CertificateFiles::Basis CertificateFiles::basis_of(const model::ManagedDomain& domain) const {
  if (!key_stamps_) {
    key_stamps_ =
        store_.stamps_at_root({fallback_key_file(KeyType::Rsa), fallback_key_file(KeyType::Ec)});
  }
  std::vector<std::string> files;
  for (const model::KeySpec& spec : domain.settings.effective_key_specs()) {
    files.push_back(store::certificate_file(spec));
    files.push_back(store::key_file(spec));
  }
  const std::size_t live_files = files.size();
  for (const KeyType type : fallback_types(domain)) {
    files.push_back(fallback_certificate_file(type));
  }
  const std::string stamps = store_.stamps(store::Group::Domains, domain.name, files);
  const std::size_t end_of_live = end_of_stamps(stamps, live_files);
  Basis basis{stamps.substr(0, end_of_live), stamps.substr(end_of_live) + *key_stamps_};
  for (const model::KeySpec& spec : domain.settings.effective_key_specs()) {
    basis.live += fmt::format("{}{} ", spec.name(), spec.bits);
  }
  for (const model::DnsName& name : domain.names) {
    basis.live += name.text() + ' ';
  }
  return basis;
}

CertificateFiles::Pairs CertificateFiles::live_pairs(
    const model::ManagedDomain& domain, const renewal::CertificateSetFacts& facts) const {
  Pairs pairs;
  for (const renewal::CertificateFacts& certificate : facts.certificates) {
    using store::Group;
    pairs.emplace_back(
        store_.path(Group::Domains, domain.name, store::certificate_file(certificate.spec)),
        store_.path(Group::Domains, domain.name, store::key_file(certificate.spec)));
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

CertificateFiles::Pair CertificateFiles::fallback_pair(const model::ManagedDomain& domain,
                                                       KeyType type) const {
  return {store_.path(store::Group::Domains, domain.name, fallback_certificate_file(type)),
          store_.path_of(fallback_key_file(type)).string()};
}

CertificateFiles::Pairs CertificateFiles::own_fallbacks(const model::ManagedDomain& domain) {
  Pairs pairs;
  for (const KeyType type : fallback_types(domain)) {
    last_fallbacks_.insert_or_assign(type, pairs.emplace_back(fallback_pair(domain, type)));
  }
  return pairs;
}

void CertificateFiles::prepare_fallbacks(const model::ManagedDomain& domain) {
  prepare_key(KeyType::Ec);  // signs those of the others, too
  for (const KeyType type : fallback_types(domain)) {
    prepare_key(type);
  }
}

Result<std::string> CertificateFiles::make_fallbacks(const model::ManagedDomain& domain,
                                                     const Choice& choice, TimePoint now) const {
  renewal::KnownSet set{choice.basis, choice.facts, choice.has_any_file, std::nullopt};
  for (const KeyType type : fallback_types(domain)) {
    MD_ASSIGN_OR_RETURN(const TimePoint until, make_fallback(domain, type, now));
    set.fallbacks_until = set.fallbacks_until ? std::min(*set.fallbacks_until, until) : until;
  }
  set.basis += basis_of(domain).fallbacks;
  renewal::KnownSets made;
  made.remember(domain.name, std::move(set));
  return made.to_bytes();
}

CertificateFiles::Pairs CertificateFiles::take_fallbacks(const model::ManagedDomain& domain,
                                                         const Result<std::string>& made,
                                                         TimePoint now) {
  if (made) {
    found_.add(renewal::KnownSets::from_bytes(*made));
    return own_fallbacks(domain);
  }
  Pairs pairs;
  for (const KeyType type : fallback_types(domain)) {
    auto pair = some_fallback(domain, type, now);
    if (!pair) {
      return {};
    }
    pairs.push_back(*std::move(pair));
  }
  return pairs;
}

std::optional<CertificateFiles::Pair> CertificateFiles::some_fallback(
    const model::ManagedDomain& domain, KeyType type, TimePoint now) const {
  const auto key = prepared_key(type);
  if (key && usable_until(domain, type, **key, now)) {
    return fallback_pair(domain, type);
  }
  const auto other = last_fallbacks_.find(type);
  return other != last_fallbacks_.end() ? std::optional(other->second) : std::nullopt;
}

Result<TimePoint> CertificateFiles::make_fallback(const model::ManagedDomain& domain, KeyType type,
                                                  TimePoint now) const {
  MD_ASSIGN_OR_RETURN(const crypto::PrivateKey* const key, prepared_key(type));
  // Debian's module keeps a key beside each fallback, and refuses to start where the two do not
  // match; without that key it makes both anew.
  MD_TRY(store_.remove_file(store::Group::Domains, domain.name, fallback_key_file(type)));
  if (const auto until = usable_until(domain, type, *key, now)) {
    return *until;
  }
  const TimePoint until = now + kFallbackLifetime;
  MD_ASSIGN_OR_RETURN(const crypto::PrivateKey* const signer, prepared_key(KeyType::Ec));
  const model::Validity validity{now - kBackdated, until};
  MD_ASSIGN_OR_RETURN(
      const auto certificate,
      type == KeyType::Ec
          ? crypto::make_fallback_certificate(*key, domain.names, validity)
          : crypto::make_fallback_certificate(*key, *signer, domain.names, validity));
  MD_ASSIGN_OR_RETURN(const std::string pem, certificate.to_pem());
  MD_TRY(store_.save(store::Group::Domains, domain.name, fallback_certificate_file(type), pem,
                     store::Durability::Replaceable));
  return until;
}

void CertificateFiles::prepare_key(KeyType type) {
  if (!fallback_keys_.contains(type)) {
    fallback_keys_.emplace(type, load_or_make_key(type));
  }
}

Result<crypto::PrivateKey> CertificateFiles::load_or_make_key(KeyType type) {
  const std::string file = fallback_key_file(type);
  if (const auto pem = store_.load_at_root(file)) {
    if (auto key = crypto::PrivateKey::from_pem(*pem, {})) {
      return key;
    }
  }
  MD_ASSIGN_OR_RETURN(auto key, type == KeyType::Rsa
                                    ? crypto::PrivateKey::generate_quick_rsa()
                                    : crypto::PrivateKey::generate(model::KeySpec::ec("P-256")));
  MD_ASSIGN_OR_RETURN(const SecretBytes pem, key.to_pem());
  MD_TRY(store_.save_at_root(file, pem.text(), 0600, store::Durability::Replaceable));
  key_stamps_.reset();
  return key;
}

Result<const crypto::PrivateKey*> CertificateFiles::prepared_key(KeyType type) const {
  const auto found = fallback_keys_.find(type);
  if (found == fallback_keys_.end()) {
    return fail(ErrorKind::Internal, "no key of the fallback certificates was prepared");
  }
  const Result<crypto::PrivateKey>& key = found->second;
  return key ? Result<const crypto::PrivateKey*>(&*key)
             : with_context(key.error(), "key of the fallback certificates");
}

std::optional<TimePoint> CertificateFiles::usable_until(const model::ManagedDomain& domain,
                                                        KeyType type, const crypto::PrivateKey& key,
                                                        TimePoint now) const {
  const auto pem = store_.load(store::Group::Domains, domain.name, fallback_certificate_file(type));
  const auto chain = pem ? crypto::Certificate::chain_from_pem(*pem)
                         : Result<std::vector<crypto::Certificate>>(pem.error());
  if (!chain) {
    return std::nullopt;
  }
  const crypto::Certificate& certificate = chain->front();
  const bool is_usable = certificate.matches(key) && certificate.validity().contains(now) &&
                         certificate.covers_all(domain.names);
  return is_usable ? std::optional(certificate.validity().until) : std::nullopt;
}

}  // namespace md::httpd
