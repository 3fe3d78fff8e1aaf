// SPDX-License-Identifier: Apache-2.0
#include "crypto/internal/certificate_builder.h"

#include <openssl/rand.h>

#include <algorithm>
#include <array>
#include <chrono>

#include "crypto/internal/errors.h"
#include "crypto/internal/public_key.h"

namespace md::crypto {
namespace {

using model::DnsName;

constexpr std::size_t kMaxCommonName = 64;  // RFC 5280 appendix A.1, ub-common-name
constexpr long kStatusRequest = 5;          // RFC 6066 §8, the TLS extension to be promised

GeneralNamePtr general_name(const DnsName& name) {
  const Bytes address = model::address_bytes(name.text());
  const bool is_address = !address.empty();
  GeneralNamePtr general(GENERAL_NAME_new());
  ASN1_STRING* const value =
      ASN1_STRING_type_new(is_address ? V_ASN1_OCTET_STRING : V_ASN1_IA5STRING);
  if (general == nullptr || value == nullptr) {
    ASN1_STRING_free(value);
    return nullptr;
  }
  GENERAL_NAME_set0_value(general.get(), is_address ? GEN_IPADD : GEN_DNS, value);
  const unsigned char* const bytes =
      is_address ? address.data() : reinterpret_cast<const unsigned char*>(name.text().data());
  const std::size_t size = is_address ? address.size() : name.text().size();
  return ASN1_STRING_set(value, bytes, static_cast<int>(size)) == 1 ? std::move(general) : nullptr;
}

bool set_time(ASN1_TIME* field, TimePoint time) {
  const auto seconds = std::chrono::floor<std::chrono::seconds>(time.time_since_epoch());
  return ASN1_TIME_set(field, static_cast<std::time_t>(seconds.count())) != nullptr;
}

bool set_serial(X509* x509, const BIGNUM* number) {
  return number != nullptr && BN_to_ASN1_INTEGER(number, X509_get_serialNumber(x509)) != nullptr;
}

bool set_random_serial(X509* x509) {
  constexpr int kBits = 127;  // the highest one set and the sign not: 16 bytes of DER, always
  const BignumPtr number(BN_new());
  return number != nullptr &&
         BN_rand(number.get(), kBits, BN_RAND_TOP_ONE, BN_RAND_BOTTOM_ANY) == 1 &&
         set_serial(x509, number.get());
}

bool set_issuer(X509* x509, X509* issuer) {
  return X509_set_issuer_name(x509, X509_get_subject_name(issuer != nullptr ? issuer : x509)) == 1;
}

}  // namespace

GeneralNamesPtr alternative_names(const std::vector<DnsName>& names) {
  GeneralNamesPtr all(sk_GENERAL_NAME_new_null());
  for (const DnsName& name : names) {
    GeneralNamePtr one = general_name(name);
    if (all == nullptr || one == nullptr || sk_GENERAL_NAME_push(all.get(), one.get()) == 0) {
      return nullptr;
    }
    static_cast<void>(one.release());  // the list took it
  }
  return all;
}

ExtensionPtr must_staple_extension() {
  using FeaturesPtr = std::unique_ptr<TLS_FEATURE, Free<TLS_FEATURE_free>>;
  const FeaturesPtr features(TLS_FEATURE_new());
  IntegerPtr feature(ASN1_INTEGER_new());
  if (features == nullptr || feature == nullptr ||
      ASN1_INTEGER_set(feature.get(), kStatusRequest) != 1 ||
      sk_ASN1_INTEGER_push(features.get(), feature.get()) == 0) {
    return nullptr;
  }
  static_cast<void>(feature.release());  // the list took it
  return ExtensionPtr(X509V3_EXT_i2d(NID_tlsfeature, 0, features.get()));
}

bool set_common_name(X509_NAME* subject, std::string_view name) {
  return X509_NAME_add_entry_by_NID(subject, NID_commonName, MBSTRING_UTF8,
                                    reinterpret_cast<const unsigned char*>(name.data()),
                                    static_cast<int>(name.size()), -1, 0) == 1;
}

std::string common_name(const std::vector<DnsName>& names) {
  if (names.empty() || names.front().text().size() > kMaxCommonName || names.front().is_ip() ||
      !names.front().is_valid()) {
    return {};
  }
  return names.front().text();
}

CertificateBuilder::CertificateBuilder(EVP_PKEY* public_key, const model::Validity& validity)
    : x509_(X509_new()) {
  and_then(x509_ != nullptr && X509_set_version(x509_.get(), X509_VERSION_3) == 1 &&
           set_public_key(X509_get_X509_PUBKEY(x509_.get()), public_key) &&
           set_time(X509_getm_notBefore(x509_.get()), validity.from) &&
           set_time(X509_getm_notAfter(x509_.get()), validity.until));
}

CertificateBuilder& CertificateBuilder::and_then(bool done) {
  failed_ = failed_ || !done;
  return *this;
}

CertificateBuilder& CertificateBuilder::add(int nid, void* value, Criticality criticality) {
  return and_then(!failed_ && value != nullptr &&
                  X509_add1_ext_i2d(x509_.get(), nid, value,
                                    criticality == Criticality::Critical ? 1 : 0,
                                    X509V3_ADD_DEFAULT) == 1);
}

CertificateBuilder& CertificateBuilder::serial(std::string_view hex) {
  BIGNUM* raw = nullptr;
  const int digits = BN_hex2bn(&raw, std::string(hex).c_str());
  const BignumPtr number(raw);
  has_serial_ = true;
  return and_then(!failed_ && digits > 0 && static_cast<std::size_t>(digits) == hex.size() &&
                  set_serial(x509_.get(), number.get()));
}

CertificateBuilder& CertificateBuilder::subject(std::string_view common_name) {
  return and_then(!failed_ && (common_name.empty() ||
                               set_common_name(X509_get_subject_name(x509_.get()), common_name)));
}

CertificateBuilder& CertificateBuilder::names(const std::vector<DnsName>& names) {
  if (failed_) {
    return *this;
  }
  // RFC 5280 §4.2.1.6: critical where the subject is empty.
  const bool is_nameless = X509_NAME_entry_count(X509_get_subject_name(x509_.get())) == 0;
  return add(NID_subject_alt_name, alternative_names(names).get(),
             is_nameless ? Criticality::Critical : Criticality::Plain);
}

CertificateBuilder& CertificateBuilder::basic_constraints(Authority authority) {
  const BasicConstraintsPtr constraints(BASIC_CONSTRAINTS_new());
  if (constraints != nullptr) {
    constraints->ca = authority == Authority::Yes ? 0xFF : 0;  // DER's TRUE
  }
  return add(NID_basic_constraints, constraints.get(), Criticality::Critical);
}

CertificateBuilder& CertificateBuilder::subject_key_id() {
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned size = 0;
  const OctetStringPtr id(ASN1_OCTET_STRING_new());
  and_then(!failed_ && id != nullptr &&
           X509_pubkey_digest(x509_.get(), EVP_sha1(), digest.data(), &size) == 1 &&
           ASN1_OCTET_STRING_set(id.get(), digest.data(), static_cast<int>(size)) == 1);
  return add(NID_subject_key_identifier, id.get(), Criticality::Plain);
}

CertificateBuilder& CertificateBuilder::authority_key_id(X509* issuer) {
  using AuthorityKeyIdPtr = std::unique_ptr<AUTHORITY_KEYID, Free<AUTHORITY_KEYID_free>>;
  const AuthorityKeyIdPtr id(AUTHORITY_KEYID_new());
  const ASN1_OCTET_STRING* const key_id = X509_get0_subject_key_id(issuer);
  if (id == nullptr || key_id == nullptr) {
    return and_then(false);
  }
  id->keyid = ASN1_OCTET_STRING_dup(key_id);
  return add(NID_authority_key_identifier, id.get(), Criticality::Plain);
}

CertificateBuilder& CertificateBuilder::must_staple() {
  const ExtensionPtr extension = must_staple_extension();
  return and_then(!failed_ && extension != nullptr &&
                  X509_add_ext(x509_.get(), extension.get(), -1) == 1);
}

CertificateBuilder& CertificateBuilder::ocsp_url(const std::string& url) {
  const std::string value = "OCSP;URI:" + url;
  const ExtensionPtr extension(
      X509V3_EXT_conf_nid(nullptr, nullptr, NID_info_access, value.c_str()));
  return and_then(!failed_ && extension != nullptr &&
                  X509_add_ext(x509_.get(), extension.get(), -1) == 1);
}

CertificateBuilder& CertificateBuilder::extension(const char* oid, Criticality criticality,
                                                  std::span<const unsigned char> value) {
  constexpr int kDottedOnly = 1;
  const ObjectPtr object(OBJ_txt2obj(oid, kDottedOnly));
  const OctetStringPtr contents(ASN1_OCTET_STRING_new());
  if (failed_ || object == nullptr || contents == nullptr ||
      ASN1_OCTET_STRING_set(contents.get(), value.data(), static_cast<int>(value.size())) != 1) {
    return and_then(false);
  }
  const ExtensionPtr extension(X509_EXTENSION_create_by_OBJ(
      nullptr, object.get(), criticality == Criticality::Critical ? 1 : 0, contents.get()));
  return and_then(extension != nullptr && X509_add_ext(x509_.get(), extension.get(), -1) == 1);
}

CertificateBuilder& CertificateBuilder::issued_by(std::string_view common_name) {
  has_issuer_ = true;
  return and_then(!failed_ && set_common_name(X509_get_issuer_name(x509_.get()), common_name));
}

Result<Certificate> CertificateBuilder::sign(X509* issuer, EVP_PKEY* key) {
  and_then(!failed_ && (has_serial_ || set_random_serial(x509_.get())) &&
           (has_issuer_ || set_issuer(x509_.get(), issuer)) &&
           X509_sign(x509_.get(), key, EVP_sha256()) > 0);
  if (failed_) {
    return openssl_failure("make a certificate");
  }
  Bytes der(static_cast<std::size_t>(std::max(i2d_X509(x509_.get(), nullptr), 0)));
  unsigned char* position = der.data();
  i2d_X509(x509_.get(), &position);
  return Certificate::from_der(der);
}

}  // namespace md::crypto
