// SPDX-License-Identifier: Apache-2.0
#include "crypto/proven_key.h"

#include <openssl/evp.h>
#include <openssl/pem.h>

#include <array>

#include "crypto/internal/errors.h"
#include "crypto/internal/handles.h"
#include "crypto/internal/pem.h"
#include "crypto/native.h"

namespace md::crypto {
namespace {

bool is_plain_key(std::string_view name) {
  return name == PEM_STRING_PKCS8INF || name == PEM_STRING_RSA || name == PEM_STRING_ECPRIVATEKEY;
}

}  // namespace

Result<PrivateKey> key_from_encrypted_pem(std::string_view pem,
                                          std::span<const unsigned char> passphrase) {
  const CleanErrors clean;
  PemReader reader(pem);
  for (auto block = reader.next(); block && block->name != PEM_STRING_PKCS8;
       block = reader.next()) {
    if (is_plain_key(block->name)) {
      return fail(ErrorKind::Denied, "a private key that is not encrypted");
    }
  }
  return PrivateKey::from_pem(pem, passphrase);
}

bool is_consistent(const PrivateKey& key) {
  const CleanErrors clean;
  constexpr std::array<unsigned char, 32> kAnything{};
  EVP_PKEY* const handle = native_handle(key);
  const DigestContextPtr signing(EVP_MD_CTX_new());
  const DigestContextPtr verifying(EVP_MD_CTX_new());
  std::size_t size = 0;
  if (signing == nullptr || verifying == nullptr ||
      EVP_DigestSignInit(signing.get(), nullptr, EVP_sha256(), nullptr, handle) != 1 ||
      EVP_DigestSign(signing.get(), nullptr, &size, kAnything.data(), kAnything.size()) != 1) {
    return false;
  }
  Bytes signature(size);
  return EVP_DigestSign(signing.get(), signature.data(), &size, kAnything.data(),
                        kAnything.size()) == 1 &&
         EVP_DigestVerifyInit(verifying.get(), nullptr, EVP_sha256(), nullptr, handle) == 1 &&
         EVP_DigestVerify(verifying.get(), signature.data(), size, kAnything.data(),
                          kAnything.size()) == 1;
}

}  // namespace md::crypto
