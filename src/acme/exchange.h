// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

#include "acme/client.h"
#include "base/result.h"
#include "crypto/private_key.h"
#include "http/client.h"
#include "json/value.h"

/// One request to a CA and its answer: what all of ACME's operations have in common.
namespace md::acme {

/// GET without signature: directory, renewal information. The answer is 2xx.
Result<http::Response> fetch_plain(Connection& connection, const std::string& url);

/// Who signs a POST. `kid` empty: the key itself (new account).
struct Signer {
  const crypto::PrivateKey& key;
  std::string_view kid;
};

/// A signed POST (RFC 8555 §6.2). The answer is 2xx. `badNonce` is repeated with a fresh nonce and
/// a new signature, at most 9 times.
Result<http::Response> post_signed(Connection& connection, const Directory& directory,
                                   const Signer& signer, const std::string& url,
                                   std::string_view payload);

/// The error that an answer other than 2xx stands for: kind by problem type and status, message
/// with the URL and all the CA's words.
Error error_of(const http::Response& response, TimePoint now);

/// The answer's body as JSON; Corrupt names its URL.
Result<json::Value> json_body(const http::Response& response);

/// `Location`, made absolute. Corrupt where there is none.
Result<std::string> location_of(const http::Response& response);

}  // namespace md::acme
