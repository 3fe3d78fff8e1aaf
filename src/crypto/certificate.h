// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/base64.h"
#include "base/result.h"
#include "crypto/private_key.h"
#include "model/dns_name.h"
#include "model/validity.h"

namespace md::crypto {

/// A Certificate Transparency log's promise to list the certificate (RFC 6962 §3.2). Not verified.
struct SignedTimestamp {
  std::string log_id;  ///< lower-case hex
  TimePoint signed_at;
  std::string signature;       ///< lower-case hex
  std::string signature_type;  ///< OpenSSL's name: "ecdsa-with-SHA256"
  friend bool operator==(const SignedTimestamp&, const SignedTimestamp&) = default;
};

/// An X.509 certificate. Shared, immutable; thread-safe.
class Certificate {
 public:
  /// All certificates of a PEM text, in order: leaf first where it is a chain. None in it, or
  /// anything unreadable between the armour: Corrupt.
  static Result<std::vector<Certificate>> chain_from_pem(std::string_view pem);
  static Result<Certificate> from_der(std::span<const unsigned char> der);

  [[nodiscard]] Result<std::string> to_pem() const;
  [[nodiscard]] Result<Bytes> to_der() const;

  /// Times beyond 1950–2200 are clamped to it, so that differences fit in a Duration.
  [[nodiscard]] model::Validity validity() const;
  /// Subject alternative names of type dNSName, lower case, as they stand.
  [[nodiscard]] std::vector<std::string> dns_names() const;
  /// Host names, then IP addresses as text (RFC 5280 §4.2.1.6).
  [[nodiscard]] std::vector<std::string> alternative_names() const;
  /// Does it name `name`, itself or by a wildcard (one label)?
  [[nodiscard]] bool covers(const model::DnsName& name) const;
  [[nodiscard]] bool covers_all(const std::vector<model::DnsName>& names) const;
  /// Do key and certificate belong together?
  [[nodiscard]] bool matches(const PrivateKey& key) const;
  /// Is its public key of the kind that `wanted` asks for?
  [[nodiscard]] bool fits(const model::KeySpec& wanted) const;

  /// Upper-case hex, leading zeros kept: "0A1B".
  [[nodiscard]] std::string serial() const;
  /// One line as OpenSSL's `X509_NAME_oneline`: "/CN=Pebble Intermediate CA 0a5231".
  [[nodiscard]] std::string issuer_name() const;
  [[nodiscard]] std::string subject_name() const;
  [[nodiscard]] std::string sha256_fingerprint() const;         ///< lower-case hex of the DER
  [[nodiscard]] std::array<unsigned char, 20> sha1_id() const;  ///< how mod_ssl asks for staples
  /// base64url(keyIdentifier) "." base64url(serial) (RFC 9773 §4.1); nullopt without an AKI.
  [[nodiscard]] std::optional<std::string> ari_cert_id() const;
  [[nodiscard]] bool must_staple() const;  ///< RFC 7633 with status_request
  [[nodiscard]] std::optional<std::string> ocsp_responder_url() const;
  /// Those that are embedded in it (RFC 6962 §3.3); none if they are unreadable.
  [[nodiscard]] std::vector<SignedTimestamp> timestamps() const;
  [[nodiscard]] bool is_self_signed() const;

  struct Native;  ///< see crypto/native.h
  [[nodiscard]] const Native& native() const { return *native_; }
  explicit Certificate(std::shared_ptr<const Native> native) : native_(std::move(native)) {}

 private:
  std::shared_ptr<const Native> native_;
};

/// PEM of all, in order.
Result<std::string> to_pem(const std::vector<Certificate>& chain);

/// A certificate signing request (RFC 2986), DER: all names as SANs, CN only if the first name
/// fits in 64 bytes (RFC 5280's upper bound).
Result<Bytes> make_csr(const PrivateKey& key, const std::vector<model::DnsName>& names,
                       bool must_staple);

/// A self-signed certificate that only tells that none has been issued yet: v3, not a CA, names
/// `names`; a wildcard is fine.
Result<Certificate> make_fallback_certificate(const PrivateKey& key,
                                              const std::vector<model::DnsName>& names,
                                              const model::Validity& validity);
/// The same for `key`, but signed with another one: a server with many domains makes many of them,
/// and RSA takes 30 times as long to sign as P-256.
Result<Certificate> make_fallback_certificate(const PrivateKey& key, const PrivateKey& signer,
                                              const std::vector<model::DnsName>& names,
                                              const model::Validity& validity);

/// The self-signed certificate that answers a tls-alpn-01 challenge (RFC 8737 §3): one SAN and the
/// critical acmeIdentifier extension with the SHA-256 of the key authorization.
Result<Certificate> make_challenge_certificate(const PrivateKey& key, const model::DnsName& name,
                                               std::string_view key_authorization,
                                               const model::Validity& validity);

}  // namespace md::crypto
