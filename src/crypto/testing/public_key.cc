// SPDX-License-Identifier: Apache-2.0
#include "crypto/testing/public_key.h"

#include <openssl/core_names.h>

#include <array>

#include "base/base64.h"
#include "crypto/internal/errors.h"
#include "crypto/internal/handles.h"

namespace md::crypto::testing {
namespace {

using Jwk = std::map<std::string, std::string>;

struct Algorithm {
  std::string_view name;
  std::string_view curve;  // of the JWK; empty: RSA
  std::size_t coordinate_size;
  const EVP_MD* (*digest)();
};

constexpr std::array kAlgorithms{
    Algorithm{"ES256", "P-256", 32, EVP_sha256},
    Algorithm{"ES384", "P-384", 48, EVP_sha384},
    Algorithm{"ES512", "P-521", 66, EVP_sha512},
    Algorithm{"RS256", "", 0, EVP_sha256},
};

Result<std::string> member(const Jwk& jwk, const std::string& name) {
  const auto found = jwk.find(name);
  if (found == jwk.end()) {
    return fail(ErrorKind::InvalidInput, "the JWK has no member '" + name + "'");
  }
  return found->second;
}

Result<Bytes> bytes_member(const Jwk& jwk, const std::string& name) {
  MD_ASSIGN_OR_RETURN(const std::string text, member(jwk, name));
  return decode_base64url(text);
}

Result<BignumPtr> number_member(const Jwk& jwk, const std::string& name) {
  MD_ASSIGN_OR_RETURN(const Bytes bytes, bytes_member(jwk, name));
  BignumPtr number(BN_bin2bn(bytes.data(), static_cast<int>(bytes.size()), nullptr));
  if (number == nullptr) {
    return openssl_failure("read the JWK");
  }
  return number;
}

Result<PkeyPtr> make_key(const char* type, OSSL_PARAM_BLD* builder) {
  const ParamsPtr params(OSSL_PARAM_BLD_to_param(builder));
  const PkeyContextPtr context(EVP_PKEY_CTX_new_from_name(nullptr, type, nullptr));
  EVP_PKEY* raw = nullptr;
  if (params == nullptr || context == nullptr || EVP_PKEY_fromdata_init(context.get()) != 1 ||
      EVP_PKEY_fromdata(context.get(), &raw, EVP_PKEY_PUBLIC_KEY, params.get()) != 1) {
    return openssl_failure("read the JWK", ErrorKind::InvalidInput);
  }
  return PkeyPtr(raw);
}

Result<PkeyPtr> rsa_key(const Jwk& jwk) {
  MD_ASSIGN_OR_RETURN(const BignumPtr n, number_member(jwk, "n"));
  MD_ASSIGN_OR_RETURN(const BignumPtr e, number_member(jwk, "e"));
  const ParamBuilderPtr builder(OSSL_PARAM_BLD_new());
  OSSL_PARAM_BLD_push_BN(builder.get(), OSSL_PKEY_PARAM_RSA_N, n.get());
  OSSL_PARAM_BLD_push_BN(builder.get(), OSSL_PKEY_PARAM_RSA_E, e.get());
  return make_key("RSA", builder.get());
}

Result<PkeyPtr> ec_key(const Jwk& jwk, const Algorithm& algorithm) {
  MD_ASSIGN_OR_RETURN(const Bytes x, bytes_member(jwk, "x"));
  MD_ASSIGN_OR_RETURN(const Bytes y, bytes_member(jwk, "y"));
  if (x.size() != algorithm.coordinate_size || y.size() != algorithm.coordinate_size) {
    return fail(ErrorKind::InvalidInput, "a coordinate in the JWK has the wrong length");
  }
  Bytes point{POINT_CONVERSION_UNCOMPRESSED};
  point.insert(point.end(), x.begin(), x.end());
  point.insert(point.end(), y.begin(), y.end());
  const ParamBuilderPtr builder(OSSL_PARAM_BLD_new());
  OSSL_PARAM_BLD_push_utf8_string(builder.get(), OSSL_PKEY_PARAM_GROUP_NAME, algorithm.curve.data(),
                                  algorithm.curve.size());
  OSSL_PARAM_BLD_push_octet_string(builder.get(), OSSL_PKEY_PARAM_PUB_KEY, point.data(),
                                   point.size());
  return make_key("EC", builder.get());
}

Result<PkeyPtr> key_of(const Jwk& jwk, const Algorithm& algorithm) {
  MD_ASSIGN_OR_RETURN(const std::string type, member(jwk, "kty"));
  if (type != (algorithm.curve.empty() ? "RSA" : "EC")) {
    return fail(ErrorKind::InvalidInput, "the JWK's key type does not go with the algorithm");
  }
  if (algorithm.curve.empty()) {
    return rsa_key(jwk);
  }
  MD_ASSIGN_OR_RETURN(const std::string curve, member(jwk, "crv"));
  if (curve != algorithm.curve) {
    return fail(ErrorKind::InvalidInput, "the JWK's curve does not go with the algorithm");
  }
  return ec_key(jwk, algorithm);
}

/// R‖S as the ECDSA-Sig-Value that OpenSSL verifies; empty if its length is wrong.
Bytes ecdsa_der(std::span<const unsigned char> both, std::size_t coordinate_size) {
  if (both.size() != 2 * coordinate_size) {
    return {};
  }
  const int size = static_cast<int>(coordinate_size);
  BignumPtr r(BN_bin2bn(both.data(), size, nullptr));
  BignumPtr s(BN_bin2bn(both.data() + size, size, nullptr));
  const EcdsaSignaturePtr signature(ECDSA_SIG_new());
  ECDSA_SIG_set0(signature.get(), r.release(), s.release());
  Bytes der(static_cast<std::size_t>(i2d_ECDSA_SIG(signature.get(), nullptr)));
  unsigned char* position = der.data();
  i2d_ECDSA_SIG(signature.get(), &position);
  return der;
}

}  // namespace

Result<bool> verify_jws(const Jwk& jwk, std::string_view algorithm,
                        std::span<const unsigned char> data,
                        std::span<const unsigned char> signature) {
  const CleanErrors clean;
  for (const Algorithm& known : kAlgorithms) {
    if (known.name != algorithm) {
      continue;
    }
    MD_ASSIGN_OR_RETURN(const PkeyPtr key, key_of(jwk, known));
    const Bytes der = known.curve.empty() ? Bytes(signature.begin(), signature.end())
                                          : ecdsa_der(signature, known.coordinate_size);
    const DigestContextPtr context(EVP_MD_CTX_new());
    return EVP_DigestVerifyInit(context.get(), nullptr, known.digest(), nullptr, key.get()) == 1 &&
           EVP_DigestVerify(context.get(), der.data(), der.size(), data.data(), data.size()) == 1;
  }
  return fail(ErrorKind::InvalidInput, "unknown JWS algorithm '" + std::string(algorithm) + "'");
}

}  // namespace md::crypto::testing
