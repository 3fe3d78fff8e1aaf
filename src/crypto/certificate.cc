// SPDX-License-Identifier: Apache-2.0
#include "crypto/certificate.h"

#include <algorithm>
#include <unordered_set>

#include "base/text.h"
#include "crypto/internal/asn1_time.h"
#include "crypto/internal/errors.h"
#include "crypto/internal/handles.h"
#include "crypto/internal/key_spec.h"
#include "crypto/internal/pem.h"
#include "crypto/native.h"

namespace md::crypto {
namespace {

constexpr std::size_t kMaxCertificate = 1 << 20;
constexpr std::size_t kMaxChainFile = 16 << 20;
constexpr long kStatusRequest = 5;  // RFC 6066 §8

/// The content of an extension, null if it is absent, repeated or unreadable.
template <class Ptr>
Ptr find_extension(X509* x509, int nid) {
  return Ptr(static_cast<typename Ptr::pointer>(X509_get_ext_d2i(x509, nid, nullptr, nullptr)));
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

Names names_of(X509* x509) {
  Names names;
  const auto general = find_extension<GeneralNamesPtr>(x509, NID_subject_alt_name);
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
  explicit Coverage(X509* x509) {
    Names names = names_of(x509);
    dns_.insert(names.dns.begin(), names.dns.end());
    addresses_ = std::move(names.addresses);
  }

  [[nodiscard]] bool has(const model::DnsName& name) const {
    const std::string& text = name.text();
    if (dns_.contains(text) || has_address(text)) {
      return true;
    }
    const auto dot = text.find('.');
    return !name.is_wildcard() && dot != std::string::npos && dns_.contains("*" + text.substr(dot));
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
  const unsigned char* position = der.data();
  X509Ptr x509(d2i_X509(nullptr, &position, static_cast<long>(der.size())));
  if (x509 == nullptr) {
    return openssl_failure("read the certificate", ErrorKind::Corrupt);
  }
  if (position != der.data() + der.size()) {
    return fail(ErrorKind::Corrupt, "read the certificate: something follows it");
  }
  return adopt(std::move(x509));
}

bool is_certificate(const std::string& name) {
  return name == PEM_STRING_X509 || name == PEM_STRING_X509_OLD;
}

}  // namespace

X509* native_handle(const Certificate& certificate) {
  return certificate.native().x509.get();
}

Result<Certificate> adopt(X509Ptr x509) {
  model::Validity validity;
  MD_ASSIGN_OR_RETURN_CONTEXT(validity.from, to_time_point(X509_get0_notBefore(x509.get())),
                              "read the certificate");
  MD_ASSIGN_OR_RETURN_CONTEXT(validity.until, to_time_point(X509_get0_notAfter(x509.get())),
                              "read the certificate");
  return Certificate(
      std::make_shared<const Certificate::Native>(Certificate::Native{std::move(x509), validity}));
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
  const CleanErrors clean;
  const int size = i2d_X509(native_handle(*this), nullptr);
  if (size <= 0) {
    return openssl_failure("write the certificate");
  }
  Bytes der(static_cast<std::size_t>(size));
  unsigned char* position = der.data();
  i2d_X509(native_handle(*this), &position);
  return der;
}

Result<std::string> Certificate::to_pem() const {
  MD_ASSIGN_OR_RETURN(const Bytes der, to_der());
  const CleanErrors clean;
  MD_ASSIGN_OR_RETURN(const SecretBytes pem, to_pem_block(PEM_STRING_X509, der));
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
  return names_of(native_handle(*this)).dns;
}

bool Certificate::covers(const model::DnsName& name) const {
  const CleanErrors clean;
  return Coverage(native_handle(*this)).has(name);
}

bool Certificate::covers_all(const std::vector<model::DnsName>& names) const {
  const CleanErrors clean;
  const Coverage coverage(native_handle(*this));
  return std::all_of(names.begin(), names.end(),
                     [&](const model::DnsName& name) { return coverage.has(name); });
}

bool Certificate::matches(const PrivateKey& key) const {
  const CleanErrors clean;
  const EVP_PKEY* const own = X509_get0_pubkey(native_handle(*this));
  return own != nullptr && EVP_PKEY_eq(own, native_handle(key)) == 1;
}

bool Certificate::fits(const model::KeySpec& wanted) const {
  const CleanErrors clean;
  EVP_PKEY* const own = X509_get0_pubkey(native_handle(*this));
  return own != nullptr && crypto::fits(key_spec(own), wanted);
}

std::string Certificate::serial() const {
  const ASN1_INTEGER* const number = X509_get0_serialNumber(native_handle(*this));
  std::string hex = encode_hex(bytes_of(number));
  std::transform(hex.begin(), hex.end(), hex.begin(),
                 [](char c) { return c >= 'a' ? static_cast<char>(c - 'a' + 'A') : c; });
  return ASN1_STRING_type(number) == V_ASN1_NEG_INTEGER ? "-" + hex : hex;
}

std::string Certificate::issuer_name() const {
  const CleanErrors clean;
  return one_line(X509_get_issuer_name(native_handle(*this)));
}

std::string Certificate::subject_name() const {
  const CleanErrors clean;
  return one_line(X509_get_subject_name(native_handle(*this)));
}

std::string Certificate::sha256_fingerprint() const {
  const CleanErrors clean;
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned size = 0;
  X509_digest(native_handle(*this), EVP_sha256(), digest.data(), &size);
  return encode_hex(std::span(digest).first(size));
}

std::array<unsigned char, 20> Certificate::sha1_id() const {
  const CleanErrors clean;
  std::array<unsigned char, 20> digest{};
  unsigned size = 0;
  X509_digest(native_handle(*this), EVP_sha1(), digest.data(), &size);
  return digest;
}

std::optional<std::string> Certificate::ari_cert_id() const {
  using AuthorityKeyIdPtr = std::unique_ptr<AUTHORITY_KEYID, Free<AUTHORITY_KEYID_free>>;
  const CleanErrors clean;
  X509* const x509 = native_handle(*this);
  const auto authority = find_extension<AuthorityKeyIdPtr>(x509, NID_authority_key_identifier);
  if (authority == nullptr || authority->keyid == nullptr) {
    return std::nullopt;
  }
  return encode_base64url(bytes_of(authority->keyid)) + "." +
         encode_base64url(der_content(X509_get0_serialNumber(x509)));
}

bool Certificate::must_staple() const {
  using FeaturesPtr = std::unique_ptr<TLS_FEATURE, Free<TLS_FEATURE_free>>;
  const CleanErrors clean;
  const auto features = find_extension<FeaturesPtr>(native_handle(*this), NID_tlsfeature);
  for (int i = 0; features != nullptr && i < sk_ASN1_INTEGER_num(features.get()); ++i) {
    if (ASN1_INTEGER_get(sk_ASN1_INTEGER_value(features.get(), i)) == kStatusRequest) {
      return true;
    }
  }
  return false;
}

std::optional<std::string> Certificate::ocsp_responder_url() const {
  const CleanErrors clean;
  const TextsPtr urls(X509_get1_ocsp(native_handle(*this)));
  if (urls == nullptr || sk_OPENSSL_STRING_num(urls.get()) == 0) {
    return std::nullopt;
  }
  return std::string(sk_OPENSSL_STRING_value(urls.get(), 0));
}

bool Certificate::is_self_signed() const {
  constexpr int kByNamesAlone = 0;
  const CleanErrors clean;
  return X509_self_signed(native_handle(*this), kByNamesAlone) == 1;
}

}  // namespace md::crypto
