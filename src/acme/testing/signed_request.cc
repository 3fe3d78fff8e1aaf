// SPDX-License-Identifier: Apache-2.0
#include "acme/testing/signed_request.h"

#include "base/base64.h"
#include "crypto/digest.h"
#include "crypto/testing/public_key.h"

namespace md::acme::testing {
namespace {

Error malformed(std::string message) {
  return fail(ErrorKind::InvalidInput, std::move(message));
}

Result<std::string> decoded_text(const json::Value& jws, std::string_view member) {
  const auto text = jws.get(member).as_string();
  if (!text || text->find('=') != std::string::npos) {
    return malformed(std::string(member) + " is no unpadded base64url");
  }
  MD_ASSIGN_OR_RETURN(const Bytes bytes, decode_base64url(*text));
  return std::string(bytes.begin(), bytes.end());
}

// The public members, which are what RFC 7638 takes the thumbprint of.
Jwk jwk_of(const json::Value& value) {
  Jwk jwk;
  for (const char* member : {"kty", "crv", "x", "y", "e", "n"}) {
    if (const auto text = value.get(member).as_string()) {
      jwk.emplace(member, *text);
    }
  }
  return jwk;
}

std::string text_of(const json::Value& value, std::string_view member) {
  return value.get(member).as_string().value_or("");
}

}  // namespace

Result<SignedRequest> read_signed_request(const http::Request& request) {
  if (request.headers.find("Content-Type") != "application/jose+json") {
    return malformed("the content type is not application/jose+json");
  }
  MD_ASSIGN_OR_RETURN(const json::Value jws, json::Value::parse(request.body, "the request"));
  MD_ASSIGN_OR_RETURN(const std::string header_text, decoded_text(jws, "protected"));
  MD_ASSIGN_OR_RETURN(const json::Value header, json::Value::parse(header_text, "the header"));
  SignedRequest out;
  MD_ASSIGN_OR_RETURN(out.payload, decoded_text(jws, "payload"));
  MD_ASSIGN_OR_RETURN(const std::string signature, decoded_text(jws, "signature"));
  out.signature.assign(signature.begin(), signature.end());
  out.signed_text = text_of(jws, "protected") + "." + text_of(jws, "payload");
  out.algorithm = text_of(header, "alg");
  out.nonce = text_of(header, "nonce");
  out.url = text_of(header, "url");
  out.kid = text_of(header, "kid");
  out.jwk = jwk_of(header.get("jwk"));
  if (jws.members().size() != 3) {
    return malformed("the JWS has members that it should not have");
  }
  if (out.kid.empty() == out.jwk.empty()) {
    return malformed("the header must have either kid or jwk");
  }
  return out;
}

bool is_signed_by(const SignedRequest& request, const Jwk& jwk) {
  const auto verified = crypto::testing::verify_jws(
      jwk, request.algorithm, as_bytes(request.signed_text), request.signature);
  return verified && *verified;
}

std::string thumbprint_of(const Jwk& jwk) {
  json::Value value = json::Value::object();
  for (const auto& [name, text] : jwk) {
    value.set(name, text);
  }
  return encode_base64url(crypto::sha256(as_bytes(value.dump_compact())));
}

Status check_external_binding(const json::Value& binding, const Jwk& jwk, std::string_view kid,
                              std::string_view hmac, std::string_view url) {
  MD_ASSIGN_OR_RETURN(const std::string header_text, decoded_text(binding, "protected"));
  MD_ASSIGN_OR_RETURN(const json::Value header, json::Value::parse(header_text, "the header"));
  MD_ASSIGN_OR_RETURN(const std::string payload, decoded_text(binding, "payload"));
  MD_ASSIGN_OR_RETURN(const json::Value key, json::Value::parse(payload, "the bound key"));
  MD_ASSIGN_OR_RETURN(const std::string signature, decoded_text(binding, "signature"));
  if (text_of(header, "alg") != "HS256" || text_of(header, "kid") != kid ||
      text_of(header, "url") != url || header.has("nonce")) {
    return malformed("the header of the external account binding is wrong");
  }
  if (jwk_of(key) != jwk) {
    return malformed("the external account binding is for another key");
  }
  MD_ASSIGN_OR_RETURN(const Bytes secret, decode_base64url(hmac));
  const std::string input = text_of(binding, "protected") + "." + text_of(binding, "payload");
  MD_ASSIGN_OR_RETURN(const Bytes expected, crypto::hmac_sha256(secret, as_bytes(input)));
  if (std::string(expected.begin(), expected.end()) != signature) {
    return malformed("the signature of the external account binding is wrong");
  }
  return {};
}

}  // namespace md::acme::testing
