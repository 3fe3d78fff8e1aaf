// SPDX-License-Identifier: Apache-2.0
#include "renewal/kept_certificates.h"

#include "json/value.h"

namespace md::renewal {
namespace {

using store::Group;

constexpr std::string_view kKeptFile = "kept.json";

/// Is it as good as a new one? Alone, since what is wrong with the set is wrong with others.
bool can_stay(const CertificateFacts& certificate, const model::ManagedDomain& domain,
              const RenewalFacts& facts, TimePoint now) {
  RenewalFacts alone;
  alone.live.certificates = {certificate};
  alone.advices = facts.advices;
  alone.issuing_ca = facts.issuing_ca;
  return certificate.fits_spec && !renewal_due(domain, alone, now).due;
}

}  // namespace

KeptCertificates certificates_to_keep(const model::ManagedDomain& domain, const RenewalFacts& facts,
                                      TimePoint now) {
  const bool is_for_missing_ones = !facts.live.is_complete() && !facts.requested &&
                                   !facts.revoked && !domain.is_static() &&
                                   domain.settings.protocol == model::CertificateProtocol::Acme;
  KeptCertificates kept;
  if (!is_for_missing_ones) {
    return kept;
  }
  const auto specs = domain.settings.effective_key_specs();
  for (const model::KeySpec& spec : specs) {
    const CertificateFacts* const live = facts.live.find(spec);
    if (live != nullptr && can_stay(*live, domain, facts, now)) {
      kept.emplace(spec.name(), live->sha256_fingerprint);
    }
  }
  return kept.size() < specs.size() ? kept : KeptCertificates{};
}

KeptCertificates load_kept(const store::Store& store, const std::string& folder) {
  KeptCertificates kept;
  const auto text = store.load(Group::Staging, folder, kKeptFile);
  const auto document =
      text ? json::Value::parse(*text, kKeptFile) : Result<json::Value>(text.error());
  if (!document) {
    return kept;
  }
  for (const std::string& spec : document->members()) {
    if (auto fingerprint = document->get(spec).as_string()) {
      kept.emplace(spec, *std::move(fingerprint));
    }
  }
  return kept;
}

Status save_kept(store::Store& store, const std::string& folder, const KeptCertificates& kept) {
  if (kept.empty()) {
    return store.remove_file(Group::Staging, folder, kKeptFile);
  }
  auto document = json::Value::object();
  for (const auto& [spec, fingerprint] : kept) {
    document.set(spec, fingerprint);
  }
  return store.save(Group::Staging, folder, kKeptFile, document.dump(), store::Durability::Synced);
}

}  // namespace md::renewal
