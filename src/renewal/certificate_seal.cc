// SPDX-License-Identifier: Apache-2.0
#include "renewal/certificate_seal.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>

#include "base/base64.h"
#include "crypto/digest.h"
#include "store/documents.h"

namespace md::renewal {
namespace {

constexpr std::string_view kLabel = "Staged-By-Store: ";
constexpr std::string_view kPurpose = "mod_md staged certificate";

Result<std::string> line_for(std::string_view pem, std::string_view domain,
                             const model::KeySpec& spec, const SecretBytes& store_key) {
  MD_ASSIGN_OR_RETURN(const std::string seal, crypto::seal_of_texts(store_key.bytes(), kPurpose,
                                                                    {domain, spec.name(), pem}));
  return fmt::format("{}{}\n", kLabel, seal);
}

/// Of the name of a certificate's file; nullopt: it is another file.
std::optional<model::KeySpec> spec_of(std::string_view file) {
  constexpr std::string_view kBegin = "pubcert.";
  constexpr std::string_view kEnd = "pem";
  if (!file.starts_with(kBegin) || !file.ends_with(kEnd)) {
    return std::nullopt;
  }
  file.remove_prefix(kBegin.size());
  if (file == kEnd) {
    return model::KeySpec::rsa();
  }
  file.remove_suffix(std::min(file.size(), kEnd.size() + 1));
  return model::KeySpec::ec(std::string(file));
}

}  // namespace

Result<std::string> seal_certificate(std::string_view pem, std::string_view domain,
                                     const model::KeySpec& spec, const SecretBytes& store_key) {
  MD_ASSIGN_OR_RETURN(std::string text, line_for(pem, domain, spec, store_key));
  return text.append(pem);
}

bool is_sealed_certificate(std::string_view text, std::string_view domain,
                           const model::KeySpec& spec, const SecretBytes& store_key) {
  const auto end = text.find('\n');
  if (!text.starts_with(kLabel) || end == std::string_view::npos) {
    return false;
  }
  const auto line = line_for(text.substr(end + 1), domain, spec, store_key);
  return line && crypto::is_same_secret(*line, text.substr(0, end + 1));
}

Status stage_certificate(store::Store& store, const std::string& domain, const model::KeySpec& spec,
                         std::string_view pem, const SecretBytes& store_key) {
  MD_ASSIGN_OR_RETURN(const std::string sealed, seal_certificate(pem, domain, spec, store_key));
  return store.save(store::Group::Staging, domain, store::certificate_file(spec), sealed,
                    store::Durability::Synced);
}

Status seal_for_new_name(store::Store& store, const std::string& from, const std::string& to,
                         const SecretBytes& store_key) {
  MD_ASSIGN_OR_RETURN(const auto files, store.files(store::Group::Staging, from));
  for (const std::string& file : files) {
    const auto spec = spec_of(file);
    const auto text = spec ? store.load(store::Group::Staging, from, file)
                           : Result<std::string>(fail(ErrorKind::NotFound, ""));
    if (!text || !is_sealed_certificate(*text, from, *spec, store_key)) {
      continue;
    }
    const std::string_view pem = std::string_view(*text).substr(text->find('\n') + 1);
    MD_ASSIGN_OR_RETURN(const std::string sealed, seal_certificate(pem, to, *spec, store_key));
    MD_TRY(store.save(store::Group::Staging, from, file, sealed, store::Durability::Synced));
  }
  return {};
}

}  // namespace md::renewal
