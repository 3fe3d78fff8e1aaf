// SPDX-License-Identifier: Apache-2.0
#include "store/served_set.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <string>

#include "crypto/digest.h"
#include "store/testing/sample_chain.h"

namespace md::store {
namespace {

using model::KeySpec;

class ServedSetTest : public ::testing::Test {
 protected:
  SecretBytes key_{crypto::random_bytes(32).value()};
  ServedSet set_{testing::sample_chain(KeySpec::ec("P-256")),
                 testing::sample_chain(KeySpec::rsa(2048))};
};

TEST_F(ServedSetTest, OpensWhatWasSealed) {
  const Bytes sealed = seal_bundle(set_, "a.test", key_).value();
  const ServedSet opened = open_bundle(sealed, "a.test", key_).value();
  ASSERT_EQ(opened.size(), 2U);
  for (std::size_t i = 0; i < opened.size(); ++i) {
    EXPECT_EQ(opened[i].spec, set_[i].spec);
    EXPECT_TRUE(set_[i].chain[0].matches(opened[i].key));
    ASSERT_EQ(opened[i].chain.size(), 2U);
    EXPECT_EQ(crypto::to_pem(opened[i].chain).value(), crypto::to_pem(set_[i].chain).value());
  }
  EXPECT_TRUE(open_bundle(seal_bundle({}, "a.test", key_).value(), "a.test", key_).value().empty());
}

TEST_F(ServedSetTest, ShowsNothing) {
  const Bytes sealed = seal_bundle(set_, "a.test", key_).value();
  const Bytes certificate = set_[0].chain[0].to_der().value();
  EXPECT_EQ(std::search(sealed.begin(), sealed.end(), certificate.begin(), certificate.end()),
            sealed.end());
}

TEST_F(ServedSetTest, OpensForItsDomainAndKeyOnly) {
  const Bytes sealed = seal_bundle(set_, "a.test", key_).value();
  const SecretBytes other_key = crypto::random_bytes(32).value();
  EXPECT_EQ(open_bundle(sealed, "b.test", key_).error().kind, ErrorKind::Corrupt);
  EXPECT_EQ(open_bundle(sealed, "a.test", other_key).error().kind, ErrorKind::Corrupt);
  EXPECT_NE(other_key.text(), key_.text());
}

TEST_F(ServedSetTest, RefusesWhatWasChangedOrCut) {
  const Bytes sealed = seal_bundle(set_, "a.test", key_).value();
  for (const std::size_t length : {std::size_t{0}, std::size_t{11}, sealed.size() - 1}) {
    EXPECT_EQ(open_bundle(std::span(sealed).first(length), "a.test", key_).error().kind,
              ErrorKind::Corrupt);
  }
  for (std::size_t i = 0; i < sealed.size(); i += 97) {
    Bytes changed = sealed;
    changed[i] ^= 1U;
    EXPECT_EQ(open_bundle(changed, "a.test", key_).error().kind, ErrorKind::Corrupt);
  }
}

TEST_F(ServedSetTest, RefusesWhatIsSealedButNoBundle) {
  const auto open_plain = [&](std::string_view plain) {
    const Bytes sealed = crypto::seal(key_.bytes(), as_bytes(plain), "served/a.test").value();
    return open_bundle(sealed, "a.test", key_);
  };
  using std::string_literals::operator""s;
  for (const std::string& plain :
       {""s, "mdserve1"s, "mdserve2\0\0\0\0"s, "mdserve1\0\0\0\0more"s, "mdserve1\0\0\0\1"s,
        "mdserve1\xff\xff\xff\xff"s, "mdserve1\0\0\0\1\0\0\0\x8\0\0\0\0\0\xff\xff\xff\xff"s,
        "mdserve1\0\0\0\1\0\0\0\x8\0\0\0\0\0\0\0\0\0\0\0\0\1\0\0\0\0"s}) {
    const auto opened = open_plain(plain);
    ASSERT_FALSE(opened);
    EXPECT_EQ(opened.error().kind, ErrorKind::Corrupt);
  }
  EXPECT_TRUE(open_plain("mdserve1\0\0\0\0"s));
}

TEST_F(ServedSetTest, SealsNoEmptyChain) {
  set_[1].chain.clear();
  EXPECT_EQ(seal_bundle(set_, "a.test", key_).error().kind, ErrorKind::InvalidInput);
}

}  // namespace
}  // namespace md::store
