// SPDX-License-Identifier: Apache-2.0
#include "crypto/testing/test_ca.h"

#include <algorithm>
#include <chrono>
#include <cstdlib>

#include "crypto/internal/certificate_builder.h"
#include "crypto/internal/errors.h"
#include "crypto/internal/handles.h"
#include "crypto/native.h"

namespace md::crypto::testing {
namespace {

using std::chrono::day;
using std::chrono::month;
using std::chrono::sys_days;
using std::chrono::year;

/// What cannot fail in a test: a broken OpenSSL ends the test program.
template <class T>
T certain(Result<T> result) {
  if (!result) {
    std::abort();
  }
  return std::move(result).value();
}

model::Validity of_authority() {
  return {TimePoint(sys_days(year(2000) / month(1) / day(1))),
          TimePoint(sys_days(year(2100) / month(1) / day(1)))};
}

Certificate make_root(const PrivateKey& key, const std::string& name) {
  return certain(CertificateBuilder(native_handle(key), of_authority())
                     .subject(name)
                     .basic_constraints(Authority::Yes)
                     .subject_key_id()
                     .sign(nullptr, native_handle(key)));
}

Certificate make_intermediate(const PrivateKey& key, const Certificate& root,
                              const std::string& name) {
  return certain(CertificateBuilder(native_handle(key), of_authority())
                     .subject(name)
                     .basic_constraints(Authority::Yes)
                     .subject_key_id()
                     .authority_key_id(native_handle(root))
                     .sign(native_handle(root), native_handle(key)));
}

Result<CsrPtr> parse_csr(std::span<const unsigned char> der) {
  const unsigned char* position = der.data();
  CsrPtr csr(d2i_X509_REQ(nullptr, &position, static_cast<long>(der.size())));
  if (csr == nullptr || position != der.data() + der.size()) {
    return openssl_failure("read the CSR", ErrorKind::InvalidInput);
  }
  EVP_PKEY* const key = X509_REQ_get0_pubkey(csr.get());
  if (key == nullptr || X509_REQ_verify(csr.get(), key) != 1) {
    return openssl_failure("verify the CSR's signature", ErrorKind::InvalidInput);
  }
  return csr;
}

std::string text_of(const ASN1_STRING* text) {
  return {reinterpret_cast<const char*>(ASN1_STRING_get0_data(text)),
          static_cast<std::size_t>(ASN1_STRING_length(text))};
}

std::string common_name_of(X509_REQ* csr) {
  const X509_NAME* const subject = X509_REQ_get_subject_name(csr);
  const int at = X509_NAME_get_index_by_NID(subject, NID_commonName, -1);
  return at < 0 ? "" : text_of(X509_NAME_ENTRY_get_data(X509_NAME_get_entry(subject, at)));
}

std::string address_of(const ASN1_STRING* bytes) {
  return model::address_text(
      {ASN1_STRING_get0_data(bytes), static_cast<std::size_t>(ASN1_STRING_length(bytes))});
}

CsrContents contents_of(X509_REQ* csr) {
  CsrContents contents;
  contents.common_name = common_name_of(csr);
  const ExtensionsPtr extensions(X509_REQ_get_extensions(csr));
  const GeneralNamesPtr names(static_cast<GENERAL_NAMES*>(
      X509V3_get_d2i(extensions.get(), NID_subject_alt_name, nullptr, nullptr)));
  for (int i = 0; names != nullptr && i < sk_GENERAL_NAME_num(names.get()); ++i) {
    int type = 0;
    const void* const value = GENERAL_NAME_get0_value(sk_GENERAL_NAME_value(names.get(), i), &type);
    if (type == GEN_DNS) {
      contents.dns_names.push_back(text_of(static_cast<const ASN1_STRING*>(value)));
    } else if (type == GEN_IPADD) {
      contents.addresses.push_back(address_of(static_cast<const ASN1_STRING*>(value)));
    }
  }
  contents.must_staple = X509v3_get_ext_by_NID(extensions.get(), NID_tlsfeature, -1) >= 0;
  return contents;
}

Result<std::vector<model::DnsName>> parse_names(const std::vector<std::string>& texts) {
  std::vector<model::DnsName> names;
  for (const std::string& text : texts) {
    MD_ASSIGN_OR_RETURN(model::DnsName name, model::DnsName::parse(text));
    names.push_back(std::move(name));
  }
  return names;
}

/// What goes into a leaf.
struct Leaf {
  EVP_PKEY* key;
  std::vector<model::DnsName> names;
  model::Validity validity;
  bool must_staple;
};

Result<std::vector<Certificate>> issue_leaf(const TestCa& ca, const Leaf& leaf,
                                            const IssueOptions& options) {
  const auto& names = options.other_names ? *options.other_names : leaf.names;
  EVP_PKEY* const key = options.other_key ? native_handle(*options.other_key) : leaf.key;
  CertificateBuilder builder(key, leaf.validity);
  builder.subject(common_name(names)).basic_constraints(Authority::No).subject_key_id();
  if (!names.empty()) {
    builder.names(names);
  }
  if (!options.serial.empty()) {
    builder.serial(options.serial);
  }
  if (options.authority_key_id) {
    builder.authority_key_id(native_handle(ca.intermediate()));
  }
  if (options.must_staple || leaf.must_staple) {
    builder.must_staple();
  }
  if (!options.ocsp_url.empty()) {
    builder.ocsp_url(options.ocsp_url);
  }
  if (!options.timestamps.empty()) {
    const OctetStringPtr list(ASN1_OCTET_STRING_new());
    ASN1_OCTET_STRING_set(list.get(), options.timestamps.data(),
                          static_cast<int>(options.timestamps.size()));
    Bytes der(static_cast<std::size_t>(i2d_ASN1_OCTET_STRING(list.get(), nullptr)));
    unsigned char* end = der.data();
    i2d_ASN1_OCTET_STRING(list.get(), &end);
    builder.extension("1.3.6.1.4.1.11129.2.4.2", Criticality::Plain, der);
  }
  MD_ASSIGN_OR_RETURN(Certificate certificate,
                      builder.sign(native_handle(ca.intermediate()), native_handle(ca.key())));
  std::vector<Certificate> chain{std::move(certificate)};
  if (options.intermediate_in_chain) {
    chain.push_back(ca.intermediate());
  }
  return chain;
}

}  // namespace

const PrivateKey& shared_ec_key() {
  static const PrivateKey key = certain(PrivateKey::generate(model::KeySpec::ec("P-256")));
  return key;
}

const PrivateKey& shared_rsa_key() {
  static const PrivateKey key = certain(PrivateKey::generate(model::KeySpec::rsa(2048)));
  return key;
}

Result<CsrContents> read_csr(std::span<const unsigned char> der) {
  const CleanErrors clean;
  MD_ASSIGN_OR_RETURN(const CsrPtr csr, parse_csr(der));
  return contents_of(csr.get());
}

TestCa::TestCa(std::string_view name)
    : key_(certain(PrivateKey::generate(model::KeySpec::ec("P-256")))),
      root_(make_root(key_, std::string(name) + " Root")),
      intermediate_(make_intermediate(key_, root_, std::string(name) + " Intermediate")) {}

Result<std::vector<Certificate>> TestCa::issue_from_csr(std::span<const unsigned char> der,
                                                        const model::Validity& validity,
                                                        const IssueOptions& options) const {
  const CleanErrors clean;
  MD_ASSIGN_OR_RETURN(const CsrPtr csr, parse_csr(der));
  const CsrContents contents = contents_of(csr.get());
  std::vector<std::string> texts = contents.dns_names;
  texts.insert(texts.end(), contents.addresses.begin(), contents.addresses.end());
  MD_ASSIGN_OR_RETURN(std::vector<model::DnsName> names, parse_names(texts));
  const Leaf leaf{X509_REQ_get0_pubkey(csr.get()), std::move(names), validity,
                  contents.must_staple};
  return issue_leaf(*this, leaf, options);
}

Result<std::vector<Certificate>> TestCa::issue(const std::vector<model::DnsName>& names,
                                               const PrivateKey& key,
                                               const model::Validity& validity,
                                               const IssueOptions& options) const {
  const CleanErrors clean;
  return issue_leaf(*this, Leaf{native_handle(key), names, validity, false}, options);
}

std::string TestCa::root_pem() const {
  return certain(root_.to_pem());
}

}  // namespace md::crypto::testing
