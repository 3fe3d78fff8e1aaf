// SPDX-License-Identifier: Apache-2.0
#include "crypto/proven_key.h"

#include <gtest/gtest.h>
#include <openssl/pem.h>
#include <openssl/pkcs12.h>
#include <openssl/x509.h>

#include <algorithm>

#include "crypto/native.h"
#include "crypto/testing/mixed_key.h"
#include "crypto/testing/test_ca.h"

namespace md::crypto {
namespace {

const std::string kPassphrase = "the key of a store";

TEST(ProvenKey, H4_IsNoPlainOne) {
  const auto passphrase = as_bytes(kPassphrase);
  for (const PrivateKey& key : {testing::shared_ec_key(), testing::shared_rsa_key()}) {
    const std::string plain(key.to_pem()->text());
    const std::string sealed = *key.to_encrypted_pem(passphrase);
    EXPECT_TRUE(key_from_encrypted_pem(sealed, passphrase));
    EXPECT_FALSE(key_from_encrypted_pem(sealed, as_bytes("another")));
    for (const std::string& refused : {plain, plain + sealed}) {
      const auto read = key_from_encrypted_pem(refused, passphrase);
      ASSERT_FALSE(read);
      EXPECT_EQ(read.error().kind, ErrorKind::Denied);
    }
    EXPECT_EQ(key_from_encrypted_pem("junk", passphrase).error().kind, ErrorKind::Corrupt);
  }
}

TEST(ProvenKey, M4_HasHalvesThatBelongTogether) {
  EXPECT_TRUE(is_consistent(testing::shared_ec_key()));
  EXPECT_TRUE(is_consistent(testing::shared_rsa_key()));
  const auto shown = *PrivateKey::generate(model::KeySpec::ec("P-256"));
  const auto hidden = *PrivateKey::generate(model::KeySpec::ec("P-256"));
  EXPECT_TRUE(is_consistent(shown));
  EXPECT_FALSE(is_consistent(testing::key_of_two_halves(hidden, shown)));
}

std::string encrypted_with_rounds(const PrivateKey& key, int rounds) {
  PKCS8_PRIV_KEY_INFO* const info = EVP_PKEY2PKCS8(native_handle(key));
  X509_SIG* const sealed =
      PKCS8_encrypt(-1, EVP_aes_256_cbc(), kPassphrase.data(), static_cast<int>(kPassphrase.size()),
                    nullptr, 0, rounds, info);
  BIO* const memory = BIO_new(BIO_s_mem());
  PEM_write_bio_PKCS8(memory, sealed);
  char* data = nullptr;
  const long size = BIO_get_mem_data(memory, &data);
  std::string pem(data, static_cast<std::size_t>(size));
  BIO_free(memory);
  X509_SIG_free(sealed);
  PKCS8_PRIV_KEY_INFO_free(info);
  return pem;
}

TEST(ProvenKey, L4_CostsNoMoreRoundsThanAStartCanBear) {
  const auto& key = testing::shared_ec_key();
  EXPECT_TRUE(key_from_encrypted_pem(encrypted_with_rounds(key, 100'000), as_bytes(kPassphrase)));
  const auto refused =
      key_from_encrypted_pem(encrypted_with_rounds(key, 100'001), as_bytes(kPassphrase));
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().kind, ErrorKind::Corrupt);
}

}  // namespace
}  // namespace md::crypto
