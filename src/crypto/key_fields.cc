// SPDX-License-Identifier: Apache-2.0
#include "crypto/internal/key_fields.h"

#include <openssl/core_names.h>

#include <algorithm>

namespace md::crypto {
namespace {

/// RFC 8017 §A.1.2, two primes. CBIGNUM is wiped when it is freed.
struct RsaPrivateKeyFields {
  ASN1_INTEGER* version;
  BIGNUM* n;
  BIGNUM* e;
  BIGNUM* d;
  BIGNUM* p;
  BIGNUM* q;
  BIGNUM* d_mod_p1;
  BIGNUM* d_mod_q1;
  BIGNUM* q_inverse;
};

/// RFC 5915 §3.
struct EcPrivateKeyFields {
  ASN1_INTEGER* version;
  ASN1_OCTET_STRING* secret;
  ASN1_TYPE* curve;
  ASN1_BIT_STRING* point;
};

ASN1_SEQUENCE(RsaPublicKeyFields) =
    {
        ASN1_SIMPLE(RsaPublicKeyFields, n, BIGNUM),
        ASN1_SIMPLE(RsaPublicKeyFields, e, BIGNUM),
} static_ASN1_SEQUENCE_END(RsaPublicKeyFields)

        ASN1_SEQUENCE(RsaPrivateKeyFields) =
            {
                ASN1_SIMPLE(RsaPrivateKeyFields, version, ASN1_INTEGER),
                ASN1_SIMPLE(RsaPrivateKeyFields, n, BIGNUM),
                ASN1_SIMPLE(RsaPrivateKeyFields, e, BIGNUM),
                ASN1_SIMPLE(RsaPrivateKeyFields, d, CBIGNUM),
                ASN1_SIMPLE(RsaPrivateKeyFields, p, CBIGNUM),
                ASN1_SIMPLE(RsaPrivateKeyFields, q, CBIGNUM),
                ASN1_SIMPLE(RsaPrivateKeyFields, d_mod_p1, CBIGNUM),
                ASN1_SIMPLE(RsaPrivateKeyFields, d_mod_q1, CBIGNUM),
                ASN1_SIMPLE(RsaPrivateKeyFields, q_inverse, CBIGNUM),
} static_ASN1_SEQUENCE_END(RsaPrivateKeyFields)

                ASN1_SEQUENCE(EcPrivateKeyFields) =
                    {
                        ASN1_SIMPLE(EcPrivateKeyFields, version, ASN1_INTEGER),
                        ASN1_SIMPLE(EcPrivateKeyFields, secret, ASN1_OCTET_STRING),
                        ASN1_EXP_OPT(EcPrivateKeyFields, curve, ASN1_ANY, 0),
                        ASN1_EXP_OPT(EcPrivateKeyFields, point, ASN1_BIT_STRING, 1),
} static_ASN1_SEQUENCE_END(EcPrivateKeyFields)

                    /// All of `der`, and nothing behind it.
                    template <class Fields>
                    Fields * parse(std::span<const unsigned char> der, const ASN1_ITEM* item) {
  const unsigned char* position = der.data();
  ASN1_VALUE* value = ASN1_item_d2i(nullptr, &position, static_cast<long>(der.size()), item);
  if (value != nullptr && position != der.data() + der.size()) {
    ASN1_item_free(value, item);
    return nullptr;
  }
  return reinterpret_cast<Fields*>(value);
}

template <class Fields>
void release(Fields* fields, const ASN1_ITEM* item) {
  ASN1_item_free(reinterpret_cast<ASN1_VALUE*>(fields), item);
}

struct FreeRsa {
  void operator()(RsaPrivateKeyFields* fields) const noexcept {
    release(fields, ASN1_ITEM_rptr(RsaPrivateKeyFields));
  }
};

struct FreeEc {
  void operator()(EcPrivateKeyFields* fields) const noexcept {
    if (fields->secret != nullptr) {
      OPENSSL_cleanse(fields->secret->data, static_cast<std::size_t>(fields->secret->length));
    }
    release(fields, ASN1_ITEM_rptr(EcPrivateKeyFields));
  }
};

PkeyPtr make_key(const char* type, OSSL_PARAM_BLD* builder) {
  const ParamsPtr params(OSSL_PARAM_BLD_to_param(builder));
  const PkeyContextPtr context(EVP_PKEY_CTX_new_from_name(nullptr, type, nullptr));
  EVP_PKEY* key = nullptr;
  if (params == nullptr || context == nullptr || EVP_PKEY_fromdata_init(context.get()) != 1 ||
      EVP_PKEY_fromdata(context.get(), &key, EVP_PKEY_KEYPAIR, params.get()) != 1) {
    return nullptr;
  }
  return PkeyPtr(key);
}

PkeyPtr rsa_key(std::span<const unsigned char> der) {
  const std::unique_ptr<RsaPrivateKeyFields, FreeRsa> fields(
      parse<RsaPrivateKeyFields>(der, ASN1_ITEM_rptr(RsaPrivateKeyFields)));
  const ParamBuilderPtr builder(OSSL_PARAM_BLD_new());
  if (fields == nullptr || builder == nullptr || ASN1_INTEGER_get(fields->version) != 0) {
    return nullptr;
  }
  const auto push = [&](const char* name, const BIGNUM* number) {
    return OSSL_PARAM_BLD_push_BN(builder.get(), name, number) == 1;
  };
  const bool pushed =
      push(OSSL_PKEY_PARAM_RSA_N, fields->n) && push(OSSL_PKEY_PARAM_RSA_E, fields->e) &&
      push(OSSL_PKEY_PARAM_RSA_D, fields->d) && push(OSSL_PKEY_PARAM_RSA_FACTOR1, fields->p) &&
      push(OSSL_PKEY_PARAM_RSA_FACTOR2, fields->q) &&
      push(OSSL_PKEY_PARAM_RSA_EXPONENT1, fields->d_mod_p1) &&
      push(OSSL_PKEY_PARAM_RSA_EXPONENT2, fields->d_mod_q1) &&
      push(OSSL_PKEY_PARAM_RSA_COEFFICIENT1, fields->q_inverse);
  return pushed ? make_key("RSA", builder.get()) : nullptr;
}

PkeyPtr ec_key(std::span<const unsigned char> der, const ASN1_OBJECT* curve) {
  const std::unique_ptr<EcPrivateKeyFields, FreeEc> fields(
      parse<EcPrivateKeyFields>(der, ASN1_ITEM_rptr(EcPrivateKeyFields)));
  if (fields == nullptr || fields->point == nullptr) {
    return nullptr;
  }
  const BignumPtr secret(BN_secure_new());
  const ParamBuilderPtr builder(OSSL_PARAM_BLD_new());
  const ASN1_STRING& bytes = *fields->secret;
  if (secret == nullptr || builder == nullptr ||
      BN_bin2bn(bytes.data, bytes.length, secret.get()) == nullptr ||
      OSSL_PARAM_BLD_push_utf8_string(builder.get(), OSSL_PKEY_PARAM_GROUP_NAME,
                                      OBJ_nid2sn(OBJ_obj2nid(curve)), 0) != 1 ||
      OSSL_PARAM_BLD_push_octet_string(builder.get(), OSSL_PKEY_PARAM_PUB_KEY,
                                       ASN1_STRING_get0_data(fields->point),
                                       static_cast<std::size_t>(fields->point->length)) != 1 ||
      OSSL_PARAM_BLD_push_BN(builder.get(), OSSL_PKEY_PARAM_PRIV_KEY, secret.get()) != 1) {
    return nullptr;
  }
  return make_key("EC", builder.get());
}

}  // namespace

void FreeRsaPublicKeyFields::operator()(RsaPublicKeyFields* fields) const noexcept {
  release(fields, ASN1_ITEM_rptr(RsaPublicKeyFields));
}

RsaPublicKeyFieldsPtr parse_rsa_public_key(std::span<const unsigned char> der) {
  return RsaPublicKeyFieldsPtr(parse<RsaPublicKeyFields>(der, ASN1_ITEM_rptr(RsaPublicKeyFields)));
}

Bytes encode(const RsaPublicKeyFields& fields) {
  const auto* const value = reinterpret_cast<const ASN1_VALUE*>(&fields);
  const ASN1_ITEM* const item = ASN1_ITEM_rptr(RsaPublicKeyFields);
  Bytes der(static_cast<std::size_t>(std::max(ASN1_item_i2d(value, nullptr, item), 0)));
  unsigned char* position = der.data();
  ASN1_item_i2d(value, &position, item);
  return der;
}

PkeyPtr key_of_common_form(const PKCS8_PRIV_KEY_INFO* info) {
  const ASN1_OBJECT* algorithm = nullptr;
  const unsigned char* bytes = nullptr;
  int size = 0;
  const X509_ALGOR* details = nullptr;
  if (PKCS8_pkey_get0(&algorithm, &bytes, &size, &details, info) != 1) {
    return nullptr;
  }
  const std::span<const unsigned char> der(bytes, static_cast<std::size_t>(size));
  int type = V_ASN1_UNDEF;
  const void* parameter = nullptr;
  X509_ALGOR_get0(nullptr, &type, &parameter, details);
  switch (OBJ_obj2nid(algorithm)) {
    case NID_rsaEncryption:
      return rsa_key(der);
    case NID_X9_62_id_ecPublicKey:
      return type == V_ASN1_OBJECT ? ec_key(der, static_cast<const ASN1_OBJECT*>(parameter))
                                   : nullptr;
    default:
      return nullptr;
  }
}

}  // namespace md::crypto
