// SPDX-License-Identifier: Apache-2.0
#include "crypto/certificate.h"
#include "crypto/internal/certificate_builder.h"
#include "crypto/internal/errors.h"
#include "crypto/native.h"

namespace md::crypto {
namespace {

/// The list takes the extension over, or it is freed.
bool append(STACK_OF(X509_EXTENSION) * list, ExtensionPtr extension) {
  if (list == nullptr || extension == nullptr ||
      sk_X509_EXTENSION_push(list, extension.get()) == 0) {
    return false;
  }
  static_cast<void>(extension.release());
  return true;
}

bool add_extensions(X509_REQ* csr, const std::vector<model::DnsName>& names, bool must_staple) {
  const ExtensionsPtr list(sk_X509_EXTENSION_new_null());
  const GeneralNamesPtr alternatives = alternative_names(names);
  if (alternatives == nullptr) {
    return false;
  }
  ExtensionPtr san(X509V3_EXT_i2d(NID_subject_alt_name, 0, alternatives.get()));
  return append(list.get(), std::move(san)) &&
         (!must_staple || append(list.get(), must_staple_extension())) &&
         X509_REQ_add_extensions(csr, list.get()) == 1;
}

}  // namespace

Result<Bytes> make_csr(const PrivateKey& key, const std::vector<model::DnsName>& names,
                       bool must_staple) {
  const CleanErrors clean;
  if (names.empty()) {
    return fail(ErrorKind::InvalidInput, "a certificate signing request needs a name");
  }
  const CsrPtr csr(X509_REQ_new());
  const std::string subject = common_name(names);
  if (csr == nullptr || X509_REQ_set_version(csr.get(), X509_REQ_VERSION_1) != 1 ||
      X509_REQ_set_pubkey(csr.get(), native_handle(key)) != 1 ||
      (!subject.empty() && !set_common_name(X509_REQ_get_subject_name(csr.get()), subject)) ||
      !add_extensions(csr.get(), names, must_staple) ||
      X509_REQ_sign(csr.get(), native_handle(key), EVP_sha256()) <= 0) {
    return openssl_failure("make a certificate signing request");
  }
  Bytes der(static_cast<std::size_t>(i2d_X509_REQ(csr.get(), nullptr)));
  unsigned char* position = der.data();
  i2d_X509_REQ(csr.get(), &position);
  return der;
}

}  // namespace md::crypto
