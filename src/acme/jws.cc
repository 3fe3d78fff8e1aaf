// SPDX-License-Identifier: Apache-2.0
#include "acme/jws.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/base64.h"
#include "base/text.h"
#include "crypto/digest.h"

namespace md::acme {
namespace {

Result<json::Value> public_jwk(const crypto::PrivateKey& key) {
  MD_ASSIGN_OR_RETURN(const auto members, key.public_jwk());
  json::Value jwk = json::Value::object();
  for (const auto& [name, value] : members) {
    jwk.set(name, value);
  }
  return jwk;
}

// RFC 7515 §5.1: what is signed.
std::string signing_input(const json::Value& header, std::string_view payload) {
  return encode_base64url(as_bytes(header.dump_compact())) + "." +
         encode_base64url(as_bytes(payload));
}

json::Value flattened(std::string_view signed_text, const Bytes& signature) {
  const std::size_t dot = signed_text.find('.');
  json::Value jws = json::Value::object();
  jws.set("protected", signed_text.substr(0, dot));
  jws.set("payload", signed_text.substr(dot + 1));
  jws.set("signature", encode_base64url(signature));
  return jws;
}

}  // namespace

Result<std::string> make_jws(const crypto::PrivateKey& key, std::string_view kid,
                             std::string_view nonce, std::string_view url,
                             std::string_view payload) {
  MD_ASSIGN_OR_RETURN(const std::string algorithm, key.jws_algorithm());
  json::Value header = json::Value::object();
  header.set("alg", algorithm).set("nonce", nonce).set("url", url);
  if (kid.empty()) {
    MD_ASSIGN_OR_RETURN(json::Value jwk, public_jwk(key));
    header.set("jwk", std::move(jwk));
  } else {
    header.set("kid", kid);
  }
  const std::string input = signing_input(header, payload);
  MD_ASSIGN_OR_RETURN(const Bytes signature, key.sign_jws(as_bytes(input)));
  return flattened(input, signature).dump_compact();
}

Result<Bytes> decode_external_hmac(std::string_view hmac) {
  std::string text(trim(hmac));
  std::ranges::replace(text, '+', '-');
  std::ranges::replace(text, '/', '_');
  MD_ASSIGN_OR_RETURN(Bytes secret, decode_base64url(text));
  if (secret.empty()) {
    return fail(ErrorKind::InvalidInput, "there is nothing in it");
  }
  return secret;
}

Result<json::Value> make_external_account_binding(const crypto::PrivateKey& key,
                                                  std::string_view kid, std::string_view hmac,
                                                  std::string_view new_account_url) {
  MD_ASSIGN_OR_RETURN_CONTEXT(const Bytes secret, decode_external_hmac(hmac),
                              fmt::format("external account binding '{}': its HMAC key", kid));
  MD_ASSIGN_OR_RETURN(const json::Value jwk, public_jwk(key));
  json::Value header = json::Value::object();
  header.set("alg", "HS256").set("kid", kid).set("url", new_account_url);
  const std::string input = signing_input(header, jwk.dump_compact());
  MD_ASSIGN_OR_RETURN(const Bytes signature, crypto::hmac_sha256(secret, as_bytes(input)));
  return flattened(input, signature);
}

Result<std::string> thumbprint(const crypto::PrivateKey& key) {
  MD_ASSIGN_OR_RETURN(const json::Value jwk, public_jwk(key));
  return encode_base64url(crypto::sha256(as_bytes(jwk.dump_compact())));
}

}  // namespace md::acme
