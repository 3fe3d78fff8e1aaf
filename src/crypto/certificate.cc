// SPDX-License-Identifier: Apache-2.0
#include "crypto/certificate.h"

#include <openssl/ct.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdint>
#include <unordered_set>

#include "base/text.h"
#include "crypto/digest.h"
#include "crypto/internal/asn1_time.h"
#include "crypto/internal/errors.h"
#include "crypto/internal/handles.h"
#include "crypto/internal/pem.h"
#include "crypto/internal/public_key.h"
#include "crypto/native.h"

namespace md::crypto {
namespace {

using AuthorityKeyIdPtr = std::unique_ptr<AUTHORITY_KEYID, Free<AUTHORITY_KEYID_free>>;

// OpenSSL's clients take no longer chain.
constexpr std::size_t kMaxCertificate = 100 << 10;
constexpr std::size_t kMaxChainFile = 16 << 20;
constexpr long kStatusRequest = 5;  // RFC 6066 §8
// Of the year 2200: what comes from outside must fit in a TimePoint.
constexpr std::uint64_t kLastMillisecond = 7'258'118'400'000;

const ToBeSignedFields& fields_of(const Certificate& certificate) {
  return *certificate.native().fields->to_be_signed;
}

/// The content of an extension, null if it is absent, repeated or unreadable.
template <class Ptr>
Ptr find_extension(const Certificate& certificate, int nid) {
  const auto* const extensions = fields_of(certificate).extensions;
  return Ptr(static_cast<typename Ptr::pointer>(X509V3_get_d2i(extensions, nid, nullptr, nullptr)));
}

std::span<const unsigned char> bytes_of(const ASN1_STRING* text) {
  return {ASN1_STRING_get0_data(text), static_cast<std::size_t>(ASN1_STRING_length(text))};
}

std::string text_of(std::span<const unsigned char> bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

/// A name that looks like another one where a C string ends is none.
bool has_control_characters(std::string_view text) {
  return std::any_of(text.begin(), text.end(), [](char c) { return c >= 0 && c < ' '; });
}

/// What a certificate names: host names in lower case, addresses in the bytes of network order.
struct Names {
  std::vector<std::string> dns;
  std::vector<std::string> addresses;
};

Names names_of(const Certificate& certificate) {
  Names names;
  const auto general = find_extension<GeneralNamesPtr>(certificate, NID_subject_alt_name);
  for (int i = 0; general != nullptr && i < sk_GENERAL_NAME_num(general.get()); ++i) {
    int type = 0;
    const void* const value =
        GENERAL_NAME_get0_value(sk_GENERAL_NAME_value(general.get(), i), &type);
    if (type == GEN_DNS) {
      std::string name = to_lower(text_of(bytes_of(static_cast<const ASN1_STRING*>(value))));
      if (!has_control_characters(name)) {
        names.dns.push_back(std::move(name));
      }
    } else if (type == GEN_IPADD) {
      names.addresses.push_back(text_of(bytes_of(static_cast<const ASN1_STRING*>(value))));
    }
  }
  return names;
}

/// Answers "is this name covered?" for many names of one certificate.
class Coverage {
 public:
  explicit Coverage(const Certificate& certificate) {
    Names names = names_of(certificate);
    dns_.insert(names.dns.begin(), names.dns.end());
    addresses_ = std::move(names.addresses);
  }

  [[nodiscard]] bool has(const model::DnsName& name) const {
    const std::string& text = name.text();
    if (dns_.contains(text) || has_address(text)) {
      return true;
    }
    const auto dot = text.find('.');
    return name.is_valid() && !name.is_wildcard() && dot != std::string::npos &&
           dns_.contains("*" + text.substr(dot));
  }

 private:
  [[nodiscard]] bool has_address(const std::string& text) const {
    if (addresses_.empty()) {
      return false;
    }
    const OctetStringPtr address(a2i_IPADDRESS(text.c_str()));
    return address != nullptr && std::find(addresses_.begin(), addresses_.end(),
                                           text_of(bytes_of(address.get()))) != addresses_.end();
  }

  std::unordered_set<std::string> dns_;
  std::vector<std::string> addresses_;
};

std::string one_line(const X509_NAME* name) {
  const TextPtr text(X509_NAME_oneline(name, nullptr, 0));
  return text != nullptr ? text.get() : "";
}

/// The content octets of the DER: with the zero in front that keeps a number positive.
Bytes der_content(const ASN1_INTEGER* number) {
  Bytes der(static_cast<std::size_t>(std::max(i2d_ASN1_INTEGER(number, nullptr), 0)));
  unsigned char* position = der.data();
  i2d_ASN1_INTEGER(number, &position);
  const unsigned char* content = der.data();
  long size = 0;
  int tag = 0;
  int type = 0;
  if ((ASN1_get_object(&content, &size, &tag, &type, static_cast<long>(der.size())) & 0x80) != 0) {
    return {};
  }
  return {content, content + size};
}

Result<Certificate> parse(std::span<const unsigned char> der) {
  if (der.size() > kMaxCertificate) {
    return fail(ErrorKind::Corrupt, "too large to be a certificate");
  }
  auto native = std::make_shared<Certificate::Native>();
  native->der.assign(der.begin(), der.end());
  MD_ASSIGN_OR_RETURN(native->fields, parse_certificate_fields(der));
  const ValidityFields& validity = *native->fields->to_be_signed->validity;
  MD_ASSIGN_OR_RETURN_CONTEXT(native->validity.from, to_time_point(validity.not_before),
                              "read the certificate");
  MD_ASSIGN_OR_RETURN_CONTEXT(native->validity.until, to_time_point(validity.not_after),
                              "read the certificate");
  return Certificate(std::move(native));
}

bool is_certificate(const std::string& name) {
  return name == PEM_STRING_X509 || name == PEM_STRING_X509_OLD;
}

}  // namespace

X509* native_handle(const Certificate& certificate) {
  const Certificate::Native& native = certificate.native();
  std::call_once(native.made_handle, [&native] {
    const CleanErrors clean;
    const unsigned char* position = native.der.data();
    native.handle.reset(d2i_X509(nullptr, &position, static_cast<long>(native.der.size())));
  });
  return native.handle.get();
}

Result<Certificate> Certificate::from_der(std::span<const unsigned char> der) {
  const CleanErrors clean;
  return parse(der);
}

Result<std::vector<Certificate>> Certificate::chain_from_pem(std::string_view pem) {
  const CleanErrors clean;
  if (pem.size() > kMaxChainFile) {
    return fail(ErrorKind::Corrupt, "too large to be a chain of certificates");
  }
  std::vector<Certificate> chain;
  PemReader reader(pem);
  auto block = reader.next();
  for (; block; block = reader.next()) {
    if (is_certificate(block->name)) {
      MD_ASSIGN_OR_RETURN(Certificate certificate, parse(block->der.bytes()));
      chain.push_back(std::move(certificate));
    }
  }
  if (block.error().kind != ErrorKind::NotFound) {
    return std::move(block).error();
  }
  if (chain.empty()) {
    return fail(ErrorKind::Corrupt, "no certificate in it");
  }
  return chain;
}

Result<Bytes> Certificate::to_der() const {
  return native_->der;
}

Result<std::string> Certificate::to_pem() const {
  const CleanErrors clean;
  MD_ASSIGN_OR_RETURN(const SecretBytes pem, to_pem_block(PEM_STRING_X509, native_->der));
  return std::string(pem.text());
}

Result<std::string> to_pem(const std::vector<Certificate>& chain) {
  std::string all;
  for (const Certificate& certificate : chain) {
    MD_ASSIGN_OR_RETURN(const std::string one, certificate.to_pem());
    all += one;
  }
  return all;
}

model::Validity Certificate::validity() const {
  return native_->validity;
}

std::vector<std::string> Certificate::dns_names() const {
  const CleanErrors clean;
  return names_of(*this).dns;
}

std::vector<std::string> Certificate::alternative_names() const {
  const CleanErrors clean;
  Names names = names_of(*this);
  for (const std::string& bytes : names.addresses) {
    if (std::string text = model::address_text(as_bytes(bytes)); !text.empty()) {
      names.dns.push_back(std::move(text));
    }
  }
  return std::move(names.dns);
}

bool Certificate::covers(const model::DnsName& name) const {
  const CleanErrors clean;
  return Coverage(*this).has(name);
}

bool Certificate::covers_all(const std::vector<model::DnsName>& names) const {
  const CleanErrors clean;
  const Coverage coverage(*this);
  return std::all_of(names.begin(), names.end(),
                     [&](const model::DnsName& name) { return coverage.has(name); });
}

bool Certificate::matches(const PrivateKey& key) const {
  const CleanErrors clean;
  if (is_public_key_of(*fields_of(*this).public_key, native_handle(key))) {
    return true;
  }
  // The same key in an unusual encoding, perhaps.
  X509* const x509 = native_handle(*this);
  const EVP_PKEY* const own = x509 != nullptr ? X509_get0_pubkey(x509) : nullptr;
  return own != nullptr && EVP_PKEY_eq(own, native_handle(key)) == 1;
}

bool Certificate::fits(const model::KeySpec& wanted) const {
  const CleanErrors clean;
  return crypto::fits(key_spec(*fields_of(*this).public_key), wanted);
}

std::string Certificate::serial() const {
  const ASN1_INTEGER* const number = fields_of(*this).serial;
  std::string hex = encode_hex(bytes_of(number));
  std::transform(hex.begin(), hex.end(), hex.begin(),
                 [](char c) { return c >= 'a' ? static_cast<char>(c - 'a' + 'A') : c; });
  return ASN1_STRING_type(number) == V_ASN1_NEG_INTEGER ? "-" + hex : hex;
}

std::string Certificate::issuer_name() const {
  const CleanErrors clean;
  return one_line(fields_of(*this).issuer);
}

std::string Certificate::subject_name() const {
  const CleanErrors clean;
  return one_line(fields_of(*this).subject);
}

std::string Certificate::sha256_fingerprint() const {
  return encode_hex(sha256(native_->der));
}

std::array<unsigned char, 20> Certificate::sha1_id() const {
  const CleanErrors clean;
  std::array<unsigned char, 20> digest{};
  const Bytes& der = native_->der;
  EVP_Digest(der.data(), der.size(), digest.data(), nullptr, EVP_sha1(), nullptr);
  return digest;
}

std::optional<std::string> Certificate::ari_cert_id() const {
  const CleanErrors clean;
  const auto authority = find_extension<AuthorityKeyIdPtr>(*this, NID_authority_key_identifier);
  if (authority == nullptr || authority->keyid == nullptr) {
    return std::nullopt;
  }
  return encode_base64url(bytes_of(authority->keyid)) + "." +
         encode_base64url(der_content(fields_of(*this).serial));
}

bool Certificate::must_staple() const {
  using FeaturesPtr = std::unique_ptr<TLS_FEATURE, Free<TLS_FEATURE_free>>;
  const CleanErrors clean;
  const auto features = find_extension<FeaturesPtr>(*this, NID_tlsfeature);
  for (int i = 0; features != nullptr && i < sk_ASN1_INTEGER_num(features.get()); ++i) {
    if (ASN1_INTEGER_get(sk_ASN1_INTEGER_value(features.get(), i)) == kStatusRequest) {
      return true;
    }
  }
  return false;
}

std::optional<std::string> Certificate::ocsp_responder_url() const {
  using AccessPtr = std::unique_ptr<AUTHORITY_INFO_ACCESS, Free<AUTHORITY_INFO_ACCESS_free>>;
  const CleanErrors clean;
  const auto access = find_extension<AccessPtr>(*this, NID_info_access);
  for (int i = 0; access != nullptr && i < sk_ACCESS_DESCRIPTION_num(access.get()); ++i) {
    const ACCESS_DESCRIPTION* const entry = sk_ACCESS_DESCRIPTION_value(access.get(), i);
    if (OBJ_obj2nid(entry->method) != NID_ad_OCSP || entry->location->type != GEN_URI) {
      continue;
    }
    std::string url = text_of(bytes_of(entry->location->d.uniformResourceIdentifier));
    if (!url.empty() && !has_control_characters(url)) {
      return url;
    }
  }
  return std::nullopt;
}

std::vector<SignedTimestamp> Certificate::timestamps() const {
  using SctsPtr = std::unique_ptr<STACK_OF(SCT), Free<SCT_LIST_free>>;
  const CleanErrors clean;
  const auto scts = find_extension<SctsPtr>(*this, NID_ct_precert_scts);
  std::vector<SignedTimestamp> timestamps;
  for (int i = 0; scts != nullptr && i < sk_SCT_num(scts.get()); ++i) {
    const SCT* const sct = sk_SCT_value(scts.get(), i);
    unsigned char* log = nullptr;
    unsigned char* signature = nullptr;
    const std::size_t log_size = SCT_get0_log_id(sct, &log);
    const std::size_t signature_size = SCT_get0_signature(sct, &signature);
    const std::chrono::milliseconds signed_at(
        std::min<std::uint64_t>(SCT_get_timestamp(sct), kLastMillisecond));
    const char* const type = OBJ_nid2ln(SCT_get_signature_nid(sct));
    timestamps.push_back({encode_hex({log, log_size}), TimePoint(signed_at),
                          encode_hex({signature, signature_size}), type == nullptr ? "" : type});
  }
  return timestamps;
}

bool Certificate::is_self_signed() const {
  const CleanErrors clean;
  const ToBeSignedFields& fields = fields_of(*this);
  if (X509_NAME_cmp(fields.subject, fields.issuer) != 0) {
    return false;
  }
  const auto subject_key = find_extension<OctetStringPtr>(*this, NID_subject_key_identifier);
  const auto authority = find_extension<AuthorityKeyIdPtr>(*this, NID_authority_key_identifier);
  return subject_key == nullptr || authority == nullptr || authority->keyid == nullptr ||
         ASN1_OCTET_STRING_cmp(subject_key.get(), authority->keyid) == 0;
}

}  // namespace md::crypto
