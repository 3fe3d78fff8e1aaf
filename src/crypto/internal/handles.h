// SPDX-License-Identifier: Apache-2.0
#pragma once

// Owners of what OpenSSL hands out. Nothing here leaves the layer.

#include <openssl/bio.h>
#include <openssl/bn.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/kdf.h>
#include <openssl/param_build.h>
#include <openssl/pem.h>
#include <openssl/pkcs12.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include <memory>
#include <mutex>

#include "crypto/certificate.h"
#include "crypto/internal/certificate_fields.h"
#include "crypto/private_key.h"
#include "model/validity.h"

namespace md::crypto {

template <auto Release>
struct Free {
  template <class T>
  void operator()(T* handle) const noexcept {
    Release(handle);
  }
};

/// For what OPENSSL_malloc made.
struct FreeMemory {
  template <class T>
  void operator()(T* memory) const noexcept {
    OPENSSL_free(memory);
  }
};

struct FreeExtensions {
  void operator()(STACK_OF(X509_EXTENSION) * extensions) const noexcept {
    sk_X509_EXTENSION_pop_free(extensions, X509_EXTENSION_free);
  }
};

/// The stack alone: who has put certificates into it keeps them.
struct FreeCertificateStack {
  void operator()(STACK_OF(X509) * stack) const noexcept { sk_X509_free(stack); }
};

using AlgorithmPtr = std::unique_ptr<X509_ALGOR, Free<X509_ALGOR_free>>;
using BasicConstraintsPtr = std::unique_ptr<BASIC_CONSTRAINTS, Free<BASIC_CONSTRAINTS_free>>;
using BignumPtr = std::unique_ptr<BIGNUM, Free<BN_clear_free>>;
using BioPtr = std::unique_ptr<BIO, Free<BIO_free>>;
using BorrowedCertificates = std::unique_ptr<STACK_OF(X509), FreeCertificateStack>;
using CipherContextPtr = std::unique_ptr<EVP_CIPHER_CTX, Free<EVP_CIPHER_CTX_free>>;
using CsrPtr = std::unique_ptr<X509_REQ, Free<X509_REQ_free>>;
using DigestContextPtr = std::unique_ptr<EVP_MD_CTX, Free<EVP_MD_CTX_free>>;
using EcdsaSignaturePtr = std::unique_ptr<ECDSA_SIG, Free<ECDSA_SIG_free>>;
using EncryptedKeyPtr = std::unique_ptr<X509_SIG, Free<X509_SIG_free>>;
using ExtensionPtr = std::unique_ptr<X509_EXTENSION, Free<X509_EXTENSION_free>>;
using ExtensionsPtr = std::unique_ptr<STACK_OF(X509_EXTENSION), FreeExtensions>;
using GeneralNamePtr = std::unique_ptr<GENERAL_NAME, Free<GENERAL_NAME_free>>;
using GeneralNamesPtr = std::unique_ptr<GENERAL_NAMES, Free<GENERAL_NAMES_free>>;
using IntegerPtr = std::unique_ptr<ASN1_INTEGER, Free<ASN1_INTEGER_free>>;
using KdfContextPtr = std::unique_ptr<EVP_KDF_CTX, Free<EVP_KDF_CTX_free>>;
using KdfPtr = std::unique_ptr<EVP_KDF, Free<EVP_KDF_free>>;
using ObjectPtr = std::unique_ptr<ASN1_OBJECT, Free<ASN1_OBJECT_free>>;
using ParamBuilderPtr = std::unique_ptr<OSSL_PARAM_BLD, Free<OSSL_PARAM_BLD_free>>;
using ParamsPtr = std::unique_ptr<OSSL_PARAM, Free<OSSL_PARAM_free>>;
using OctetStringPtr = std::unique_ptr<ASN1_OCTET_STRING, Free<ASN1_OCTET_STRING_free>>;
using PkeyContextPtr = std::unique_ptr<EVP_PKEY_CTX, Free<EVP_PKEY_CTX_free>>;
using PkeyPtr = std::unique_ptr<EVP_PKEY, Free<EVP_PKEY_free>>;
using PlainKeyPtr = std::unique_ptr<PKCS8_PRIV_KEY_INFO, Free<PKCS8_PRIV_KEY_INFO_free>>;
using TextPtr = std::unique_ptr<char, FreeMemory>;
using X509Ptr = std::unique_ptr<X509, Free<X509_free>>;
using TrustStorePtr = std::unique_ptr<X509_STORE, Free<X509_STORE_free>>;

struct PrivateKey::Native {
  PkeyPtr key;
};

/// Immutable but for the handle, which is made on demand: only whoever serves the certificate or
/// compares keys of a rare kind needs it, and making it costs 200 µs (certificate_fields.h).
struct Certificate::Native {
  Bytes der;
  CertificateFieldsPtr fields;
  model::Validity validity;
  mutable std::once_flag made_handle;
  mutable X509Ptr handle;
};

/// The border into the value class. A key that is neither RSA nor EC over a named curve:
/// InvalidInput.
Result<PrivateKey> adopt(PkeyPtr key);

}  // namespace md::crypto
