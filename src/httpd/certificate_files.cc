// SPDX-License-Identifier: Apache-2.0
#include "httpd/certificate_files.h"

#include <fmt/format.h>

#include <algorithm>

#include "crypto/certificate.h"
#include "renewal/fallback_key.h"
#include "renewal/staged_set.h"
#include "store/documents.h"

namespace md::httpd {
namespace {

using model::KeySpec;
using renewal::fallback_certificate_file;
using renewal::fallback_key_file;

// One key of a kind is for the fallbacks of all domains: an RSA key per domain would hold up a
// first start, and what it signs is trusted by nobody.
constexpr std::chrono::hours kFallbackLifetime{24 * 14};
// For clients whose clock is slow.
constexpr std::chrono::hours kBackdated{1};

/// Where Debian's module keeps the key of a fallback.
std::string key_beside(const KeySpec& kind) {
  constexpr std::string_view kCertificate = "pubcert";
  std::string file = fallback_certificate_file(kind);
  return file.replace(file.find(kCertificate), kCertificate.size(), "privkey");
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
  std::vector<std::string> files;
  for (const model::KeySpec& spec : domain.settings.effective_key_specs()) {
    files.push_back(store::certificate_file(spec));
    files.push_back(store::key_file(spec));
  }
  const std::size_t live_files = files.size();
  std::string stamps_of_keys;
  for (const KeySpec& kind : fallback_kinds(domain)) {
    files.push_back(fallback_certificate_file(kind));
    stamps_of_keys += key_stamps(kind);
  }
  const std::string stamps = store_.stamps(store::Group::Domains, domain.name, files);
  const std::size_t end_of_live = end_of_stamps(stamps, live_files);
  Basis basis{stamps.substr(0, end_of_live), stamps.substr(end_of_live) + stamps_of_keys};
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

std::vector<KeySpec> CertificateFiles::fallback_kinds(const model::ManagedDomain& domain) {
  return renewal::fallback_specs(domain.settings.effective_key_specs());
}

const std::string& CertificateFiles::key_stamps(const KeySpec& kind) const {
  const auto [stamps, is_new] = key_stamps_.try_emplace(fallback_key_file(kind));
  if (is_new) {
    stamps->second = store_.stamps_at_root({stamps->first});
  }
  return stamps->second;
}

CertificateFiles::Pair CertificateFiles::fallback_pair(const model::ManagedDomain& domain,
                                                       const KeySpec& kind) const {
  return {store_.path(store::Group::Domains, domain.name, fallback_certificate_file(kind)),
          store_.path_of(fallback_key_file(kind)).string()};
}

CertificateFiles::Pairs CertificateFiles::own_fallbacks(const model::ManagedDomain& domain) {
  Pairs pairs;
  for (const KeySpec& kind : fallback_kinds(domain)) {
    last_fallbacks_.insert_or_assign(fallback_key_file(kind),
                                     pairs.emplace_back(fallback_pair(domain, kind)));
  }
  return pairs;
}

void CertificateFiles::prepare_fallbacks(const model::ManagedDomain& domain) {
  for (const KeySpec& kind : fallback_kinds(domain)) {
    prepare_key(kind);
    prepare_key(renewal::fallback_signer(kind));
  }
}

Result<std::string> CertificateFiles::make_fallbacks(const model::ManagedDomain& domain,
                                                     const Choice& choice, TimePoint now) const {
  renewal::KnownSet set{choice.basis, choice.facts, choice.has_any_file, std::nullopt};
  for (const KeySpec& kind : fallback_kinds(domain)) {
    MD_ASSIGN_OR_RETURN(const TimePoint until, make_fallback(domain, kind, now));
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
  for (const KeySpec& kind : fallback_kinds(domain)) {
    auto pair = some_fallback(domain, kind, now);
    if (!pair) {
      return {};
    }
    pairs.push_back(*std::move(pair));
  }
  return pairs;
}

std::optional<CertificateFiles::Pair> CertificateFiles::some_fallback(
    const model::ManagedDomain& domain, const KeySpec& kind, TimePoint now) const {
  const auto key = prepared_key(kind);
  if (key && usable_until(domain, kind, **key, now)) {
    return fallback_pair(domain, kind);
  }
  const auto other = last_fallbacks_.find(fallback_key_file(kind));
  return other != last_fallbacks_.end() ? std::optional(other->second) : std::nullopt;
}

Result<TimePoint> CertificateFiles::make_fallback(const model::ManagedDomain& domain,
                                                  const KeySpec& kind, TimePoint now) const {
  MD_ASSIGN_OR_RETURN(const crypto::PrivateKey* const key, prepared_key(kind));
  // Debian's module keeps a key beside each fallback, and refuses to start where the two do not
  // match; without that key it makes both anew.
  MD_TRY(store_.remove_file(store::Group::Domains, domain.name, key_beside(kind)));
  if (const auto until = usable_until(domain, kind, *key, now)) {
    return *until;
  }
  const TimePoint until = now + kFallbackLifetime;
  MD_ASSIGN_OR_RETURN(const crypto::PrivateKey* const signer,
                      prepared_key(renewal::fallback_signer(kind)));
  const model::Validity validity{now - kBackdated, until};
  MD_ASSIGN_OR_RETURN(
      const auto certificate,
      signer == key ? crypto::make_fallback_certificate(*key, domain.names, validity)
                    : crypto::make_fallback_certificate(*key, *signer, domain.names, validity));
  MD_ASSIGN_OR_RETURN(const std::string pem, certificate.to_pem());
  MD_TRY(store_.save(store::Group::Domains, domain.name, fallback_certificate_file(kind), pem,
                     store::Durability::Replaceable));
  return until;
}

void CertificateFiles::prepare_key(const KeySpec& kind) {
  const std::string file = fallback_key_file(kind);
  if (!fallback_keys_.contains(file)) {
    fallback_keys_.emplace(file, load_or_make_key(kind));
  }
}

Result<crypto::PrivateKey> CertificateFiles::load_or_make_key(const KeySpec& kind) {
  const std::string file = fallback_key_file(kind);
  if (const auto pem = store_.load_at_root(file)) {
    auto key = crypto::PrivateKey::from_pem(*pem, {});
    // OpenSSL may have got a provider since that does not sign with it (of three primes).
    if (key && key->fits(kind) && key->spec().bits >= kind.bits && key->sign_jws({})) {
      return key;
    }
  }
  MD_ASSIGN_OR_RETURN(auto key, kind.type == KeySpec::Type::Rsa
                                    ? crypto::PrivateKey::generate_quick_rsa(kind.bits)
                                    : crypto::PrivateKey::generate(kind));
  MD_ASSIGN_OR_RETURN(const SecretBytes pem, key.to_pem());
  MD_TRY(store_.save_at_root(file, pem.text(), 0600, store::Durability::Replaceable));
  key_stamps_.erase(file);
  return key;
}

Result<const crypto::PrivateKey*> CertificateFiles::prepared_key(const KeySpec& kind) const {
  const auto found = fallback_keys_.find(fallback_key_file(kind));
  if (found == fallback_keys_.end()) {
    return fail(ErrorKind::Internal, "no key of the fallback certificates was prepared");
  }
  const Result<crypto::PrivateKey>& key = found->second;
  return key ? Result<const crypto::PrivateKey*>(&*key)
             : with_context(key.error(), "key of the fallback certificates");
}

std::optional<TimePoint> CertificateFiles::usable_until(const model::ManagedDomain& domain,
                                                        const KeySpec& kind,
                                                        const crypto::PrivateKey& key,
                                                        TimePoint now) const {
  const auto pem = store_.load(store::Group::Domains, domain.name, fallback_certificate_file(kind));
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
