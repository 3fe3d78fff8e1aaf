// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <initializer_list>
#include <span>
#include <string>
#include <string_view>

#include "base/base64.h"
#include "base/result.h"
#include "base/secret_bytes.h"

namespace md::crypto {

std::array<unsigned char, 32> sha256(std::span<const unsigned char> data);

Result<Bytes> hmac_sha256(std::span<const unsigned char> key, std::span<const unsigned char> data);

/// A code, in hex, that only who knows `secret` can make of these texts, in this order and for that
/// one purpose. No text holds a NUL.
Result<std::string> seal_of_texts(std::span<const unsigned char> secret, std::string_view purpose,
                                  std::initializer_list<std::string_view> texts);

/// In a time that does not tell where they differ.
bool is_same_secret(std::string_view a, std::string_view b);

/// Secrets and ids: from OpenSSL's generator.
Result<SecretBytes> random_bytes(std::size_t count);

/// 32 bytes from `secret` for the one purpose that `label` names (HKDF-SHA256, RFC 5869).
Result<SecretBytes> derive_key(std::span<const unsigned char> secret, std::string_view label);

/// AES-256-GCM under a 32-byte key; the result is nonce ‖ ciphertext ‖ tag. `context` is
/// authenticated, not contained: a sealed text opens only in the place that it was made for.
Result<Bytes> seal(std::span<const unsigned char> key, std::span<const unsigned char> plaintext,
                   std::string_view context);
/// Anything but what `seal` made with that key and context: Corrupt.
Result<SecretBytes> open_sealed(std::span<const unsigned char> key,
                                std::span<const unsigned char> sealed, std::string_view context);

}  // namespace md::crypto
