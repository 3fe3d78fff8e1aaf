// SPDX-License-Identifier: Apache-2.0
#include "crypto/private_key.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/evp.h>

#include <map>
#include <thread>

#include "crypto/digest.h"
#include "crypto/native.h"
#include "crypto/testing/public_key.h"
#include "crypto/testing/samples.h"
#include "crypto/testing/test_ca.h"

namespace md::crypto {
namespace {

using model::KeySpec;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Pair;

PrivateKey key_of(std::string_view pem) {
  return PrivateKey::from_pem(pem, {}).value();
}

/// 3 or more: 3.
int count_primes(const PrivateKey& key) {
  BIGNUM* third = nullptr;
  const bool is_there =
      EVP_PKEY_get_bn_param(native_handle(key), OSSL_PKEY_PARAM_RSA_FACTOR3, &third) == 1;
  BN_clear_free(third);
  ERR_clear_error();
  return is_there ? 3 : 2;
}

TEST(Curves, AreKnownByAllTheirNames) {
  for (const char* name : {"P-256", "p-256", "secp256r1", "prime256v1", "P-384", "secp384r1",
                           "SECP384R1", "P-521", "secp521r1", "brainpoolP256r1", "secp256k1"}) {
    EXPECT_TRUE(is_known_curve(name)) << name;
  }
}

TEST(Curves, AreUnknownIfNoCertificateKeyIsMadeOfThem) {
  for (const char* name : {"", "P-257", "rsa", "X25519", "ed25519", "X448", "UNDEF", "sha256"}) {
    EXPECT_FALSE(is_known_curve(name)) << name;
  }
}

TEST(Curves, Reports17TellTheirSize) {
  EXPECT_EQ(curve_bits("p-256"), 256U);
  EXPECT_EQ(curve_bits("secp384r1"), 384U);
  EXPECT_EQ(curve_bits("P-521"), 521U);
  EXPECT_EQ(curve_bits("X25519"), 0U);
}

TEST(PrivateKey, IsMadeQuicklyOfThreePrimes) {
  for (const unsigned bits : {2048U, 3072U, 4096U}) {
    const auto key = PrivateKey::generate_quick_rsa(bits);
    ASSERT_TRUE(key) << key.error().message;
    EXPECT_EQ(key->spec(), KeySpec::rsa(bits));
    EXPECT_TRUE(key->sign_jws({}));
    EXPECT_EQ(count_primes(*key), 3) << bits;
  }
}

TEST(PrivateKey, Reports18IsOfTwoPrimesWhereOpenSslRefusesMore) {
  const auto key = PrivateKey::generate_quick_rsa(2048, 5);  // too many for that size
  ASSERT_TRUE(key) << key.error().message;
  EXPECT_EQ(key->spec(), KeySpec::rsa(2048));
  EXPECT_TRUE(key->sign_jws({}));
  EXPECT_EQ(count_primes(*key), 2);
  EXPECT_EQ(ERR_peek_error(), 0U);
}

TEST(Curves, AreTheSameUnderAliases) {
  EXPECT_TRUE(is_same_curve("P-256", "secp256r1"));
  EXPECT_TRUE(is_same_curve("prime256v1", "p-256"));
  EXPECT_TRUE(is_same_curve("secp384r1", "SECP384R1"));
  EXPECT_FALSE(is_same_curve("P-256", "P-384"));
  EXPECT_FALSE(is_same_curve("nonsense", "nonsense"));
  EXPECT_FALSE(is_same_curve("", ""));
}

// CR-01
TEST(PrivateKey, IsGeneratedOverNamedCurves) {
  for (const char* name : {"P-256", "secp256r1", "P-384", "secp521r1", "brainpoolP384r1"}) {
    const auto key = PrivateKey::generate(KeySpec::ec(name));
    ASSERT_TRUE(key) << key.error().message;
    EXPECT_TRUE(key->fits(KeySpec::ec(name))) << name;
  }
  EXPECT_EQ(testing::shared_ec_key().spec(), KeySpec::ec("prime256v1"));
}

TEST(PrivateKey, IsGeneratedWithRsaBits) {
  EXPECT_EQ(testing::shared_rsa_key().spec(), KeySpec::rsa(2048));
}

TEST(PrivateKey, RefusesToBeGeneratedForAnUnknownKind) {
  for (const KeySpec& spec : {KeySpec::ec("P-257"), KeySpec::ec(""), KeySpec::ec("X25519"),
                              KeySpec::ec("ed25519"), KeySpec::rsa(512), KeySpec::rsa(20000)}) {
    const auto key = PrivateKey::generate(spec);
    ASSERT_FALSE(key);
    EXPECT_EQ(key.error().kind, ErrorKind::InvalidInput) << key.error().message;
  }
}

TEST(PrivateKey, FitsWhatWasAskedFor) {
  const PrivateKey& ec = testing::shared_ec_key();
  const PrivateKey& rsa = testing::shared_rsa_key();
  EXPECT_TRUE(ec.fits(KeySpec::ec("secp256r1")));
  EXPECT_FALSE(ec.fits(KeySpec::ec("P-384")));
  EXPECT_FALSE(ec.fits(KeySpec::rsa()));
  EXPECT_TRUE(rsa.fits(KeySpec::rsa(2048)));
  EXPECT_TRUE(rsa.fits(KeySpec::rsa(4096))) << "of whatever size";
  EXPECT_FALSE(rsa.fits(KeySpec::ec("P-256")));
}

TEST(PrivateKey, TellsItsJwkInTheOrderOfRfc7638) {
  EXPECT_THAT(key_of(testing::kRfc7515Key).public_jwk().value(),
              ElementsAre(Pair("crv", "P-256"), Pair("kty", "EC"),
                          Pair("x", "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU"),
                          Pair("y", "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0")));
}

TEST(PrivateKey, HasTheThumbprintOfRfc7638) {
  std::string canonical;
  const auto members = key_of(testing::kRfc7517Key).public_jwk().value();
  for (const auto& [name, value] : members) {
    canonical += (canonical.empty() ? "{\"" : ",\"") + name + "\":\"" + value + "\"";
  }
  canonical += "}";
  EXPECT_EQ(encode_base64url(sha256(as_bytes(canonical))),
            "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs");
}

struct JwsCase {
  KeySpec spec;
  const char* algorithm;
  std::size_t signature_size;
};

TEST(PrivateKey, SignsJwsAsItsAlgorithmWants) {
  for (const JwsCase& c :
       {JwsCase{KeySpec::ec("P-256"), "ES256", 64}, JwsCase{KeySpec::ec("P-384"), "ES384", 96},
        JwsCase{KeySpec::ec("P-521"), "ES512", 132}, JwsCase{KeySpec::rsa(2048), "RS256", 256}}) {
    const PrivateKey key = PrivateKey::generate(c.spec).value();
    EXPECT_EQ(key.jws_algorithm().value(), c.algorithm);
    const auto members = key.public_jwk().value();
    const std::map<std::string, std::string> jwk(members.begin(), members.end());
    for (int i = 0; i < 20; ++i) {  // R and S are short now and then, and must be padded
      const std::string data = "header.payload" + std::to_string(i);
      const Bytes signature = key.sign_jws(as_bytes(data)).value();
      EXPECT_EQ(signature.size(), c.signature_size);
      EXPECT_TRUE(testing::verify_jws(jwk, c.algorithm, as_bytes(data), signature).value());
      EXPECT_FALSE(testing::verify_jws(jwk, c.algorithm, as_bytes("else"), signature).value());
    }
  }
}

TEST(PrivateKey, MakesTheVeryRs256SignatureThatOpensslMakes) {
  const Bytes signature = key_of(testing::kRfc7517Key).sign_jws(as_bytes("hello")).value();
  EXPECT_THAT(encode_base64(signature), ::testing::StartsWith("SJMA5YxXrkVguMUD6Xjn0eS50lyAdORv"));
}

TEST(PrivateKey, HasNoJwsAlgorithmOverACurveThatJwsDoesNotKnow) {
  const PrivateKey key = PrivateKey::generate(KeySpec::ec("brainpoolP256r1")).value();
  EXPECT_EQ(key.jws_algorithm().error().kind, ErrorKind::InvalidInput);
  EXPECT_EQ(key.public_jwk().error().kind, ErrorKind::InvalidInput);
  EXPECT_EQ(key.sign_jws(as_bytes("x")).error().kind, ErrorKind::InvalidInput);
}

TEST(VerifyJws, AcceptsTheSignatureOfRfc7515) {
  const std::map<std::string, std::string> jwk{
      {"kty", "EC"},
      {"crv", "P-256"},
      {"x", "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU"},
      {"y", "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"}};
  const Bytes signature = decode_base64url(
                              "DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQ"
                              "xfKTUJqPP3-Kg6NU1Q")
                              .value();
  const std::string_view data =
      "eyJhbGciOiJFUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxl"
      "LmNvbS9pc19yb290Ijp0cnVlfQ";
  EXPECT_TRUE(testing::verify_jws(jwk, "ES256", as_bytes(data), signature).value());
}

TEST(VerifyJws, RefusesWhatIsNoKeyForTheAlgorithm) {
  const auto kind = [](const std::map<std::string, std::string>& jwk, const char* algorithm) {
    return testing::verify_jws(jwk, algorithm, as_bytes("data"), as_bytes("signature"))
        .error()
        .kind;
  };
  EXPECT_EQ(kind({}, "ES256"), ErrorKind::InvalidInput);
  EXPECT_EQ(kind({{"kty", "RSA"}, {"n", "AQ"}}, "RS256"), ErrorKind::InvalidInput);
  EXPECT_EQ(kind({{"kty", "EC"}, {"crv", "P-384"}}, "ES256"), ErrorKind::InvalidInput);
  EXPECT_EQ(kind({{"kty", "EC"}, {"crv", "P-256"}, {"x", "AA"}, {"y", "AA"}}, "ES256"),
            ErrorKind::InvalidInput);
  EXPECT_EQ(kind({{"kty", "EC"}}, "none"), ErrorKind::InvalidInput);
}

TEST(PrivateKey, LeavesTheErrorQueueOfTheThreadEmpty) {
  EXPECT_FALSE(PrivateKey::from_pem("-----BEGIN PRIVATE KEY-----\nAAAA\n", {}));
  EXPECT_FALSE(PrivateKey::from_der(as_bytes("junk")));
  EXPECT_EQ(ERR_peek_error(), 0U);
}

TEST(PrivateKey, IsUsableFromManyThreads) {
  const PrivateKey key = key_of(testing::kRfc7515Key);
  std::vector<std::jthread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([key] {
      for (int round = 0; round < 50; ++round) {
        EXPECT_TRUE(key.sign_jws(as_bytes("data")));
        EXPECT_TRUE(key.public_jwk());
        EXPECT_TRUE(key.to_der());
      }
    });
  }
}

}  // namespace
}  // namespace md::crypto
