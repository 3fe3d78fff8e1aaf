// SPDX-License-Identifier: Apache-2.0

// An account whose URL and key do not belong together.
#include <gtest/gtest.h>

#include "renewal/renewer.h"
#include "renewal/testing/renewal_bed.h"

namespace md::renewal {
namespace {

using namespace std::chrono_literals;
using testing::RenewalBed;

/// The URL of the live account becomes that of another one; the right one.
std::string exchange_account_url(RenewalBed& bed) {
  acme::NoncePool nonces;
  acme::Connection connection{bed.ca, bed.clock, bed.waiter, nonces, {}};
  const auto directory = acme::fetch_directory(connection, bed.ca.directory_url());
  acme::AccountRequest request;
  request.agree_to_terms = true;
  const auto another = acme::create_account(
      connection, *directory, *crypto::PrivateKey::generate(model::KeySpec::ec("P-256")), request);
  const auto folders = *bed.store().folders(store::Group::Accounts);
  auto record = *store::parse_account(
      *bed.store().load(store::Group::Accounts, folders.front(), store::kAccountFile), "it");
  std::string right = std::exchange(record.url, another->url);
  EXPECT_TRUE(bed.store().save(store::Group::Accounts, folders.front(), store::kAccountFile,
                               store::to_json(record).dump(), store::Durability::Synced));
  return right;
}

/// CAs have two words for a signature that is not the account's.
void complain_of_signatures(RenewalBed& bed, const std::string& type) {
  bed.ca.behaviour.rewrite = [type](const http::Request&, http::Response& response) {
    if (response.body.find("not signed by") != std::string::npos) {
      response.status = type == "malformed" ? 400 : 401;
      response.body = R"({"type":"urn:ietf:params:acme:error:)" + type + "\"}";
    }
  };
}

void expect_renewal_after_restart(RenewalBed& bed) {
  bed.restart();
  bed.clock.advance(24h * 70);
  bed.check();
  EXPECT_TRUE(bed.has_staged()) << bed.job().last.problem.detail;
  EXPECT_EQ(bed.job().errors, 0U);
}

TEST(Renewer, Reports7LooksUpTheAccountOfItsKeyWhereTheUrlIsAnothers) {
  for (const char* type : {"malformed", "unauthorized"}) {
    RenewalBed bed;
    bed.check();
    ASSERT_EQ(bed.activate().kind, ActivationOutcome::Kind::Activated);
    const std::string right = exchange_account_url(bed);
    complain_of_signatures(bed, type);
    expect_renewal_after_restart(bed);
    EXPECT_EQ(bed.ca.accounts(), 2U) << "no third one";
    EXPECT_EQ(bed.ca.requests_to("/new-account"), 3U);
    EXPECT_TRUE(bed.logger.mentions("is that of account " + right));
  }
}

TEST(Renewer, Reports7MakesOneNewAccountWhereTheCaKnowsNoneOfThatKey) {
  for (const char* type : {"malformed", "unauthorized"}) {
    RenewalBed bed;
    bed.check();
    ASSERT_EQ(bed.activate().kind, ActivationOutcome::Kind::Activated);
    bed.ca.forget_accounts();
    exchange_account_url(bed);
    complain_of_signatures(bed, type);
    expect_renewal_after_restart(bed);
    EXPECT_TRUE(bed.logger.mentions("another one is made"));
    bed.check();
    EXPECT_EQ(bed.ca.requests_to("/new-account"), 4U) << "first, another, lookup, new";
  }
}

TEST(Renewer, Reports7ARequestThatIsMalformedIsNoFaultOfTheAccount) {
  RenewalBed bed;
  bed.ca.behaviour.rewrite = [](const http::Request& request, http::Response& response) {
    if (request.url.ends_with("/new-order")) {
      response.status = 400;
      response.body = R"({"type":"urn:ietf:params:acme:error:malformed"})";
    }
  };
  bed.check();
  EXPECT_EQ(bed.job().errors, 1U);
  EXPECT_EQ(bed.ca.requests_to("/new-order"), 1U);
  EXPECT_EQ(bed.ca.requests_to("/new-account"), 1U);
}

}  // namespace
}  // namespace md::renewal
