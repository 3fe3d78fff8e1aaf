// SPDX-License-Identifier: Apache-2.0
// Private keys to and from PEM and DER.
#include <fmt/format.h>
#include <openssl/err.h>

#include <string>

#include "base/text.h"
#include "crypto/internal/errors.h"
#include "crypto/internal/handles.h"
#include "crypto/internal/key_fields.h"
#include "crypto/internal/pem.h"
#include "crypto/native.h"
#include "crypto/private_key.h"

namespace md::crypto {
namespace {

constexpr std::size_t kMaxKeyFile = 1 << 20;  // an RSA key of 16384 bits has 13 KB
constexpr int kIterations = 2048;             // as mod_md's; the pass phrase is random
constexpr long kMaxIterations = 100'000;      // a twentieth of a second; ours have 2048

Error corrupt(std::string_view what) {
  drain_errors();
  return fail(ErrorKind::Corrupt, std::string(what));
}

Result<PrivateKey> from_pkcs8(const PKCS8_PRIV_KEY_INFO* info) {
  PkeyPtr key = key_of_common_form(info);
  if (key == nullptr) {
    drain_errors();
    key.reset(EVP_PKCS82PKEY(info));
  }
  if (key == nullptr) {
    return openssl_failure("read the private key", ErrorKind::Corrupt);
  }
  return adopt(std::move(key));
}

Result<PrivateKey> from_plain(std::span<const unsigned char> der) {
  const unsigned char* position = der.data();
  const PlainKeyPtr info(
      d2i_PKCS8_PRIV_KEY_INFO(nullptr, &position, static_cast<long>(der.size())));
  if (info == nullptr) {
    return openssl_failure("read the private key", ErrorKind::Corrupt);
  }
  return from_pkcs8(info.get());
}

/// The form of before PKCS#8: "RSA PRIVATE KEY", "EC PRIVATE KEY".
Result<PrivateKey> from_traditional(int type, std::span<const unsigned char> der) {
  const unsigned char* position = der.data();
  PkeyPtr key(d2i_PrivateKey(type, nullptr, &position, static_cast<long>(der.size())));
  if (key == nullptr) {
    return openssl_failure("read the private key", ErrorKind::Corrupt);
  }
  return adopt(std::move(key));
}

/// Only PBES2 with PBKDF2, and no more rounds than a start of the server can bear: staged keys
/// come from a directory that the server's children write.
Status check_encryption(const X509_ALGOR* algorithm) {
  const ASN1_OBJECT* object = nullptr;
  int type = 0;
  const void* parameter = nullptr;
  X509_ALGOR_get0(&object, &type, &parameter, algorithm);
  if (OBJ_obj2nid(object) != NID_pbes2 || type != V_ASN1_SEQUENCE) {
    return fail(ErrorKind::Crypto, "the private key is encrypted, but not with PBES2");
  }
  const std::unique_ptr<PBE2PARAM, Free<PBE2PARAM_free>> scheme(static_cast<PBE2PARAM*>(
      ASN1_item_unpack(static_cast<const ASN1_STRING*>(parameter), ASN1_ITEM_rptr(PBE2PARAM))));
  if (scheme == nullptr) {
    return corrupt("the private key's encryption is described in an unreadable way");
  }
  X509_ALGOR_get0(&object, &type, &parameter, scheme->keyfunc);
  if (OBJ_obj2nid(object) != NID_id_pbkdf2 || type != V_ASN1_SEQUENCE) {
    return fail(ErrorKind::Crypto, "the private key is encrypted, but not with PBKDF2");
  }
  const std::unique_ptr<PBKDF2PARAM, Free<PBKDF2PARAM_free>> derivation(static_cast<PBKDF2PARAM*>(
      ASN1_item_unpack(static_cast<const ASN1_STRING*>(parameter), ASN1_ITEM_rptr(PBKDF2PARAM))));
  if (derivation == nullptr) {
    return corrupt("the private key's encryption is described in an unreadable way");
  }
  const long iterations = ASN1_INTEGER_get(derivation->iter);
  if (iterations < 1 || iterations > kMaxIterations) {
    return corrupt("the private key's encryption has an absurd number of iterations");
  }
  return {};
}

Result<PrivateKey> from_encrypted(std::span<const unsigned char> der,
                                  std::span<const unsigned char> passphrase) {
  const unsigned char* position = der.data();
  const EncryptedKeyPtr sealed(d2i_X509_SIG(nullptr, &position, static_cast<long>(der.size())));
  if (sealed == nullptr) {
    return openssl_failure("read the encrypted private key", ErrorKind::Corrupt);
  }
  const X509_ALGOR* algorithm = nullptr;
  X509_SIG_get0(sealed.get(), &algorithm, nullptr);
  MD_TRY(check_encryption(algorithm));
  if (passphrase.empty()) {
    return fail(ErrorKind::Denied, "the private key is encrypted and there is no pass phrase");
  }
  const PlainKeyPtr info(PKCS8_decrypt(sealed.get(),
                                       reinterpret_cast<const char*>(passphrase.data()),
                                       static_cast<int>(passphrase.size())));
  if (info == nullptr) {
    return openssl_failure("decrypt the private key with the pass phrase", ErrorKind::Denied);
  }
  return from_pkcs8(info.get());
}

Result<PlainKeyPtr> to_pkcs8(EVP_PKEY* key) {
  PlainKeyPtr info(EVP_PKEY2PKCS8(key));
  if (info == nullptr) {
    return openssl_failure("write the private key");
  }
  return info;
}

Result<EncryptedKeyPtr> encrypt(PKCS8_PRIV_KEY_INFO* info,
                                std::span<const unsigned char> passphrase) {
  AlgorithmPtr algorithm(
      PKCS5_pbe2_set_iv(EVP_aes_256_cbc(), kIterations, nullptr, 0, nullptr, NID_hmacWithSHA256));
  if (algorithm == nullptr) {
    return openssl_failure("encrypt the private key");
  }
  EncryptedKeyPtr sealed(PKCS8_set0_pbe(reinterpret_cast<const char*>(passphrase.data()),
                                        static_cast<int>(passphrase.size()), info,
                                        algorithm.get()));
  if (sealed == nullptr) {
    return openssl_failure("encrypt the private key");
  }
  static_cast<void>(algorithm.release());  // PKCS8_set0_pbe took it
  return sealed;
}

}  // namespace

Result<PrivateKey> PrivateKey::from_pem(std::string_view pem,
                                        std::span<const unsigned char> passphrase) {
  const CleanErrors clean;
  if (pem.size() > kMaxKeyFile) {
    return fail(ErrorKind::Corrupt, "too large to be a private key");
  }
  PemReader reader(pem);
  for (auto block = reader.next();; block = reader.next()) {
    if (!block) {
      return block.error().kind == ErrorKind::NotFound ? corrupt("no private key in it")
                                                       : std::move(block).error();
    }
    const auto der = block->der.bytes();
    if (block->name == PEM_STRING_PKCS8INF) {
      return from_plain(der);
    }
    if (block->name == PEM_STRING_PKCS8) {
      return from_encrypted(der, passphrase);
    }
    if (block->name != PEM_STRING_RSA && block->name != PEM_STRING_ECPRIVATEKEY) {
      continue;  // "EC PARAMETERS", or a certificate in the same file
    }
    if (!block->headers.empty()) {
      return fail(ErrorKind::Denied, "a private key encrypted in the form of before PKCS#8");
    }
    return from_traditional(block->name == PEM_STRING_RSA ? EVP_PKEY_RSA : EVP_PKEY_EC, der);
  }
}

Result<PrivateKey> PrivateKey::from_der(std::span<const unsigned char> pkcs8) {
  const CleanErrors clean;
  if (pkcs8.size() > kMaxKeyFile) {
    return fail(ErrorKind::Corrupt, "too large to be a private key");
  }
  return from_plain(pkcs8);
}

Result<SecretBytes> PrivateKey::to_der() const {
  const CleanErrors clean;
  MD_ASSIGN_OR_RETURN(const PlainKeyPtr info, to_pkcs8(native_handle(*this)));
  const int size = i2d_PKCS8_PRIV_KEY_INFO(info.get(), nullptr);
  if (size <= 0) {
    return openssl_failure("write the private key");
  }
  SecretBytes der(static_cast<std::size_t>(size));
  unsigned char* position = der.bytes().data();
  i2d_PKCS8_PRIV_KEY_INFO(info.get(), &position);
  return der;
}

Result<SecretBytes> PrivateKey::to_pem() const {
  MD_ASSIGN_OR_RETURN(const SecretBytes der, to_der());
  const CleanErrors clean;
  return to_pem_block(PEM_STRING_PKCS8INF, der.bytes());
}

Result<std::string> PrivateKey::to_encrypted_pem(std::span<const unsigned char> passphrase) const {
  const CleanErrors clean;
  if (passphrase.empty()) {
    return fail(ErrorKind::InvalidInput, "a private key cannot be encrypted with no pass phrase");
  }
  MD_ASSIGN_OR_RETURN(const PlainKeyPtr info, to_pkcs8(native_handle(*this)));
  MD_ASSIGN_OR_RETURN(const EncryptedKeyPtr sealed, encrypt(info.get(), passphrase));
  const int size = i2d_X509_SIG(sealed.get(), nullptr);
  if (size <= 0) {
    return openssl_failure("write the encrypted private key");
  }
  Bytes der(static_cast<std::size_t>(size));
  unsigned char* position = der.data();
  i2d_X509_SIG(sealed.get(), &position);
  MD_ASSIGN_OR_RETURN(const SecretBytes pem, to_pem_block(PEM_STRING_PKCS8, der));
  return std::string(pem.text());
}

}  // namespace md::crypto
