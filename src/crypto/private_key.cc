// SPDX-License-Identifier: Apache-2.0
#include "crypto/private_key.h"

#include <fmt/format.h>
#include <openssl/core_names.h>

#include <array>
#include <optional>

#include "crypto/internal/curves.h"
#include "crypto/internal/errors.h"
#include "crypto/internal/handles.h"
#include "crypto/internal/public_key.h"
#include "crypto/native.h"

namespace md::crypto {
namespace {

using model::KeySpec;

constexpr unsigned kMinRsaBits = 1024;   // configuration asks for 2048 or more; tests may not
constexpr unsigned kMaxRsaBits = 16384;  // what OpenSSL verifies with

/// How JWS signs with keys over a curve (RFC 7518 §3.4).
struct JwsCurve {
  int nid;
  std::string_view algorithm;
  std::string_view name;  // of the JWK's "crv"
  int coordinate_size;
  const EVP_MD* (*digest)();
};

constexpr std::array kJwsCurves{
    JwsCurve{NID_X9_62_prime256v1, "ES256", "P-256", 32, EVP_sha256},
    JwsCurve{NID_secp384r1, "ES384", "P-384", 48, EVP_sha384},
    JwsCurve{NID_secp521r1, "ES512", "P-521", 66, EVP_sha512},
};

Result<JwsCurve> jws_curve(EVP_PKEY* key) {
  const std::string name = key_spec(key).curve;
  const int nid = curve_nid(name);
  for (const JwsCurve& curve : kJwsCurves) {
    if (curve.nid == nid) {
      return curve;
    }
  }
  return fail(ErrorKind::InvalidInput,
              fmt::format("JWS knows no algorithm for keys over the curve '{}'", name));
}

bool is_rsa(EVP_PKEY* key) {
  return EVP_PKEY_get_base_id(key) == EVP_PKEY_RSA;
}

/// A big number of the key, base64url of its bytes: `size` of them, or as many as it needs.
Result<std::string> encoded_parameter(EVP_PKEY* key, const char* name, std::optional<int> size) {
  BIGNUM* raw = nullptr;
  const bool found = EVP_PKEY_get_bn_param(key, name, &raw) == 1;
  const BignumPtr number(raw);
  if (!found) {
    return openssl_failure("read the public key");
  }
  Bytes bytes(static_cast<std::size_t>(size.value_or(BN_num_bytes(number.get()))));
  if (BN_bn2binpad(number.get(), bytes.data(), static_cast<int>(bytes.size())) < 0) {
    return openssl_failure("read the public key");
  }
  return encode_base64url(bytes);
}

Result<Bytes> sign(EVP_PKEY* key, const EVP_MD* digest, std::span<const unsigned char> data) {
  const DigestContextPtr context(EVP_MD_CTX_new());
  std::size_t size = 0;
  if (context == nullptr || EVP_DigestSignInit(context.get(), nullptr, digest, nullptr, key) != 1 ||
      EVP_DigestSign(context.get(), nullptr, &size, data.data(), data.size()) != 1) {
    return openssl_failure("sign");
  }
  Bytes signature(size);
  if (EVP_DigestSign(context.get(), signature.data(), &size, data.data(), data.size()) != 1) {
    return openssl_failure("sign");
  }
  signature.resize(size);
  return signature;
}

/// From the DER of an ECDSA-Sig-Value to R‖S.
Result<Bytes> fixed_length(const Bytes& der, int coordinate_size) {
  const unsigned char* position = der.data();
  const EcdsaSignaturePtr signature(
      d2i_ECDSA_SIG(nullptr, &position, static_cast<long>(der.size())));
  if (signature == nullptr) {
    return openssl_failure("sign");
  }
  const auto size = static_cast<std::size_t>(coordinate_size);
  Bytes both(2 * size);
  if (BN_bn2binpad(ECDSA_SIG_get0_r(signature.get()), both.data(), coordinate_size) < 0 ||
      BN_bn2binpad(ECDSA_SIG_get0_s(signature.get()), both.data() + size, coordinate_size) < 0) {
    return openssl_failure("sign");
  }
  return both;
}

Result<PrivateKey> generate_rsa(unsigned bits) {
  if (bits < kMinRsaBits || bits > kMaxRsaBits) {
    return fail(ErrorKind::InvalidInput,
                fmt::format("an RSA key cannot have {} bits, but from {} to {}", bits, kMinRsaBits,
                            kMaxRsaBits));
  }
  PkeyPtr key(EVP_PKEY_Q_keygen(nullptr, nullptr, "RSA", std::size_t{bits}));
  if (key == nullptr) {
    return openssl_failure(fmt::format("generate an RSA key of {} bits", bits));
  }
  return adopt(std::move(key));
}

/// A key that signs: some providers make what they do not use.
Result<PrivateKey> rsa_of_primes(unsigned bits, unsigned primes) {
  const PkeyContextPtr context(EVP_PKEY_CTX_new_from_name(nullptr, "RSA", nullptr));
  EVP_PKEY* made = nullptr;
  const bool done =
      context != nullptr && EVP_PKEY_keygen_init(context.get()) == 1 &&
      EVP_PKEY_CTX_set_rsa_keygen_bits(context.get(), static_cast<int>(bits)) == 1 &&
      EVP_PKEY_CTX_set_rsa_keygen_primes(context.get(), static_cast<int>(primes)) == 1 &&
      EVP_PKEY_generate(context.get(), &made) == 1;
  PkeyPtr key(made);
  if (!done) {
    return openssl_failure(fmt::format("generate an RSA key of {} primes", primes));
  }
  MD_ASSIGN_OR_RETURN(PrivateKey adopted, adopt(std::move(key)));
  MD_TRY(adopted.sign_jws({}));
  return adopted;
}

Result<PrivateKey> generate_ec(const std::string& curve) {
  const int nid = curve_nid(curve);
  if (nid == NID_undef) {
    return fail(ErrorKind::InvalidInput, fmt::format("unknown elliptic curve '{}'", curve));
  }
  PkeyPtr key(EVP_PKEY_Q_keygen(nullptr, nullptr, "EC", OBJ_nid2sn(nid)));
  if (key == nullptr) {
    return openssl_failure(fmt::format("generate a key over the curve '{}'", curve));
  }
  return adopt(std::move(key));
}

}  // namespace

EVP_PKEY* native_handle(const PrivateKey& key) {
  return key.native().key.get();
}

Result<PrivateKey> adopt(PkeyPtr key) {
  const int type = EVP_PKEY_get_base_id(key.get());
  if (type != EVP_PKEY_RSA && type != EVP_PKEY_EC) {
    const char* const name = EVP_PKEY_get0_type_name(key.get());
    return fail(ErrorKind::InvalidInput, fmt::format("keys of type {} are not supported",
                                                     name != nullptr ? name : "unknown"));
  }
  const KeySpec spec = key_spec(key.get());
  if (spec.type == KeySpec::Type::Rsa && spec.bits > kMaxRsaBits) {
    return fail(ErrorKind::InvalidInput,
                fmt::format("RSA keys of {} bits are not supported", spec.bits));
  }
  if (spec.type == KeySpec::Type::Ec && curve_nid(spec.curve) == NID_undef) {
    return fail(ErrorKind::InvalidInput, "keys over a curve without a name are not supported");
  }
  return PrivateKey(std::make_shared<const PrivateKey::Native>(PrivateKey::Native{std::move(key)}));
}

Result<PrivateKey> PrivateKey::generate(const KeySpec& spec) {
  const CleanErrors clean;
  return spec.type == KeySpec::Type::Rsa ? generate_rsa(spec.bits) : generate_ec(spec.curve);
}

Result<PrivateKey> PrivateKey::generate_quick_rsa(unsigned bits, unsigned primes) {
  const CleanErrors clean;
  if (auto key = rsa_of_primes(bits, primes)) {
    return key;
  }
  return generate_rsa(bits);  // FIPS 186 knows two primes only, and so do its providers
}

KeySpec PrivateKey::spec() const {
  const CleanErrors clean;
  return key_spec(native_handle(*this));
}

bool PrivateKey::fits(const KeySpec& wanted) const {
  return crypto::fits(spec(), wanted);
}

Result<std::vector<std::pair<std::string, std::string>>> PrivateKey::public_jwk() const {
  const CleanErrors clean;
  EVP_PKEY* const key = native_handle(*this);
  std::vector<std::pair<std::string, std::string>> members;
  if (is_rsa(key)) {
    MD_ASSIGN_OR_RETURN(std::string e, encoded_parameter(key, OSSL_PKEY_PARAM_RSA_E, {}));
    MD_ASSIGN_OR_RETURN(std::string n, encoded_parameter(key, OSSL_PKEY_PARAM_RSA_N, {}));
    members = {{"e", std::move(e)}, {"kty", "RSA"}, {"n", std::move(n)}};
  } else {
    MD_ASSIGN_OR_RETURN(const JwsCurve curve, jws_curve(key));
    const int size = curve.coordinate_size;
    MD_ASSIGN_OR_RETURN(std::string x, encoded_parameter(key, OSSL_PKEY_PARAM_EC_PUB_X, size));
    MD_ASSIGN_OR_RETURN(std::string y, encoded_parameter(key, OSSL_PKEY_PARAM_EC_PUB_Y, size));
    members = {
        {"crv", std::string(curve.name)}, {"kty", "EC"}, {"x", std::move(x)}, {"y", std::move(y)}};
  }
  return members;
}

Result<std::string> PrivateKey::jws_algorithm() const {
  const CleanErrors clean;
  if (is_rsa(native_handle(*this))) {
    return std::string("RS256");
  }
  MD_ASSIGN_OR_RETURN(const JwsCurve curve, jws_curve(native_handle(*this)));
  return std::string(curve.algorithm);
}

Result<Bytes> PrivateKey::sign_jws(std::span<const unsigned char> data) const {
  const CleanErrors clean;
  EVP_PKEY* const key = native_handle(*this);
  if (is_rsa(key)) {
    return sign(key, EVP_sha256(), data);
  }
  MD_ASSIGN_OR_RETURN(const JwsCurve curve, jws_curve(key));
  MD_ASSIGN_OR_RETURN(const Bytes der, sign(key, curve.digest(), data));
  return fixed_length(der, curve.coordinate_size);
}

}  // namespace md::crypto
