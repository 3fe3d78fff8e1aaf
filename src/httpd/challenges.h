// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "base/secret_bytes.h"
#include "httpd/runtime.h"

namespace md::httpd {

/// The type of key that a tls-alpn-01 certificate is asked for with.
enum class ChallengeKey { Rsa, Ec };

struct TlsAlpnAnswer {
  std::string certificate_pem;
  SecretBytes key_pem;
};

/// The challenge certificate for the name in the handshake, if some worker has set one up; nullopt
/// if not, or if `server_name` is no name at all. Reads two files: validations are rare.
Result<std::optional<TlsAlpnAnswer>> load_tls_alpn_answer(const Runtime& runtime,
                                                          std::string_view server_name,
                                                          ChallengeKey key);

/// Is there one? Without reading it.
bool has_tls_alpn_answer(const Runtime& runtime, std::string_view server_name);

/// The folder of challenges for a host name from the network: only a name that is configured, or
/// that has a folder (`a2md drive` answers for others too), ever becomes a path.
std::optional<std::string> challenge_folder(const Runtime& runtime, std::string_view host);

/// The key authorization for `token` at that host, if there is one (RFC 8555 §8.3).
Result<std::optional<std::string>> load_http_answer(const Runtime& runtime, std::string_view host,
                                                    std::string_view token);

}  // namespace md::httpd
