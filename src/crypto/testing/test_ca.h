// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "crypto/certificate.h"
#include "crypto/private_key.h"
#include "model/dns_name.h"
#include "model/validity.h"

namespace md::crypto::testing {

/// Keys made once per process, for tests that need one and do not care which.
const PrivateKey& shared_ec_key();   ///< P-256
const PrivateKey& shared_rsa_key();  ///< 2048 bits

/// What a certificate signing request asks for; its signature has been verified.
struct CsrContents {
  std::string common_name;             ///< empty if there is none
  std::vector<std::string> dns_names;  ///< SANs of type dNSName, as they stand
  std::vector<std::string> addresses;  ///< SANs of type iPAddress, as text
  bool must_staple{false};
};
Result<CsrContents> read_csr(std::span<const unsigned char> der);

/// What an issued certificate is to have beside what was asked for: to leave out, or get wrong.
struct IssueOptions {
  bool must_staple{false};  ///< a CSR that asks for it gets it anyway
  std::string ocsp_url;
  bool authority_key_id{true};
  bool intermediate_in_chain{true};
  std::string serial;  ///< upper-case hex; empty: 16 random bytes
  Bytes timestamps;    ///< SignedCertificateTimestampList (RFC 6962 §3.3)
  /// In place of the names and the key that were asked for.
  std::optional<std::vector<model::DnsName>> other_names;
  std::optional<PrivateKey> other_key;
};

/// A CA with a root and an intermediate under one P-256 key, valid from 2000 to 2100. Immutable;
/// thread-safe.
class TestCa {
 public:
  explicit TestCa(std::string_view name = "Test CA");

  /// The leaf, then the intermediate. A CSR that is none, or whose signature is wrong:
  /// InvalidInput.
  [[nodiscard]] Result<std::vector<Certificate>> issue_from_csr(
      std::span<const unsigned char> der, const model::Validity& validity,
      const IssueOptions& options = {}) const;
  [[nodiscard]] Result<std::vector<Certificate>> issue(const std::vector<model::DnsName>& names,
                                                       const PrivateKey& key,
                                                       const model::Validity& validity,
                                                       const IssueOptions& options = {}) const;

  [[nodiscard]] const Certificate& root() const { return root_; }
  [[nodiscard]] const Certificate& intermediate() const { return intermediate_; }
  [[nodiscard]] std::string root_pem() const;
  /// The key of both: for whoever wants to sign something else in the CA's name.
  [[nodiscard]] const PrivateKey& key() const { return key_; }

 private:
  PrivateKey key_;
  Certificate root_;
  Certificate intermediate_;
};

}  // namespace md::crypto::testing
