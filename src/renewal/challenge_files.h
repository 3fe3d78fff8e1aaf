// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

#include "model/key_spec.h"

namespace md::renewal {

/// Keys of tls-alpn-01 certificates: one RSA and one EC for each name, since a TLS 1.2 handshake
/// has chosen the type of key before the challenge is answered (reference/feasibility.md §1.2).
inline model::KeySpec challenge_rsa_spec() {
  return model::KeySpec::rsa();
}
inline model::KeySpec challenge_ec_spec() {
  return model::KeySpec::ec("P-256");
}

/// Files below `challenges/<dns name>/` (spec/store.md, spec/acme.md "Serving").
inline std::string tls_alpn_certificate_file(const model::KeySpec& spec) {
  return "acme-tls-alpn-01-pubcert" + spec.file_suffix() + ".pem";
}
inline std::string tls_alpn_key_file(const model::KeySpec& spec) {
  return "acme-tls-alpn-01-privkey" + spec.file_suffix() + ".pem";
}
/// The answer for one token; `store::kHttp01File` is the host's current one, for any token.
inline std::string http01_file(std::string_view token) {
  return "acme-http-01." + std::string(token) + ".txt";
}

}  // namespace md::renewal
