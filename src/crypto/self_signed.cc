// SPDX-License-Identifier: Apache-2.0
// The certificates that we make ourselves: until the CA's is there, and for tls-alpn-01.
#include <array>

#include "crypto/certificate.h"
#include "crypto/digest.h"
#include "crypto/internal/certificate_builder.h"
#include "crypto/internal/errors.h"
#include "crypto/native.h"

namespace md::crypto {
namespace {

constexpr const char* kAcmeIdentifier = "1.3.6.1.5.5.7.1.31";  // RFC 8737 §6.1
// Of every mod_md's: scripts tell fallback certificates by it.
constexpr std::string_view kFallbackName = "Apache Managed Domain Fallback";

Result<CertificateBuilder> begin_fallback(const PrivateKey& key,
                                          const std::vector<model::DnsName>& names,
                                          const model::Validity& validity) {
  if (names.empty()) {
    return fail(ErrorKind::InvalidInput, "a certificate needs a name");
  }
  CertificateBuilder builder(native_handle(key), validity);
  builder.subject(kFallbackName).basic_constraints(Authority::No).subject_key_id().names(names);
  return builder;
}

}  // namespace

Result<Certificate> make_fallback_certificate(const PrivateKey& key,
                                              const std::vector<model::DnsName>& names,
                                              const model::Validity& validity) {
  const CleanErrors clean;
  MD_ASSIGN_OR_RETURN(CertificateBuilder builder, begin_fallback(key, names, validity));
  return builder.sign(nullptr, native_handle(key));
}

Result<Certificate> make_fallback_certificate(const PrivateKey& key, const PrivateKey& signer,
                                              const std::vector<model::DnsName>& names,
                                              const model::Validity& validity) {
  const CleanErrors clean;
  MD_ASSIGN_OR_RETURN(CertificateBuilder builder, begin_fallback(key, names, validity));
  return builder.issued_by(kFallbackName).sign(nullptr, native_handle(signer));
}

Result<Certificate> make_challenge_certificate(const PrivateKey& key, const model::DnsName& name,
                                               std::string_view key_authorization,
                                               const model::Validity& validity) {
  const CleanErrors clean;
  const auto digest = sha256(as_bytes(key_authorization));
  // An OCTET STRING of 32 bytes within the one of the extension.
  std::array<unsigned char, 34> identifier{V_ASN1_OCTET_STRING, 32};
  std::copy(digest.begin(), digest.end(), identifier.begin() + 2);
  return CertificateBuilder(native_handle(key), validity)
      .subject(common_name({name}))
      .basic_constraints(Authority::No)
      .subject_key_id()
      .names({name})
      .extension(kAcmeIdentifier, Criticality::Critical, identifier)
      .sign(nullptr, native_handle(key));
}

}  // namespace md::crypto
