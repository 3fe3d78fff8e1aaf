// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <openssl/asn1t.h>
#include <openssl/x509.h>

#include <memory>
#include <span>

#include "base/result.h"

namespace md::crypto {

// A certificate as RFC 5280 §4.1 describes it, without a decoded public key: that alone takes
// OpenSSL 3.0 some 200 µs, twenty times as long as all the rest, and a server with 10,000 domains
// reads 40,000 certificates when it starts.

struct ValidityFields {
  ASN1_TIME* not_before;
  ASN1_TIME* not_after;
};

struct PublicKeyFields {
  X509_ALGOR* algorithm;
  ASN1_BIT_STRING* bits;
};

struct ToBeSignedFields {
  ASN1_INTEGER* version;
  ASN1_INTEGER* serial;
  X509_ALGOR* signature_algorithm;
  X509_NAME* issuer;
  ValidityFields* validity;
  X509_NAME* subject;
  PublicKeyFields* public_key;
  ASN1_BIT_STRING* issuer_id;
  ASN1_BIT_STRING* subject_id;
  STACK_OF(X509_EXTENSION) * extensions;
};

struct CertificateFields {
  ToBeSignedFields* to_be_signed;
  X509_ALGOR* signature_algorithm;
  ASN1_BIT_STRING* signature;
};

struct FreeCertificateFields {
  void operator()(CertificateFields* fields) const noexcept;
};
using CertificateFieldsPtr = std::unique_ptr<CertificateFields, FreeCertificateFields>;

/// Corrupt, if the DER is no certificate or something follows it.
Result<CertificateFieldsPtr> parse_certificate_fields(std::span<const unsigned char> der);

}  // namespace md::crypto
