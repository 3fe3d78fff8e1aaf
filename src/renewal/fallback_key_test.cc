// SPDX-License-Identifier: Apache-2.0
#include "renewal/fallback_key.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace md::renewal {
namespace {

using model::KeySpec;
using ::testing::ElementsAre;

TEST(FallbackSpecs, Reports17AreAsStrongAsTheConfiguredOnes) {
  const auto rsa = [](unsigned bits) { return KeySpec::rsa(bits); };
  const auto ec = [](const char* curve) { return KeySpec::ec(curve); };
  EXPECT_THAT(fallback_specs({rsa(2048)}), ElementsAre(rsa(2048)));
  EXPECT_THAT(fallback_specs({rsa(4096)}), ElementsAre(rsa(4096)));
  EXPECT_THAT(fallback_specs({ec("secp256r1")}), ElementsAre(ec("P-256")));
  EXPECT_THAT(fallback_specs({ec("secp384r1")}), ElementsAre(ec("P-384")));
  EXPECT_THAT(fallback_specs({ec("P-521")}), ElementsAre(ec("P-521")));
  EXPECT_THAT(fallback_specs({ec("secp256k1")}), ElementsAre(ec("P-256")));
  EXPECT_THAT(fallback_specs({ec("brainpoolP512r1")}), ElementsAre(ec("P-521")));
  EXPECT_THAT(fallback_specs({ec("P-384"), rsa(3072), ec("P-256"), rsa(2048)}),
              ElementsAre(rsa(3072), ec("P-384")));
}

TEST(FallbackSpecs, AreNoneThatAStartWouldWaitForForMinutesB3) {
  EXPECT_THAT(fallback_specs({KeySpec::rsa(16384)}), ElementsAre(KeySpec::rsa(8192)));
  EXPECT_THAT(fallback_specs({KeySpec::rsa(20480)}), ElementsAre(KeySpec::rsa(2048)));
  EXPECT_THAT(fallback_specs({KeySpec::rsa(20480), KeySpec::rsa(3072)}),
              ElementsAre(KeySpec::rsa(3072)));
}

TEST(FallbackSpecs, Reports17EachKindHasItsKeyFile) {
  EXPECT_EQ(fallback_key_file(KeySpec::rsa(2048)), "fallback-privkey.pem");
  EXPECT_EQ(fallback_key_file(KeySpec::rsa(4096)), "fallback-privkey.rsa4096.pem");
  EXPECT_EQ(fallback_key_file(KeySpec::ec("P-256")), "fallback-privkey.p-256.pem");
  EXPECT_EQ(fallback_certificate_file(KeySpec::ec("P-384")), "fallback-pubcert.p-384.pem");
  for (const unsigned bits : {2048U, 4096U}) {
    EXPECT_EQ(fallback_certificate_file(KeySpec::rsa(bits)), "fallback-pubcert.pem");
  }
}

TEST(FallbackSpecs, Reports17AreSignedByOneThatTheServerTakes) {
  EXPECT_EQ(fallback_signer(KeySpec::rsa(4096)), KeySpec::ec("P-256"));
  EXPECT_EQ(fallback_signer(KeySpec::rsa(8192)), KeySpec::rsa(8192));
  EXPECT_EQ(fallback_signer(KeySpec::ec("P-384")), KeySpec::ec("P-384"));
}

}  // namespace
}  // namespace md::renewal
