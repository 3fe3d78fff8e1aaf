// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <openssl/evp.h>

#include "model/key_spec.h"

namespace md::crypto {

/// Of a private or public key. One that is neither RSA nor over a named curve: EC without a curve,
/// which fits nothing.
model::KeySpec key_spec(EVP_PKEY* key);

bool fits(const model::KeySpec& actual, const model::KeySpec& wanted);

}  // namespace md::crypto
