// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <string_view>

#include "crypto/private_key.h"

namespace md::crypto::testing {

/// The public half of `shown`, the private one of `hidden`; both over P-256. In PKCS#8 of such a
/// key the 32 bytes of the private one come first, the public one last.
inline PrivateKey key_of_two_halves(const PrivateKey& hidden, const PrivateKey& shown) {
  constexpr std::size_t kPrivateBytes = 32;
  const SecretBytes from = *hidden.to_der();
  SecretBytes mixed = *shown.to_der();
  const std::string_view mark("\x04\x20", 2);  // OCTET STRING of 32 bytes
  const std::size_t source = from.text().find(mark) + mark.size();
  const std::size_t target = mixed.text().find(mark) + mark.size();
  const auto half = from.bytes().subspan(source, kPrivateBytes);
  std::copy(half.begin(), half.end(), mixed.bytes().begin() + static_cast<std::ptrdiff_t>(target));
  return *PrivateKey::from_der(mixed.bytes());
}

}  // namespace md::crypto::testing
