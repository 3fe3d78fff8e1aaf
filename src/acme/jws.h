// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

#include "base/base64.h"
#include "base/result.h"
#include "crypto/private_key.h"
#include "json/value.h"

namespace md::acme {

/// A request body in flattened JWS serialization (RFC 8555 §6.2). `kid` empty: the public key is
/// embedded as "jwk" (new account). An empty payload makes a POST-as-GET.
Result<std::string> make_jws(const crypto::PrivateKey& key, std::string_view kid,
                             std::string_view nonce, std::string_view url,
                             std::string_view payload);

/// The inner JWS of an external account binding (RFC 8555 §7.3.4): HS256 over the account's
/// public key. A `hmac` that is no base64: InvalidInput.
Result<json::Value> make_external_account_binding(const crypto::PrivateKey& key,
                                                  std::string_view kid, std::string_view hmac,
                                                  std::string_view new_account_url);

/// The key in it: base64url, or base64 as some CAs hand it out, with or without padding and white
/// space around. Anything else, and an empty one: InvalidInput.
Result<Bytes> decode_external_hmac(std::string_view hmac);

/// base64url(SHA-256(canonical JWK)) (RFC 7638).
Result<std::string> thumbprint(const crypto::PrivateKey& key);

}  // namespace md::acme
