// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <openssl/asn1t.h>
#include <openssl/bn.h>

#include <memory>
#include <span>

#include "base/base64.h"
#include "crypto/internal/handles.h"

namespace md::crypto {

// What is inside PKCS#8 and SubjectPublicKeyInfo: the members of keys.

/// RFC 8017 §A.1.1.
struct RsaPublicKeyFields {
  BIGNUM* n;
  BIGNUM* e;
};
struct FreeRsaPublicKeyFields {
  void operator()(RsaPublicKeyFields* fields) const noexcept;
};
using RsaPublicKeyFieldsPtr = std::unique_ptr<RsaPublicKeyFields, FreeRsaPublicKeyFields>;

/// Null if that is no key.
RsaPublicKeyFieldsPtr parse_rsa_public_key(std::span<const unsigned char> der);
Bytes encode(const RsaPublicKeyFields& fields);

/// The key of a PKCS#8 of RSA, or of EC over a named curve with the public key in it, as all
/// programs of our days write them; 10 times as fast as OpenSSL 3.0, which builds a chain of
/// decoders for each key. Null for any other: it may be a key nevertheless.
PkeyPtr key_of_common_form(const PKCS8_PRIV_KEY_INFO* info);

}  // namespace md::crypto
