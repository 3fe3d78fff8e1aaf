// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "crypto/native.h"
#include "crypto/private_key.h"
#include "crypto/testing/samples.h"
#include "crypto/testing/test_ca.h"

namespace md::crypto {
namespace {

using model::KeySpec;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

const std::string kPassphrase = "a pass phrase with a \0 byte in it and more bytes";

ErrorKind kind_of(std::string_view pem, std::string_view passphrase = {}) {
  const auto key = PrivateKey::from_pem(pem, as_bytes(passphrase));
  EXPECT_FALSE(key);
  return key ? ErrorKind::Internal : key.error().kind;
}

bool is_same(const PrivateKey& a, const PrivateKey& b) {
  return EVP_PKEY_eq(native_handle(a), native_handle(b)) == 1 &&
         a.to_der()->text() == b.to_der()->text();
}

// CR-08
TEST(PrivateKeyPem, DecryptsWhatModMdStaged) {
  const Bytes passphrase = decode_base64url(testing::kStoreKey).value();
  ASSERT_EQ(passphrase.size(), 48U);
  const auto key = PrivateKey::from_pem(testing::kStagedKey, passphrase);
  ASSERT_TRUE(key) << key.error().message;
  EXPECT_EQ(key->spec(), KeySpec::ec("secp384r1"));
}

TEST(PrivateKeyPem, DeniesAWrongPassphrase) {
  EXPECT_EQ(kind_of(testing::kStagedKey, "wrong"), ErrorKind::Denied);
  EXPECT_EQ(kind_of(testing::kStagedKey), ErrorKind::Denied);
}

TEST(PrivateKeyPem, DeniesAWrongPassphraseThatSeemsToDecrypt) {
  Bytes passphrase = decode_base64url(testing::kStoreKey).value();
  for (const unsigned wrong : {311U, 403U}) {  // one in 256 hits upon bytes that look like padding
    passphrase[0] = static_cast<unsigned char>(wrong & 0xFF);
    passphrase[1] = static_cast<unsigned char>(wrong >> 8);
    const auto key = PrivateKey::from_pem(testing::kStagedKey, passphrase);
    ASSERT_FALSE(key);
    EXPECT_EQ(key.error().kind, ErrorKind::Denied);
    EXPECT_THAT(key.error().message, Not(HasSubstr("bad decrypt")));
  }
}

// CR-08
TEST(PrivateKeyPem, EncryptsForUseByModMd) {
  for (const PrivateKey& key : {testing::shared_ec_key(), testing::shared_rsa_key()}) {
    const std::string pem = key.to_encrypted_pem(as_bytes(kPassphrase)).value();
    EXPECT_THAT(pem, StartsWith("-----BEGIN ENCRYPTED PRIVATE KEY-----\n"));
    const auto back = PrivateKey::from_pem(pem, as_bytes(kPassphrase));
    ASSERT_TRUE(back) << back.error().message;
    EXPECT_TRUE(is_same(key, *back));
    EXPECT_EQ(kind_of(pem, kPassphrase + "x"), ErrorKind::Denied);
  }
}

/// The parts of the DER that depend neither on salt and IV nor on the salt's length, which newer
/// OpenSSL doubles: what mod_md wrote and what we write.
std::string encryption_scheme(std::string_view pem) {
  const auto start = pem.find('\n') + 1;
  std::string base64(pem.substr(start, pem.find("-----END") - start));
  std::erase(base64, '\n');
  const std::string hex = encode_hex(decode_base64(base64).value());
  const auto pbes2 = hex.find("06092a864886f70d01050d");
  const auto pbkdf2 = hex.find("06092a864886f70d01050c", pbes2);
  const auto prf = hex.find("02020800", pbkdf2);  // 2048 rounds, and on to the IV
  if (prf == std::string::npos) {
    return "no PBES2 with PBKDF2 of 2048 rounds: " + hex;
  }
  return hex.substr(prf, hex.find("0410", prf) - prf);
}

TEST(PrivateKeyPem, EncryptsWithTheSameSchemeAsModMd) {
  const PrivateKey key = PrivateKey::generate(KeySpec::ec("secp384r1")).value();
  const std::string pem = key.to_encrypted_pem(as_bytes(kPassphrase)).value();
  EXPECT_EQ(encryption_scheme(pem), encryption_scheme(testing::kStagedKey));
  EXPECT_THAT(encryption_scheme(pem), HasSubstr("06082a864886f70d0209"));  // hmacWithSHA256
}

TEST(PrivateKeyPem, RefusesToEncryptWithNothing) {
  EXPECT_EQ(testing::shared_ec_key().to_encrypted_pem({}).error().kind, ErrorKind::InvalidInput);
}

TEST(PrivateKeyPem, RoundTripsPlain) {
  for (const PrivateKey& key : {testing::shared_ec_key(), testing::shared_rsa_key()}) {
    const SecretBytes pem = key.to_pem().value();
    EXPECT_THAT(std::string(pem.text()), StartsWith("-----BEGIN PRIVATE KEY-----\n"));
    EXPECT_TRUE(is_same(key, PrivateKey::from_pem(pem.text(), {}).value()));
    const SecretBytes der = key.to_der().value();
    EXPECT_TRUE(is_same(key, PrivateKey::from_der(der.bytes()).value()));
  }
}

TEST(PrivateKeyPem, RoundTripsEveryCommonCurve) {
  for (const char* curve : {"P-256", "P-384", "P-521", "secp256k1", "brainpoolP256r1"}) {
    const PrivateKey key = PrivateKey::generate(KeySpec::ec(curve)).value();
    const SecretBytes der = key.to_der().value();
    const PrivateKey back = PrivateKey::from_der(der.bytes()).value();
    EXPECT_TRUE(is_same(key, back)) << curve;
    EXPECT_EQ(back.spec(), key.spec());
  }
}

TEST(PrivateKeyPem, ReadsOtherFormsOfTheSameKey) {
  const PrivateKey ec = PrivateKey::from_pem(testing::kRfc7515Key, {}).value();
  for (const std::string_view pem :
       {testing::kRfc7515TraditionalKey, testing::kRfc7515SecretHalf}) {
    const auto key = PrivateKey::from_pem(pem, {});
    ASSERT_TRUE(key) << key.error().message;
    EXPECT_EQ(EVP_PKEY_eq(native_handle(ec), native_handle(*key)), 1);
    EXPECT_EQ(key->public_jwk().value(), ec.public_jwk().value());
  }
  const PrivateKey rsa = PrivateKey::from_pem(testing::kRfc7517Key, {}).value();
  const auto key = PrivateKey::from_pem(testing::kRfc7517TraditionalKey, {});
  ASSERT_TRUE(key) << key.error().message;
  EXPECT_TRUE(is_same(rsa, *key));
  EXPECT_TRUE(PrivateKey::from_pem(testing::kAes128Key, as_bytes("abc")));
}

TEST(PrivateKeyPem, SkipsWhatElseIsInTheFile) {
  const std::string pem = "# a comment\n" + std::string(testing::kStagedChain) +
                          std::string(testing::kRfc7515Key) + "trailing words\n";
  EXPECT_TRUE(PrivateKey::from_pem(pem, {}));
}

TEST(PrivateKeyPem, ReadsLineEndsOfWindows) {
  std::string pem(testing::kRfc7515Key);
  for (auto at = pem.find('\n'); at != std::string::npos; at = pem.find('\n', at + 2)) {
    pem.insert(at, 1, '\r');
  }
  EXPECT_TRUE(PrivateKey::from_pem(pem, {}));
}

TEST(PrivateKeyPem, IsCorruptIfThereIsNoKey) {
  EXPECT_EQ(kind_of(""), ErrorKind::Corrupt);
  EXPECT_EQ(kind_of("garbage"), ErrorKind::Corrupt);
  EXPECT_EQ(kind_of(std::string(1000, '\0')), ErrorKind::Corrupt);
  EXPECT_EQ(kind_of(testing::kStagedChain), ErrorKind::Corrupt);
  EXPECT_EQ(kind_of(std::string((1 << 20) + 1, 'x')), ErrorKind::Corrupt);
  EXPECT_EQ(kind_of("-----BEGIN PRIVATE KEY-----\n-----END PRIVATE KEY-----\n"),
            ErrorKind::Corrupt);
  EXPECT_EQ(kind_of("-----BEGIN PRIVATE KEY-----\n!!!!\n-----END PRIVATE KEY-----\n"),
            ErrorKind::Corrupt);
  EXPECT_EQ(kind_of("-----BEGIN RSA PRIVATE KEY-----\nAAAA\n-----END RSA PRIVATE KEY-----\n"),
            ErrorKind::Corrupt);
  EXPECT_EQ(
      kind_of("-----BEGIN ENCRYPTED PRIVATE KEY-----\nAAAA\n-----END ENCRYPTED PRIVATE KEY-----\n"),
      ErrorKind::Corrupt);
}

TEST(PrivateKeyPem, IsCorruptWhereverItIsCutOff) {
  for (const std::string_view whole : {testing::kRfc7515Key, testing::kRfc7517Key}) {
    for (std::size_t size = 0; size + 27 < whole.size(); size += 7) {
      EXPECT_EQ(kind_of(whole.substr(0, size)), ErrorKind::Corrupt) << size;
    }
  }
}

// CR-02
TEST(PrivateKeyPem, SurvivesTruncatedAndFlippedDer) {
  for (const std::string_view pem : {testing::kRfc7515Key, testing::kRfc7517Key}) {
    const SecretBytes whole = PrivateKey::from_pem(pem, {})->to_der().value();
    for (std::size_t i = 0; i < whole.size(); i += 5) {
      EXPECT_FALSE(PrivateKey::from_der(whole.bytes().first(i))) << i;
      SecretBytes flipped = whole.clone();
      flipped.bytes()[i] ^= 0x55;
      if (const auto key = PrivateKey::from_der(flipped.bytes())) {
        static_cast<void>(key->sign_jws(as_bytes("data")));
        static_cast<void>(key->public_jwk());
        static_cast<void>(key->to_der());
      }
    }
  }
}

TEST(PrivateKeyPem, RefusesKindsThatAreNotServed) {
  EXPECT_EQ(kind_of(testing::kEd25519Key), ErrorKind::InvalidInput);
  const auto key = PrivateKey::from_pem(testing::kEd25519Key, {});
  EXPECT_THAT(key.error().message, HasSubstr("ED25519"));
}

TEST(PrivateKeyPem, NamesTheCurveThatAKeySpellsOut) {
  const auto key = PrivateKey::from_pem(testing::kExplicitCurveKey, {});
  ASSERT_TRUE(key) << key.error().message;
  EXPECT_TRUE(key->fits(KeySpec::ec("P-256")));
}

TEST(PrivateKeyPem, RefusesEncryptionThatItDoesNotExpect) {
  EXPECT_EQ(kind_of(testing::kScryptKey, "abc"), ErrorKind::Crypto);
  EXPECT_EQ(kind_of(testing::kTripleDesKey, "abc"), ErrorKind::Crypto);
  EXPECT_EQ(kind_of(testing::kTraditionalEncryptedKey, "abc"), ErrorKind::Denied);
}

TEST(PrivateKeyPem, RefusesEncryptionMadeToKeepTheServerBusy) {
  EXPECT_EQ(kind_of(testing::kThreeMillionRoundsKey, "abc"), ErrorKind::Corrupt);
}

TEST(PrivateKeyPem, TellsWhatOpensslSaysButNoPassphrase) {
  const auto key = PrivateKey::from_pem(testing::kStagedKey, as_bytes("secret words"));
  EXPECT_THAT(key.error().message, HasSubstr("bad decrypt"));
  EXPECT_THAT(key.error().message, Not(HasSubstr("secret words")));
}

}  // namespace
}  // namespace md::crypto
