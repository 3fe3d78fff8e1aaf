// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

namespace md::model {

/// What kind of private key a certificate is to have. Immutable.
struct KeySpec {
  enum class Type { Rsa, Ec };

  Type type{Type::Rsa};
  unsigned bits{2048};  ///< RSA only
  std::string curve;    ///< EC only, as configured: "secp384r1", "P-256"

  static KeySpec rsa(unsigned bits = 2048) { return {Type::Rsa, bits, {}}; }
  static KeySpec ec(std::string curve) { return {Type::Ec, 0, std::move(curve)}; }

  /// "rsa" or the curve in lower case: the name in status documents and job logs.
  [[nodiscard]] std::string name() const;
  /// "" for RSA, ".secp384r1" for EC: what the store puts in front of ".pem".
  [[nodiscard]] std::string file_suffix() const;

  friend bool operator==(const KeySpec&, const KeySpec&) = default;
};

/// `MDPrivateKeys Default`.
inline std::vector<KeySpec> default_key_specs() {
  return {KeySpec::rsa()};
}

}  // namespace md::model
