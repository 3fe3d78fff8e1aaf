// SPDX-License-Identifier: Apache-2.0
#include "httpd/challenges.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"
#include "crypto/private_key.h"
#include "crypto/proven_key.h"
#include "renewal/challenge_files.h"
#include "renewal/http01_answer.h"

namespace md::httpd {
namespace {

// Far longer than any CA's (Let's Encrypt: 43), and short enough for a file name.
constexpr std::size_t kMaxTokenLength = 128;

bool is_token(std::string_view text) {
  return !text.empty() && text.size() <= kMaxTokenLength &&
         std::all_of(text.begin(), text.end(), [](char c) {
           return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                  c == '-' || c == '_';
         });
}

/// Absence is a fact here, not a failure.
Result<std::optional<std::string>> load_if_there(const store::Store& store,
                                                 const std::string& folder,
                                                 const std::string& file) {
  auto content = store.load(store::Group::Challenges, folder, file);
  if (content) {
    return std::optional(std::move(*content));
  }
  if (content.error().kind == ErrorKind::NotFound) {
    return std::optional<std::string>();
  }
  return std::move(content).error();
}

}  // namespace

std::optional<std::string> challenge_folder(const Runtime& runtime, std::string_view host) {
  const auto address = model::DnsName::of_reverse_name(host);
  const auto name = address ? Result<model::DnsName>(*address) : model::DnsName::parse(host);
  if (!name || name->is_wildcard()) {
    return std::nullopt;
  }
  if (runtime.find_by_name(*name) != nullptr) {
    return name->text();
  }
  // Whoever asks may ask often: no look at all that lies there.
  return runtime.store->folder_exists(store::Group::Challenges, name->text())
             ? std::optional(name->text())
             : std::nullopt;
}

Result<std::optional<TlsAlpnAnswer>> load_tls_alpn_answer(const Runtime& runtime,
                                                          std::string_view server_name,
                                                          ChallengeKey key) {
  const auto folder = challenge_folder(runtime, server_name);
  if (!folder) {
    return std::optional<TlsAlpnAnswer>();
  }
  const model::KeySpec spec =
      key == ChallengeKey::Rsa ? renewal::challenge_rsa_spec() : renewal::challenge_ec_spec();
  MD_ASSIGN_OR_RETURN(auto certificate, load_if_there(*runtime.store, *folder,
                                                      renewal::tls_alpn_certificate_file(spec)));
  MD_ASSIGN_OR_RETURN(auto encrypted,
                      load_if_there(*runtime.store, *folder, renewal::tls_alpn_key_file(spec)));
  if (!certificate || !encrypted) {
    return std::optional<TlsAlpnAnswer>();
  }
  MD_ASSIGN_OR_RETURN_CONTEXT(
      const crypto::PrivateKey private_key,
      crypto::key_from_encrypted_pem(*encrypted, runtime.store->key().bytes()),
      fmt::format("key of the challenge for {}", *folder));
  MD_ASSIGN_OR_RETURN(SecretBytes key_pem, private_key.to_pem());
  return std::optional(TlsAlpnAnswer{std::move(*certificate), std::move(key_pem)});
}

bool has_tls_alpn_answer(const Runtime& runtime, std::string_view server_name) {
  const auto folder = challenge_folder(runtime, server_name);
  return folder &&
         runtime.store->exists(store::Group::Challenges, *folder,
                               renewal::tls_alpn_certificate_file(renewal::challenge_ec_spec()));
}

Result<std::optional<std::string>> load_http_answer(const Runtime& runtime, std::string_view host,
                                                    std::string_view token) {
  const auto folder = challenge_folder(runtime, host);
  if (!folder || !is_token(token)) {
    return std::optional<std::string>();
  }
  // The plain file is the host's current answer, for any token; orders that run at once for a host
  // have a file each.
  MD_ASSIGN_OR_RETURN(auto plain,
                      load_if_there(*runtime.store, *folder, std::string(store::kHttp01File)));
  if (plain && !renewal::is_answer_for_another(*plain, token)) {
    return plain;
  }
  MD_ASSIGN_OR_RETURN(auto own,
                      load_if_there(*runtime.store, *folder, renewal::http01_file(token)));
  return own ? own : plain;
}

}  // namespace md::httpd
