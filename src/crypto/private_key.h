// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/base64.h"
#include "base/result.h"
#include "base/secret_bytes.h"
#include "model/key_spec.h"

namespace md::crypto {

/// A private key of OpenSSL's, RSA or EC. Shared, immutable after construction; thread-safe.
/// Errors of OpenSSL are of kind Crypto; data that is no key is Corrupt.
class PrivateKey {
 public:
  static Result<PrivateKey> generate(const model::KeySpec& spec);
  /// An RSA key of more than two primes (RFC 8017 §3.2): made in a third of the time, where a
  /// server must not wait and the key is of little worth. Peers see no difference. Of two primes
  /// where OpenSSL's provider, or the size, allows no more.
  static Result<PrivateKey> generate_quick_rsa(unsigned bits, unsigned primes = 3);
  /// PEM, plain or encrypted PKCS#8 (RFC 5958), or the plain forms of before. A wrong pass phrase:
  /// Denied. Neither RSA nor EC over a named curve: InvalidInput. Encrypted, but not with PBES2 and
  /// PBKDF2: Crypto. Never prompts.
  static Result<PrivateKey> from_pem(std::string_view pem,
                                     std::span<const unsigned char> passphrase);
  static Result<PrivateKey> from_der(std::span<const unsigned char> pkcs8);

  /// Plain PKCS#8 PEM, for `domains/` alone.
  [[nodiscard]] Result<SecretBytes> to_pem() const;
  /// PKCS#8, PBES2 with PBKDF2-HMAC-SHA256 and AES-256-CBC: the form of all keys outside
  /// `domains/` (spec/store.md), readable by mod_md.
  [[nodiscard]] Result<std::string> to_encrypted_pem(
      std::span<const unsigned char> passphrase) const;
  [[nodiscard]] Result<SecretBytes> to_der() const;

  /// RSA with its bits, or EC with OpenSSL's name of the curve.
  [[nodiscard]] model::KeySpec spec() const;
  /// Is it of the kind that `wanted` asks for? Knows that "P-256" and "secp256r1" are one curve.
  [[nodiscard]] bool fits(const model::KeySpec& wanted) const;

  /// Members of the public JWK in the order of RFC 7638 §3.3 (sorted), all values strings.
  [[nodiscard]] Result<std::vector<std::pair<std::string, std::string>>> public_jwk() const;
  /// "ES256", "ES384", "ES512" or "RS256" (RFC 7518 §3.1), by key type.
  [[nodiscard]] Result<std::string> jws_algorithm() const;
  /// Signature over `data` as JWS wants it: R‖S of fixed length for EC (RFC 7518 §3.4).
  [[nodiscard]] Result<Bytes> sign_jws(std::span<const unsigned char> data) const;

  struct Native;  ///< see crypto/native.h
  [[nodiscard]] const Native& native() const { return *native_; }
  explicit PrivateKey(std::shared_ptr<const Native> native) : native_(std::move(native)) {}

 private:
  std::shared_ptr<const Native> native_;
};

/// Does OpenSSL know this curve by that name ("secp384r1", "P-384", "prime256v1")?
bool is_known_curve(std::string_view name);
/// Of the order of that curve; 0: it is not known.
unsigned curve_bits(std::string_view name);
/// Are these two names of one curve?
bool is_same_curve(std::string_view a, std::string_view b);

}  // namespace md::crypto
