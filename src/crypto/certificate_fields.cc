// SPDX-License-Identifier: Apache-2.0
#include "crypto/internal/certificate_fields.h"

#include "crypto/internal/errors.h"

namespace md::crypto {
namespace {

ASN1_SEQUENCE(ValidityFields) =
    {
        ASN1_SIMPLE(ValidityFields, not_before, ASN1_TIME),
        ASN1_SIMPLE(ValidityFields, not_after, ASN1_TIME),
} static_ASN1_SEQUENCE_END(ValidityFields)

        ASN1_SEQUENCE(PublicKeyFields) =
            {
                ASN1_SIMPLE(PublicKeyFields, algorithm, X509_ALGOR),
                ASN1_SIMPLE(PublicKeyFields, bits, ASN1_BIT_STRING),
} static_ASN1_SEQUENCE_END(PublicKeyFields)

                ASN1_SEQUENCE(ToBeSignedFields) =
                    {
                        ASN1_EXP_OPT(ToBeSignedFields, version, ASN1_INTEGER, 0),
                        ASN1_SIMPLE(ToBeSignedFields, serial, ASN1_INTEGER),
                        ASN1_SIMPLE(ToBeSignedFields, signature_algorithm, X509_ALGOR),
                        ASN1_SIMPLE(ToBeSignedFields, issuer, X509_NAME),
                        ASN1_SIMPLE(ToBeSignedFields, validity, ValidityFields),
                        ASN1_SIMPLE(ToBeSignedFields, subject, X509_NAME),
                        ASN1_SIMPLE(ToBeSignedFields, public_key, PublicKeyFields),
                        ASN1_IMP_OPT(ToBeSignedFields, issuer_id, ASN1_BIT_STRING, 1),
                        ASN1_IMP_OPT(ToBeSignedFields, subject_id, ASN1_BIT_STRING, 2),
                        ASN1_EXP_SEQUENCE_OF_OPT(ToBeSignedFields, extensions, X509_EXTENSION, 3),
} static_ASN1_SEQUENCE_END(ToBeSignedFields)

                        ASN1_SEQUENCE(CertificateFields) = {
                            ASN1_SIMPLE(CertificateFields, to_be_signed, ToBeSignedFields),
                            ASN1_SIMPLE(CertificateFields, signature_algorithm, X509_ALGOR),
                            ASN1_SIMPLE(CertificateFields, signature, ASN1_BIT_STRING),
} static_ASN1_SEQUENCE_END(CertificateFields)

}  // namespace

void FreeCertificateFields::operator()(CertificateFields* fields) const noexcept {
  ASN1_item_free(reinterpret_cast<ASN1_VALUE*>(fields), ASN1_ITEM_rptr(CertificateFields));
}

Result<CertificateFieldsPtr> parse_certificate_fields(std::span<const unsigned char> der) {
  const unsigned char* position = der.data();
  CertificateFieldsPtr fields(reinterpret_cast<CertificateFields*>(ASN1_item_d2i(
      nullptr, &position, static_cast<long>(der.size()), ASN1_ITEM_rptr(CertificateFields))));
  if (fields == nullptr) {
    return openssl_failure("read the certificate", ErrorKind::Corrupt);
  }
  if (position != der.data() + der.size()) {
    return fail(ErrorKind::Corrupt, "read the certificate: something follows it");
  }
  return fields;
}

}  // namespace md::crypto
