// SPDX-License-Identifier: Apache-2.0
#include "crypto/digest.h"

#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/params.h>
#include <openssl/rand.h>

#include <cstdlib>
#include <vector>

#include "crypto/internal/errors.h"
#include "crypto/internal/handles.h"

namespace md::crypto {
namespace {

constexpr std::size_t kDerivedSize = 32;

OSSL_PARAM octets(const char* name, std::span<const unsigned char> value) {
  // OSSL_PARAM's pointer is not const because parameters can also be asked for.
  return OSSL_PARAM_construct_octet_string(name, const_cast<unsigned char*>(value.data()),
                                           value.size());
}

}  // namespace

std::array<unsigned char, 32> sha256(std::span<const unsigned char> data) {
  const CleanErrors clean;
  std::array<unsigned char, 32> digest{};
  unsigned size = 0;
  if (EVP_Digest(data.data(), data.size(), digest.data(), &size, EVP_sha256(), nullptr) != 1) {
    std::abort();  // an OpenSSL without SHA-256 cannot do TLS, and a wrong digest would be believed
  }
  return digest;
}

Result<Bytes> hmac_sha256(std::span<const unsigned char> key, std::span<const unsigned char> data) {
  const CleanErrors clean;
  constexpr unsigned char kNothing = 0;  // null would mean: the key of before
  Bytes code(32);
  std::size_t size = 0;
  if (EVP_Q_mac(nullptr, "HMAC", nullptr, "SHA256", nullptr, key.empty() ? &kNothing : key.data(),
                key.size(), data.data(), data.size(), code.data(), code.size(), &size) == nullptr ||
      size != code.size()) {
    return openssl_failure("compute an HMAC");
  }
  return code;
}

Result<std::string> seal_of_texts(std::span<const unsigned char> secret, std::string_view purpose,
                                  std::initializer_list<std::string_view> texts) {
  MD_ASSIGN_OR_RETURN(const SecretBytes key, derive_key(secret, purpose));
  std::string sealed;
  for (const std::string_view& text : texts) {
    sealed.append(&text == texts.begin() ? 0 : 1, '\0').append(text);
  }
  MD_ASSIGN_OR_RETURN(const Bytes code, hmac_sha256(key.bytes(), as_bytes(sealed)));
  return encode_hex(code);
}

bool is_same_secret(std::string_view a, std::string_view b) {
  return a.size() == b.size() && CRYPTO_memcmp(a.data(), b.data(), a.size()) == 0;
}

Result<SecretBytes> random_bytes(std::size_t count) {
  const CleanErrors clean;
  SecretBytes bytes(count);
  if (count != 0 && RAND_priv_bytes_ex(nullptr, bytes.bytes().data(), count, 0) != 1) {
    return openssl_failure("get random bytes");
  }
  return bytes;
}

Result<SecretBytes> derive_key(std::span<const unsigned char> secret, std::string_view label) {
  const CleanErrors clean;
  const KdfPtr kdf(EVP_KDF_fetch(nullptr, "HKDF", nullptr));
  const KdfContextPtr context(kdf != nullptr ? EVP_KDF_CTX_new(kdf.get()) : nullptr);
  char digest[] = "SHA256";
  std::vector<OSSL_PARAM> parameters{
      OSSL_PARAM_construct_utf8_string(OSSL_KDF_PARAM_DIGEST, digest, 0),
      octets(OSSL_KDF_PARAM_KEY, secret)};
  if (!label.empty()) {
    parameters.push_back(octets(OSSL_KDF_PARAM_INFO, as_bytes(label)));
  }
  parameters.push_back(OSSL_PARAM_construct_end());
  SecretBytes key(kDerivedSize);
  if (context == nullptr ||
      EVP_KDF_derive(context.get(), key.bytes().data(), key.size(), parameters.data()) != 1) {
    return openssl_failure("derive a key");
  }
  return key;
}

}  // namespace md::crypto
