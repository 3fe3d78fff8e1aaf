// SPDX-License-Identifier: Apache-2.0
#include "crypto/ocsp.h"

#include <fmt/format.h>
#include <openssl/ocsp.h>

#include <optional>

#include "base/text.h"
#include "crypto/internal/asn1_time.h"
#include "crypto/internal/errors.h"
#include "crypto/internal/handles.h"
#include "crypto/native.h"

namespace md::crypto {
namespace {

using BasicResponsePtr = std::unique_ptr<OCSP_BASICRESP, Free<OCSP_BASICRESP_free>>;
using CertIdPtr = std::unique_ptr<OCSP_CERTID, Free<OCSP_CERTID_free>>;
using RequestPtr = std::unique_ptr<OCSP_REQUEST, Free<OCSP_REQUEST_free>>;
using ResponsePtr = std::unique_ptr<OCSP_RESPONSE, Free<OCSP_RESPONSE_free>>;

// Clocks of responders and servers differ a little.
constexpr std::chrono::minutes kSkew{5};
constexpr std::chrono::hours kWithoutNextUpdate{12};

/// The certificate's id by that hash; null after a failure. From the fields: OpenSSL's own
/// certificates cost 200 µs each, and a start looks at the kept answers of thousands.
CertIdPtr id_of(const EVP_MD* hash, const Certificate& certificate, const Certificate& issuer) {
  const ToBeSignedFields& subject = *certificate.native().fields->to_be_signed;
  const ToBeSignedFields& by = *issuer.native().fields->to_be_signed;
  return CertIdPtr(OCSP_cert_id_new(hash, subject.issuer, by.public_key->bits, subject.serial));
}

Result<BasicResponsePtr> parse(std::span<const unsigned char> der) {
  if (der.size() > kMaxOcspAnswer) {
    return fail(ErrorKind::Corrupt, fmt::format("an OCSP answer of {} bytes, {} at most are taken",
                                                der.size(), kMaxOcspAnswer));
  }
  const unsigned char* position = der.data();
  const ResponsePtr response(d2i_OCSP_RESPONSE(nullptr, &position, static_cast<long>(der.size())));
  if (response == nullptr || position != der.data() + der.size()) {
    return fail(ErrorKind::Corrupt, "this is no OCSP answer");
  }
  const int status = OCSP_response_status(response.get());
  if (status != OCSP_RESPONSE_STATUS_SUCCESSFUL) {
    return fail(ErrorKind::Rejected,
                fmt::format("the responder says: {}", OCSP_response_status_str(status)));
  }
  BasicResponsePtr basic(OCSP_response_get1_basic(response.get()));
  if (basic == nullptr) {
    return fail(ErrorKind::Corrupt, "the OCSP answer holds nothing that can be read");
  }
  return basic;
}

/// Responders choose the hash of the ids in their answers themselves.
const EVP_MD* hash_of(const OCSP_SINGLERESP* single) {
  ASN1_OBJECT* algorithm = nullptr;
  auto* const id = const_cast<OCSP_CERTID*>(OCSP_SINGLERESP_get0_id(single));
  if (OCSP_id_get0_info(nullptr, &algorithm, nullptr, nullptr, id) != 1) {
    return nullptr;
  }
  return EVP_get_digestbyobj(algorithm);
}

Result<OCSP_SINGLERESP*> find_single(OCSP_BASICRESP* basic, const Certificate& certificate,
                                     const Certificate& issuer) {
  for (int i = 0; i < OCSP_resp_count(basic); ++i) {
    OCSP_SINGLERESP* const single = OCSP_resp_get0(basic, i);
    const EVP_MD* const hash = hash_of(single);
    const CertIdPtr wanted = hash != nullptr ? id_of(hash, certificate, issuer) : nullptr;
    if (wanted != nullptr && OCSP_id_cmp(wanted.get(), OCSP_SINGLERESP_get0_id(single)) == 0) {
      return single;
    }
  }
  return fail(ErrorKind::Rejected,
              fmt::format("the OCSP answer is not about the certificate with serial {} of its "
                          "issuer",
                          certificate.serial()));
}

/// The issuer is all the trust there is: whatever else an answer brings has to come from it.
Status verify_signature(OCSP_BASICRESP* basic, const Certificate& issuer, TimePoint now) {
  X509* const trusted = native_handle(issuer);
  const TrustStorePtr store(X509_STORE_new());
  const BorrowedCertificates known(sk_X509_new_null());
  if (trusted == nullptr || store == nullptr || known == nullptr ||
      X509_STORE_add_cert(store.get(), trusted) != 1 || sk_X509_push(known.get(), trusted) == 0) {
    return openssl_failure("prepare to verify an OCSP answer");
  }
  X509_VERIFY_PARAM* const parameters = X509_STORE_get0_param(store.get());
  X509_VERIFY_PARAM_set_time(parameters, std::chrono::system_clock::to_time_t(
                                             std::chrono::floor<std::chrono::seconds>(now)));
  X509_VERIFY_PARAM_set_flags(parameters, X509_V_FLAG_PARTIAL_CHAIN);
  if (OCSP_basic_verify(basic, known.get(), store.get(), 0) != 1) {
    return openssl_failure("the OCSP answer is not signed by the certificate's issuer",
                           ErrorKind::Rejected);
  }
  return {};
}

Result<model::Validity> validity_of(const ASN1_GENERALIZEDTIME* this_update,
                                    const ASN1_GENERALIZEDTIME* next_update) {
  model::Validity validity;
  MD_ASSIGN_OR_RETURN_CONTEXT(validity.from, to_time_point(this_update), "the answer's thisUpdate");
  validity.until = validity.from + kWithoutNextUpdate;
  if (next_update != nullptr) {
    MD_ASSIGN_OR_RETURN_CONTEXT(validity.until, to_time_point(next_update),
                                "the answer's nextUpdate");
  }
  if (validity.until <= validity.from) {
    return fail(ErrorKind::Corrupt,
                fmt::format("the OCSP answer ends ({}) before it begins ({})",
                            format_http_date(validity.until), format_http_date(validity.from)));
  }
  return validity;
}

Status check_current(const model::Validity& validity, TimePoint now) {
  if (validity.from > now + kSkew) {
    return fail(ErrorKind::Rejected,
                fmt::format("the OCSP answer is not valid before {}; is the clock right?",
                            format_http_date(validity.from)));
  }
  if (validity.until <= now) {
    return fail(ErrorKind::Rejected,
                fmt::format("the OCSP answer has expired on {}", format_http_date(validity.until)));
  }
  return {};
}

Result<OcspStatus> status_of(int status) {
  switch (status) {
    case V_OCSP_CERTSTATUS_GOOD:
      return OcspStatus::Good;
    case V_OCSP_CERTSTATUS_REVOKED:
      return OcspStatus::Revoked;
    default:
      return fail(ErrorKind::Rejected, "the responder does not know the certificate");
  }
}

}  // namespace

std::string_view name_of(OcspStatus status) {
  return status == OcspStatus::Good ? "good" : "revoked";
}

Result<Bytes> make_ocsp_request(const Certificate& certificate, const Certificate& issuer) {
  const CleanErrors clean;
  const RequestPtr request(OCSP_REQUEST_new());
  CertIdPtr id = id_of(EVP_sha1(), certificate, issuer);
  if (request == nullptr || id == nullptr ||
      OCSP_request_add0_id(request.get(), id.get()) == nullptr) {
    return openssl_failure("make an OCSP request");
  }
  static_cast<void>(id.release());  // the request has taken it over
  unsigned char* encoded = nullptr;
  const int length = i2d_OCSP_REQUEST(request.get(), &encoded);
  const std::unique_ptr<unsigned char, FreeMemory> owner(encoded);
  if (length <= 0) {
    return openssl_failure("encode an OCSP request");
  }
  return Bytes(encoded, encoded + length);
}

Result<OcspAnswer> check_ocsp_answer(std::span<const unsigned char> der,
                                     const Certificate& certificate, const Certificate& issuer,
                                     TimePoint now) {
  const CleanErrors clean;
  MD_ASSIGN_OR_RETURN(const BasicResponsePtr basic, parse(der));
  MD_ASSIGN_OR_RETURN(OCSP_SINGLERESP* const single, find_single(basic.get(), certificate, issuer));
  MD_TRY(verify_signature(basic.get(), issuer, now));
  ASN1_GENERALIZEDTIME* this_update = nullptr;
  ASN1_GENERALIZEDTIME* next_update = nullptr;
  const int said = OCSP_single_get0_status(single, nullptr, nullptr, &this_update, &next_update);
  OcspAnswer answer;
  MD_ASSIGN_OR_RETURN(answer.status, status_of(said));
  MD_ASSIGN_OR_RETURN(answer.validity, validity_of(this_update, next_update));
  MD_TRY(check_current(answer.validity, now));
  answer.der.assign(der.begin(), der.end());
  return answer;
}

}  // namespace md::crypto
