// SPDX-License-Identifier: Apache-2.0
// Authenticated encryption of what is kept in files.
#include <fmt/format.h>
#include <openssl/rand.h>

#include <limits>

#include "crypto/digest.h"
#include "crypto/internal/errors.h"
#include "crypto/internal/handles.h"

namespace md::crypto {
namespace {

constexpr std::size_t kKeySize = 32;
constexpr std::size_t kNonceSize = 12;
constexpr std::size_t kTagSize = 16;
constexpr std::size_t kMaxSize = 1 << 30;  // OpenSSL counts in int

Status check_sizes(std::span<const unsigned char> key, std::size_t text, std::string_view context) {
  if (key.size() != kKeySize) {
    return fail(ErrorKind::InvalidInput, fmt::format("a key of {} bytes for AES-256", key.size()));
  }
  if (text > kMaxSize || context.size() > kMaxSize) {
    return fail(ErrorKind::InvalidInput, "too much to be sealed in one piece");
  }
  return {};
}

/// One direction of AES-256-GCM. Every step says whether it succeeded.
class Gcm {
 public:
  enum class Direction { Open = 0, Seal = 1 };

  bool start(Direction direction, std::span<const unsigned char> key, const unsigned char* nonce) {
    return context_ != nullptr &&
           EVP_CipherInit_ex(context_.get(), EVP_aes_256_gcm(), nullptr, key.data(), nonce,
                             static_cast<int>(direction)) == 1;
  }
  bool authenticate(std::string_view text) {
    int size = 0;
    return text.empty() || EVP_CipherUpdate(context_.get(), nullptr, &size, as_bytes(text).data(),
                                            static_cast<int>(text.size())) == 1;
  }
  bool transform(unsigned char* out, std::span<const unsigned char> in) {
    int size = 0;
    return in.empty() || EVP_CipherUpdate(context_.get(), out, &size, in.data(),
                                          static_cast<int>(in.size())) == 1;
  }
  bool expect_tag(std::span<const unsigned char> tag) {
    // OpenSSL only reads it, whatever the parameter's type says.
    return EVP_CIPHER_CTX_ctrl(context_.get(), EVP_CTRL_AEAD_SET_TAG, static_cast<int>(tag.size()),
                               const_cast<unsigned char*>(tag.data())) == 1;
  }
  bool finish() {
    int size = 0;
    std::array<unsigned char, kTagSize> nothing{};
    return EVP_CipherFinal_ex(context_.get(), nothing.data(), &size) == 1;
  }
  bool get_tag(unsigned char* tag) {
    return EVP_CIPHER_CTX_ctrl(context_.get(), EVP_CTRL_AEAD_GET_TAG, kTagSize, tag) == 1;
  }

 private:
  CipherContextPtr context_{EVP_CIPHER_CTX_new()};
};

}  // namespace

Result<Bytes> seal(std::span<const unsigned char> key, std::span<const unsigned char> plaintext,
                   std::string_view context) {
  const CleanErrors clean;
  MD_TRY(check_sizes(key, plaintext.size(), context));
  Bytes sealed(kNonceSize + plaintext.size() + kTagSize);
  unsigned char* const ciphertext = sealed.data() + kNonceSize;
  Gcm gcm;
  if (RAND_bytes(sealed.data(), kNonceSize) != 1 ||
      !gcm.start(Gcm::Direction::Seal, key, sealed.data()) || !gcm.authenticate(context) ||
      !gcm.transform(ciphertext, plaintext) || !gcm.finish() ||
      !gcm.get_tag(ciphertext + plaintext.size())) {
    return openssl_failure("seal");
  }
  return sealed;
}

Result<SecretBytes> open_sealed(std::span<const unsigned char> key,
                                std::span<const unsigned char> sealed, std::string_view context) {
  const CleanErrors clean;
  MD_TRY(check_sizes(key, sealed.size(), context));
  if (sealed.size() < kNonceSize + kTagSize) {
    return fail(ErrorKind::Corrupt, "too short to have been sealed");
  }
  const auto ciphertext = sealed.subspan(kNonceSize, sealed.size() - kNonceSize - kTagSize);
  SecretBytes plaintext(ciphertext.size());
  Gcm gcm;
  if (!gcm.start(Gcm::Direction::Open, key, sealed.data()) || !gcm.authenticate(context) ||
      !gcm.transform(plaintext.bytes().data(), ciphertext) ||
      !gcm.expect_tag(sealed.last(kTagSize))) {
    return openssl_failure("open what was sealed");
  }
  if (!gcm.finish()) {
    return fail(ErrorKind::Corrupt, "not sealed with this key for this place, or changed since");
  }
  return plaintext;
}

}  // namespace md::crypto
