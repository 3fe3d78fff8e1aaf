// SPDX-License-Identifier: Apache-2.0
#include "model/key_label.h"

#include <gtest/gtest.h>

namespace md::model {
namespace {

TEST(KeyLabel, IsAsTheKindIsConfigured) {
  EXPECT_EQ(label_of(KeySpec::rsa(4096)), "rsa");
  EXPECT_EQ(label_of(KeySpec::ec("P-256")), "P-256");
  EXPECT_EQ(label_of(KeySpec::ec("secp384r1")), "secp384r1");
}

}  // namespace
}  // namespace md::model
