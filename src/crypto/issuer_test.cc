// SPDX-License-Identifier: Apache-2.0
#include "crypto/issuer.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>

#include "base/testing/scoped_temp_dir.h"
#include "base/text.h"
#include "crypto/testing/test_ca.h"

namespace md::crypto {
namespace {

using std::chrono::hours;

const TimePoint kNow = *parse_http_date("Sun, 22 Nov 2026 12:00:00 GMT");

std::vector<Certificate> a_chain(const testing::TestCa& ca,
                                 const testing::IssueOptions& options = {}) {
  return *ca.issue({*model::DnsName::parse("a.test")}, testing::shared_ec_key(),
                   {kNow - hours(1), kNow + hours(1)}, options);
}

TEST(Issuer, IsKnownByItsSignatureNotByItsName) {
  const testing::TestCa ca("One CA");
  const testing::TestCa namesake("One CA");
  const auto known = a_chain(ca);
  EXPECT_TRUE(is_issued_by_ca_of(a_chain(ca), known));
  EXPECT_FALSE(is_issued_by_ca_of(a_chain(namesake), known));
  testing::IssueOptions alone;
  alone.intermediate_in_chain = false;
  EXPECT_TRUE(is_issued_by_ca_of(a_chain(ca, alone), known));
  EXPECT_FALSE(is_issued_by_ca_of(a_chain(ca), a_chain(ca, alone))) << "who knows";
  EXPECT_FALSE(is_issued_by_ca_of({}, known));
  // An issuer that stands beside a leaf which it has not signed proves nothing.
  EXPECT_FALSE(is_issued_by_ca_of(a_chain(namesake), {known[0], namesake.intermediate()}));
}

TEST(Issuer, IsTrustedWhereItsRootIsOneOfTheSystem) {
  const testing::TestCa ca;
  const md::testing::ScopedTempDir directory;
  const std::string file = (directory.path() / "roots.pem").string();
  std::ofstream(file) << ca.root_pem();
  ASSERT_EQ(::setenv("SSL_CERT_FILE", file.c_str(), 1), 0);
  EXPECT_TRUE(is_trusted_by_system(a_chain(ca), kNow));
  EXPECT_FALSE(is_trusted_by_system(a_chain(ca), kNow + hours(2))) << "it has expired";
  EXPECT_FALSE(is_trusted_by_system(a_chain(testing::TestCa()), kNow));
  testing::IssueOptions alone;
  alone.intermediate_in_chain = false;
  EXPECT_FALSE(is_trusted_by_system(a_chain(ca, alone), kNow));
  EXPECT_FALSE(is_trusted_by_system({}, kNow));
  ASSERT_EQ(::unsetenv("SSL_CERT_FILE"), 0);
}

}  // namespace
}  // namespace md::crypto
