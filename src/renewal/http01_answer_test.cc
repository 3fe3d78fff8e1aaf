// SPDX-License-Identifier: Apache-2.0
#include "renewal/http01_answer.h"

#include <gtest/gtest.h>

namespace md::renewal {
namespace {

TEST(Http01Answer, C6IsWhatThePlainFileHoldsUnlessThatIsAnotherOrdersAnswer) {
  EXPECT_FALSE(is_answer_for_another("token.thumbprint", "token"));
  EXPECT_TRUE(is_answer_for_another("other.thumbprint", "token"));
  EXPECT_TRUE(is_answer_for_another("other.thumbprint\n", "token"));
  for (const char* changed : {"", "changed by a command", "token.changed by a command", "123",
                              "other", "other.", ".other", "a.b.c", "<html>.x"}) {
    EXPECT_FALSE(is_answer_for_another(changed, "token")) << changed;
  }
}

}  // namespace
}  // namespace md::renewal
