// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <span>
#include <string_view>

#include "base/result.h"
#include "crypto/private_key.h"

/// What is asked of a key that lies where others may write.
namespace md::crypto {

/// Encrypted PKCS#8 alone: who wrote it knew the pass phrase. One that is not encrypted: Denied;
/// else as PrivateKey::from_pem.
Result<PrivateKey> key_from_encrypted_pem(std::string_view pem,
                                          std::span<const unsigned char> passphrase);

/// Do its halves belong together? Found out by a signature: what compares keys looks at the public
/// half alone.
bool is_consistent(const PrivateKey& key);

}  // namespace md::crypto
