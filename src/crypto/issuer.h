// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <vector>

#include "base/clock.h"
#include "crypto/certificate.h"

/// Who has issued a certificate. Chains are leaf first.
namespace md::crypto {

/// Has the key that signed the leaf of `known` signed that of `chain`, too? False where the issuer
/// of `known` is not in it.
bool is_issued_by_ca_of(const std::vector<Certificate>& chain,
                        const std::vector<Certificate>& known);
/// Does `chain` lead, at `now`, to a root certificate of OpenSSL's usual place?
bool is_trusted_by_system(const std::vector<Certificate>& chain, TimePoint now);

}  // namespace md::crypto
