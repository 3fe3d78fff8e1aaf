// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "crypto/certificate.h"
#include "crypto/internal/handles.h"
#include "model/dns_name.h"
#include "model/validity.h"

namespace md::crypto {

enum class Criticality { Plain, Critical };
enum class Authority { No, Yes };

/// The subjectAltName of these names: dNSName, or iPAddress where a name is the text of an IP
/// address. Null after a failure of OpenSSL's.
GeneralNamesPtr alternative_names(const std::vector<model::DnsName>& names);
/// The TLS feature extension with status_request (RFC 7633). Null after a failure.
ExtensionPtr must_staple_extension();
/// Sets the common name, if it fits in a certificate.
bool set_common_name(X509_NAME* subject, std::string_view name);
/// The common name of a certificate for these names: the first, if it fits and is no IP address.
std::string common_name(const std::vector<model::DnsName>& names);

/// Builds an X.509 v3 certificate part by part. The first failure sticks, and `sign` tells it.
class CertificateBuilder {
 public:
  CertificateBuilder(EVP_PKEY* public_key, const model::Validity& validity);

  /// Upper-case hex; without it the serial number is random, positive, of 16 bytes.
  CertificateBuilder& serial(std::string_view hex);
  CertificateBuilder& subject(std::string_view common_name);
  CertificateBuilder& names(const std::vector<model::DnsName>& names);
  CertificateBuilder& basic_constraints(Authority authority);
  CertificateBuilder& subject_key_id();
  CertificateBuilder& authority_key_id(X509* issuer);
  CertificateBuilder& must_staple();
  CertificateBuilder& ocsp_url(const std::string& url);
  /// `oid` in dotted form. No OID is registered with OpenSSL: it would outlive this module.
  CertificateBuilder& extension(const char* oid, Criticality criticality,
                                std::span<const unsigned char> value);

  /// Names the issuer where `sign` is given none.
  CertificateBuilder& issued_by(std::string_view common_name);

  /// The certificate, made by `issuer` (null: by its own subject) with that one's key.
  Result<Certificate> sign(X509* issuer, EVP_PKEY* key);

 private:
  CertificateBuilder& and_then(bool done);
  CertificateBuilder& add(int nid, void* value, Criticality criticality);

  X509Ptr x509_;
  bool has_serial_{false};
  bool has_issuer_{false};
  bool failed_{false};
};

}  // namespace md::crypto
