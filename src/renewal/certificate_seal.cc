// SPDX-License-Identifier: Apache-2.0
#include "renewal/certificate_seal.h"

#include <fmt/format.h>

#include "base/base64.h"
#include "crypto/digest.h"
#include "store/documents.h"

namespace md::renewal {
namespace {

constexpr std::string_view kLabel = "Staged-By-Store: ";
constexpr std::string_view kPurpose = "mod_md staged certificate";

/// No part holds a NUL: domain and spec are names, PEM is text.
Result<std::string> line_for(std::string_view pem, std::string_view domain,
                             const model::KeySpec& spec, const SecretBytes& store_key) {
  MD_ASSIGN_OR_RETURN(const SecretBytes key, crypto::derive_key(store_key.bytes(), kPurpose));
  std::string sealed(domain);
  sealed.append(1, '\0').append(spec.name()).append(1, '\0').append(pem);
  MD_ASSIGN_OR_RETURN(const Bytes code, crypto::hmac_sha256(key.bytes(), as_bytes(sealed)));
  return fmt::format("{}{}\n", kLabel, encode_hex(code));
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

}  // namespace md::renewal
