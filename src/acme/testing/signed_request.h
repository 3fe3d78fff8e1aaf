// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <string>
#include <string_view>

#include "base/base64.h"
#include "base/result.h"
#include "http/client.h"
#include "json/value.h"

namespace md::acme::testing {

using Jwk = std::map<std::string, std::string>;

/// A POST as a server takes it apart (RFC 8555 §6.2). Nothing is verified yet.
struct SignedRequest {
  std::string algorithm;
  std::string nonce;
  std::string url;
  std::string kid;      ///< empty if there is a jwk
  Jwk jwk;              ///< empty if there is a kid
  std::string payload;  ///< decoded
  std::string signed_text;
  Bytes signature;
};

/// InvalidInput says in which way it is no JWS that RFC 8555 allows.
Result<SignedRequest> read_signed_request(const http::Request& request);

/// Is it by that key?
[[nodiscard]] bool is_signed_by(const SignedRequest& request, const Jwk& jwk);

/// RFC 7638.
std::string thumbprint_of(const Jwk& jwk);

/// InvalidInput where `binding` is none of `jwk` made with that HMAC key (RFC 8555 §7.3.4).
Status check_external_binding(const json::Value& binding, const Jwk& jwk, std::string_view kid,
                              std::string_view hmac, std::string_view url);

}  // namespace md::acme::testing
