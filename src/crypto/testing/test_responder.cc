// SPDX-License-Identifier: Apache-2.0
#include "crypto/testing/test_responder.h"

#include <openssl/ocsp.h>

#include <cstdlib>

#include "crypto/internal/certificate_builder.h"
#include "crypto/internal/handles.h"
#include "crypto/native.h"

namespace md::crypto::testing {
namespace {

using TimePtr = std::unique_ptr<ASN1_TIME, Free<ASN1_TIME_free>>;
using BasicResponsePtr = std::unique_ptr<OCSP_BASICRESP, Free<OCSP_BASICRESP_free>>;
using CertIdPtr = std::unique_ptr<OCSP_CERTID, Free<OCSP_CERTID_free>>;
using ResponsePtr = std::unique_ptr<OCSP_RESPONSE, Free<OCSP_RESPONSE_free>>;

using Signer = OcspOptions::Signer;

/// What cannot fail in a test: a broken OpenSSL ends the test program.
void require(bool fine) {
  if (!fine) {
    std::abort();
  }
}

TimePtr to_asn1(TimePoint time) {
  return TimePtr(ASN1_GENERALIZEDTIME_set(
      nullptr,
      std::chrono::system_clock::to_time_t(std::chrono::floor<std::chrono::seconds>(time))));
}

int status_of(OcspOptions::Says says) {
  switch (says) {
    case OcspOptions::Says::Good:
      return V_OCSP_CERTSTATUS_GOOD;
    case OcspOptions::Says::Revoked:
      return V_OCSP_CERTSTATUS_REVOKED;
    case OcspOptions::Says::Unknown:
      break;
  }
  return V_OCSP_CERTSTATUS_UNKNOWN;
}

/// One that the CA has certified, with or without the OCSPSigning usage (RFC 6960 §4.2.2.2).
Certificate make_delegate(const TestCa& ca, const PrivateKey& key, bool with_usage) {
  // ExtKeyUsageSyntax of id-kp-OCSPSigning (1.3.6.1.5.5.7.3.9).
  static constexpr unsigned char kUsage[] = {0x30, 0x0a, 0x06, 0x08, 0x2b, 0x06,
                                             0x01, 0x05, 0x05, 0x07, 0x03, 0x09};
  CertificateBuilder builder(native_handle(key), ca.intermediate().validity());
  builder.subject("Responder").basic_constraints(Authority::No).subject_key_id();
  if (with_usage) {
    builder.extension("2.5.29.37", Criticality::Plain, kUsage);
  }
  auto made = builder.sign(native_handle(ca.intermediate()), native_handle(ca.key()));
  require(made.has_value());
  return std::move(made).value();
}

void sign(OCSP_BASICRESP* basic, const TestCa& ca, Signer signer) {
  if (signer == Signer::Issuer) {
    require(OCSP_basic_sign(basic, native_handle(ca.intermediate()), native_handle(ca.key()),
                            EVP_sha256(), nullptr, 0) == 1);
    return;
  }
  const PrivateKey& key = shared_ec_key();
  const Certificate own = signer == Signer::Stranger
                              ? make_delegate(TestCa("Stranger"), key, true)
                              : make_delegate(ca, key, signer == Signer::Delegate);
  require(OCSP_basic_sign(basic, native_handle(own), native_handle(key), EVP_sha256(), nullptr,
                          0) == 1);
}

Bytes to_der(OCSP_RESPONSE* response) {
  unsigned char* encoded = nullptr;
  const int length = i2d_OCSP_RESPONSE(response, &encoded);
  const std::unique_ptr<unsigned char, FreeMemory> owner(encoded);
  require(length > 0);
  return {encoded, encoded + length};
}

}  // namespace

Bytes make_ocsp_answer(const TestCa& ca, const Certificate& certificate,
                       const OcspOptions& options) {
  if (options.refusal != 0) {
    return to_der(ResponsePtr(OCSP_response_create(options.refusal, nullptr)).get());
  }
  const BasicResponsePtr basic(OCSP_BASICRESP_new());
  const EVP_MD* const hash = options.hash == OcspOptions::Hash::Sha1 ? EVP_sha1() : EVP_sha256();
  const CertIdPtr id(
      OCSP_cert_to_id(hash, native_handle(certificate), native_handle(ca.intermediate())));
  const TimePtr from = to_asn1(options.this_update);
  const TimePtr until = options.next_update ? to_asn1(*options.next_update) : nullptr;
  const int status = status_of(options.says);
  const bool revoked = status == V_OCSP_CERTSTATUS_REVOKED;
  require(OCSP_basic_add1_status(
              basic.get(), id.get(), status, revoked ? OCSP_REVOKED_STATUS_KEYCOMPROMISE : -1,
              revoked ? from.get() : nullptr, from.get(), until.get()) != nullptr);
  sign(basic.get(), ca, options.signer);
  return to_der(
      ResponsePtr(OCSP_response_create(OCSP_RESPONSE_STATUS_SUCCESSFUL, basic.get())).get());
}

}  // namespace md::crypto::testing
