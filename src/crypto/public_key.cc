// SPDX-License-Identifier: Apache-2.0
#include "crypto/internal/public_key.h"

#include <openssl/core_names.h>

#include <algorithm>
#include <array>

#include "base/base64.h"
#include "crypto/internal/curves.h"
#include "crypto/internal/errors.h"
#include "crypto/internal/handles.h"
#include "crypto/internal/key_fields.h"

namespace md::crypto {
namespace {

using model::KeySpec;

/// The content of the BIT STRING.
Bytes ec_point(EVP_PKEY* key) {
  std::size_t size = 0;
  if (EVP_PKEY_get_octet_string_param(key, OSSL_PKEY_PARAM_PUB_KEY, nullptr, 0, &size) != 1) {
    return {};
  }
  Bytes point(size);
  if (EVP_PKEY_get_octet_string_param(key, OSSL_PKEY_PARAM_PUB_KEY, point.data(), size, &size) !=
      1) {
    return {};
  }
  point.resize(size);
  return point;
}

Bytes rsa_public_key(EVP_PKEY* key) {
  RsaPublicKeyFields fields{};
  const bool found = EVP_PKEY_get_bn_param(key, OSSL_PKEY_PARAM_RSA_N, &fields.n) == 1 &&
                     EVP_PKEY_get_bn_param(key, OSSL_PKEY_PARAM_RSA_E, &fields.e) == 1;
  const BignumPtr n(fields.n);
  const BignumPtr e(fields.e);
  return found ? encode(fields) : Bytes();
}

int algorithm_of(const PublicKeyFields& fields) {
  const ASN1_OBJECT* algorithm = nullptr;
  X509_ALGOR_get0(&algorithm, nullptr, nullptr, fields.algorithm);
  return OBJ_obj2nid(algorithm);
}

/// Of an EC key; NID_undef if it spells its curve out.
int curve_of(const PublicKeyFields& fields) {
  int type = V_ASN1_UNDEF;
  const void* parameter = nullptr;
  X509_ALGOR_get0(nullptr, &type, &parameter, fields.algorithm);
  return type == V_ASN1_OBJECT ? OBJ_obj2nid(static_cast<const ASN1_OBJECT*>(parameter))
                               : NID_undef;
}

std::span<const unsigned char> bits_of(const PublicKeyFields& fields) {
  return {ASN1_STRING_get0_data(fields.bits),
          static_cast<std::size_t>(ASN1_STRING_length(fields.bits))};
}

bool is_rsa(EVP_PKEY* key) {
  return EVP_PKEY_get_base_id(key) == EVP_PKEY_RSA;
}

}  // namespace

KeySpec key_spec(EVP_PKEY* key) {
  if (is_rsa(key)) {
    return KeySpec::rsa(static_cast<unsigned>(EVP_PKEY_get_bits(key)));
  }
  std::array<char, 64> curve{};
  if (EVP_PKEY_get_base_id(key) != EVP_PKEY_EC ||
      EVP_PKEY_get_group_name(key, curve.data(), curve.size(), nullptr) != 1) {
    return KeySpec::ec({});
  }
  return KeySpec::ec(curve.data());
}

KeySpec key_spec(const PublicKeyFields& fields) {
  const int algorithm = algorithm_of(fields);
  if (algorithm == NID_rsaEncryption) {
    const auto key = parse_rsa_public_key(bits_of(fields));
    return KeySpec::rsa(key != nullptr ? static_cast<unsigned>(BN_num_bits(key->n)) : 0);
  }
  const int curve = algorithm == NID_X9_62_id_ecPublicKey ? curve_of(fields) : NID_undef;
  return KeySpec::ec(curve != NID_undef ? OBJ_nid2sn(curve) : "");
}

bool fits(const KeySpec& actual, const KeySpec& wanted) {
  return actual.type == wanted.type &&
         (wanted.type == KeySpec::Type::Rsa || is_same_curve(actual.curve, wanted.curve));
}

bool is_public_key_of(const PublicKeyFields& fields, EVP_PKEY* key) {
  const KeySpec spec = key_spec(key);
  if (!fits(key_spec(fields), spec)) {
    return false;
  }
  const Bytes own = is_rsa(key) ? rsa_public_key(key) : ec_point(key);
  return !own.empty() && std::ranges::equal(own, bits_of(fields));
}

bool set_public_key(X509_PUBKEY* target, EVP_PKEY* key) {
  const bool rsa = is_rsa(key);
  const Bytes bits = rsa ? rsa_public_key(key) : ec_point(key);
  ASN1_OBJECT* const curve = rsa ? nullptr : OBJ_nid2obj(curve_nid(key_spec(key).curve));
  auto* const copy = static_cast<unsigned char*>(OPENSSL_memdup(bits.data(), bits.size()));
  if (bits.empty() || copy == nullptr ||
      X509_PUBKEY_set0_param(
          target, OBJ_nid2obj(rsa ? NID_rsaEncryption : NID_X9_62_id_ecPublicKey),
          rsa ? V_ASN1_NULL : V_ASN1_OBJECT, curve, copy, static_cast<int>(bits.size())) != 1) {
    OPENSSL_free(copy);
    return false;
  }
  return true;
}

}  // namespace md::crypto
