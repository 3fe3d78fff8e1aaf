// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>
#include <vector>

#include "base/result.h"
#include "crypto/certificate.h"

namespace md::acme {

using Chain = std::vector<crypto::Certificate>;

/// The certificates of an answer's body: PEM, or one certificate in DER, whatever its content type.
/// Corrupt names `what`.
Result<Chain> parse_chain(std::string_view body, std::string_view what);

/// Leaf first, then each certificate's issuer, those that belong to none last; no duplicates.
Chain in_order(const Chain& certificates);

}  // namespace md::acme
