// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <span>
#include <string>
#include <string_view>

#include "base/result.h"

namespace md::crypto::testing {

/// What an ACME server does with the account key of a client: is `signature` by the key that `jwk`
/// describes (members of RFC 7517, all strings), made with `algorithm` ("ES256", "ES384", "ES512",
/// "RS256")? A JWK that is no key or does not go with the algorithm: InvalidInput.
Result<bool> verify_jws(const std::map<std::string, std::string>& jwk, std::string_view algorithm,
                        std::span<const unsigned char> data,
                        std::span<const unsigned char> signature);

}  // namespace md::crypto::testing
