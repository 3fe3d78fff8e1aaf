// SPDX-License-Identifier: Apache-2.0
#include "crypto/digest.h"

#include <gtest/gtest.h>

#include <set>

namespace md::crypto {
namespace {

TEST(Sha256, HasTheDigestsOfFips180) {
  EXPECT_EQ(encode_hex(sha256(as_bytes("abc"))),
            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  EXPECT_EQ(encode_hex(sha256({})),
            "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
}

TEST(HmacSha256, HasTheCodesOfRfc4231) {
  EXPECT_EQ(
      encode_hex(hmac_sha256(as_bytes("Jefe"), as_bytes("what do ya want for nothing?")).value()),
      "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
  const Bytes key(131, 0xAA);
  EXPECT_EQ(encode_hex(
                hmac_sha256(key, as_bytes("Test Using Larger Than Block-Size Key - Hash Key First"))
                    .value()),
            "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54");
}

TEST(HmacSha256, TakesNothingForKeyAndData) {
  EXPECT_EQ(encode_hex(hmac_sha256({}, {}).value()),
            "b613679a0814d9ec772f95d778c35fc5ff1697c493715653c6c712144292c5ad");
}

TEST(RandomBytes, DifferEachTime) {
  std::set<std::string> seen;
  for (int i = 0; i < 100; ++i) {
    const SecretBytes bytes = random_bytes(16).value();
    EXPECT_EQ(bytes.size(), 16U);
    seen.emplace(bytes.text());
  }
  EXPECT_EQ(seen.size(), 100U);
  EXPECT_TRUE(random_bytes(0)->empty());
}

TEST(DeriveKey, HasTheKeyOfRfc5869) {
  const Bytes secret(22, 0x0B);  // test case 3: neither salt nor info
  EXPECT_EQ(encode_hex(derive_key(secret, "")->bytes()),
            "8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f3c738d2d");
}

TEST(DeriveKey, DiffersByLabelAndSecret) {
  const auto derived = [](std::string_view secret, std::string_view label) {
    return encode_hex(derive_key(as_bytes(secret), label)->bytes());
  };
  EXPECT_EQ(derived("secret", "bundle"), derived("secret", "bundle"));
  EXPECT_NE(derived("secret", "bundle"), derived("secret", "other"));
  EXPECT_NE(derived("secret", "bundle"), derived("Secret", "bundle"));
}

class Sealed : public ::testing::Test {
 protected:
  SecretBytes key_{random_bytes(32).value()};
};

TEST_F(Sealed, OpensWithKeyAndContext) {
  for (const std::string& text :
       {std::string("a secret"), std::string(), std::string(70000, 'x')}) {
    const Bytes sealed = seal(key_.bytes(), as_bytes(text), "served/example.org").value();
    EXPECT_EQ(sealed.size(), 12 + text.size() + 16);
    const auto opened = open_sealed(key_.bytes(), sealed, "served/example.org");
    ASSERT_TRUE(opened) << opened.error().message;
    EXPECT_EQ(opened->text(), text);
  }
}

TEST_F(Sealed, DiffersEachTime) {
  EXPECT_NE(seal(key_.bytes(), as_bytes("x"), "c").value(),
            seal(key_.bytes(), as_bytes("x"), "c").value());
}

TEST_F(Sealed, IsCorruptInAnotherPlaceOrUnderAnotherKey) {
  const Bytes sealed = seal(key_.bytes(), as_bytes("a secret"), "here").value();
  EXPECT_EQ(open_sealed(key_.bytes(), sealed, "there").error().kind, ErrorKind::Corrupt);
  EXPECT_EQ(open_sealed(key_.bytes(), sealed, "").error().kind, ErrorKind::Corrupt);
  const SecretBytes other = random_bytes(32).value();
  EXPECT_EQ(open_sealed(other.bytes(), sealed, "here").error().kind, ErrorKind::Corrupt);
}

TEST_F(Sealed, IsCorruptIfAnyByteWasChangedOrIsMissing) {
  const Bytes sealed = seal(key_.bytes(), as_bytes("a secret"), "here").value();
  for (std::size_t i = 0; i < sealed.size(); ++i) {
    Bytes changed = sealed;
    changed[i] ^= 1;
    EXPECT_EQ(open_sealed(key_.bytes(), changed, "here").error().kind, ErrorKind::Corrupt);
    const Bytes cut(sealed.begin(), sealed.begin() + static_cast<std::ptrdiff_t>(i));
    EXPECT_EQ(open_sealed(key_.bytes(), cut, "here").error().kind, ErrorKind::Corrupt);
  }
}

TEST_F(Sealed, RefusesKeysOfAnotherSize) {
  for (const std::size_t size : {0U, 16U, 31U, 33U}) {
    const SecretBytes key = random_bytes(size).value();
    EXPECT_EQ(seal(key.bytes(), as_bytes("x"), "c").error().kind, ErrorKind::InvalidInput);
    EXPECT_EQ(open_sealed(key.bytes(), Bytes(64), "c").error().kind, ErrorKind::InvalidInput);
  }
}

TEST(SealOfTexts, IsAnotherForOtherTextsPurposesAndSecrets) {
  const SecretBytes secret(std::string_view("a secret"));
  const auto seal = [&](std::string_view purpose, std::initializer_list<std::string_view> texts) {
    return seal_of_texts(secret.bytes(), purpose, texts).value();
  };
  const std::string sealed = seal("one", {"a", "bc"});
  EXPECT_EQ(seal("one", {"a", "bc"}), sealed);
  EXPECT_NE(seal("two", {"a", "bc"}), sealed);
  EXPECT_NE(seal("one", {"ab", "c"}), sealed);
  EXPECT_NE(seal("one", {"", "a", "bc"}), sealed);
  const SecretBytes other(std::string_view("another"));
  EXPECT_NE(seal_of_texts(other.bytes(), "one", {"a", "bc"}).value(), sealed);
}

}  // namespace
}  // namespace md::crypto
