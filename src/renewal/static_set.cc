// SPDX-License-Identifier: Apache-2.0
#include "renewal/static_set.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"
#include "crypto/certificate.h"
#include "crypto/private_key.h"

namespace md::renewal {
namespace {

Result<crypto::Certificate> load_leaf(const std::string& path, const ReadFile& read_file) {
  MD_ASSIGN_OR_RETURN(const std::string pem, read_file(path));
  MD_ASSIGN_OR_RETURN_CONTEXT(auto chain, crypto::Certificate::chain_from_pem(pem), path);
  return chain.front();
}

/// Does the key file hold the certificate's key, as far as we can tell?
Status check_key(const crypto::Certificate& leaf, const std::string& path,
                 const ReadFile& read_file) {
  MD_ASSIGN_OR_RETURN(std::string pem, read_file(path));
  const auto key = crypto::PrivateKey::from_pem(pem, {});
  wipe(pem.data(), pem.size());
  if (!key && key.error().kind == ErrorKind::Corrupt) {
    return with_context(key.error(), path);
  }
  if (key && !leaf.matches(*key)) {
    return fail(ErrorKind::Conflict, fmt::format("{}: is not the key of the certificate", path));
  }
  return {};
}

}  // namespace

StaticSet load_static_set(const model::ManagedDomain& domain, const ReadFile& read_file) {
  StaticSet set;
  const auto& certificates = domain.settings.certificate_files;
  const auto& keys = domain.settings.certificate_key_files;
  for (std::size_t i = 0; i < certificates.size() && i < keys.size(); ++i) {
    auto leaf = load_leaf(certificates[i], read_file);
    const Status key = leaf ? check_key(*leaf, keys[i], read_file) : Status(leaf.error());
    if (!key) {
      set.complaints.push_back(fmt::format("MDCertificateFile {} cannot be used: {}",
                                           certificates[i], key.error().message));
      continue;
    }
    set.files.emplace_back(certificates[i], keys[i]);
    set.facts.certificates.push_back(facts_of(model::KeySpec::ec(std::to_string(i)), *leaf));
  }
  if (!set.complaints.empty()) {
    set.facts.flaw = set.complaints.front();
  }
  return set;
}

bool is_stored_set_newer(const CertificateSetFacts& files, const CertificateSetFacts& stored,
                         TimePoint now) {
  if (!stored.is_usable(now)) {
    return false;
  }
  return !files.is_usable(now) || stored.overlap()->from > files.overlap()->from;
}

std::string warning_of(const model::ManagedDomain& domain, const CertificateSetFacts& files,
                       TimePoint now) {
  const auto overlap = files.overlap();
  if (!overlap || overlap->until - now > domain.settings.warn_window.of(overlap->length())) {
    return "";
  }
  return fmt::format(
      "The certificate files (MDCertificateFile) of the Managed Domain '{}' end{} on {}; {}.",
      domain.name, overlap->until <= now ? "ed" : "", format_http_date(overlap->until),
      domain.settings.renew_mode == model::RenewMode::Always
          ? "it is renewed at the CA, as MDRenewMode is always"
          : "replace them, since they are not renewed");
}

}  // namespace md::renewal
