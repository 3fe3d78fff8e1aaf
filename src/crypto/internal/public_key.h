// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <openssl/evp.h>
#include <openssl/x509.h>

#include "crypto/internal/certificate_fields.h"
#include "model/key_spec.h"

namespace md::crypto {

// What a certificate says of its key (RFC 5280 §4.1.2.7), without OpenSSL's encoders and decoders,
// which need 100 µs and more to find each other.

/// One that is neither RSA nor over a named curve: EC without a curve, which fits nothing.
model::KeySpec key_spec(EVP_PKEY* key);
model::KeySpec key_spec(const PublicKeyFields& fields);

bool fits(const model::KeySpec& actual, const model::KeySpec& wanted);

/// Does `fields` describe the public half of `key`, in the usual encoding? A "no" may be wrong
/// where the encoding is not: a compressed point, say.
bool is_public_key_of(const PublicKeyFields& fields, EVP_PKEY* key);

/// Puts the public half of `key` there. Works for what `adopt` takes.
bool set_public_key(X509_PUBKEY* target, EVP_PKEY* key);

}  // namespace md::crypto
