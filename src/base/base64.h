// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace md {

using Bytes = std::vector<unsigned char>;

inline std::span<const unsigned char> as_bytes(std::string_view text) {
  return {reinterpret_cast<const unsigned char*>(text.data()), text.size()};
}

/// base64url without padding (RFC 4648 §5, as RFC 7515 §2 uses it).
std::string encode_base64url(std::span<const unsigned char> bytes);
/// Accepts missing or present padding; anything outside the alphabet is InvalidInput.
Result<Bytes> decode_base64url(std::string_view text);

/// base64 with padding, in one line (RFC 4648 §4).
std::string encode_base64(std::span<const unsigned char> bytes);
Result<Bytes> decode_base64(std::string_view text);

/// Lower-case hexadecimal.
std::string encode_hex(std::span<const unsigned char> bytes);

}  // namespace md
