// SPDX-License-Identifier: Apache-2.0
#include "cli/certificate_commands.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "cli/session_fixture.h"
#include "http/testing/scripted_client.h"
#include "renewal/challenge_files.h"
#include "store/documents.h"

namespace md::testing {
namespace {

using store::Group;
using ::testing::HasSubstr;

const std::string kName = "example.org";

class CertificateCommands : public SessionFixture {
 protected:
  CertificateCommands() {
    EXPECT_TRUE(run({"add", kName, "-a", ca().directory_url(), "-t", "accepted"}));
    json::Value document = stored();
    document.set("privkey", json::Value::object().set("type", "EC").set("curve", "P-256"));
    EXPECT_TRUE(store().save(Group::Domains, kName, store::kDomainFile, document.dump(),
                             store::Durability::Synced));
  }
  json::Value stored() {
    const auto text = store().load(Group::Domains, kName, store::kDomainFile);
    return *json::Value::parse(text.value_or("null"), "md.json");
  }
  bool is_live() { return store().exists(Group::Domains, kName, "pubcert.p-256.pem"); }
  void refuse_connections() {
    ca().behaviour.intercept = [](const http::Request&) -> std::optional<Result<http::Response>> {
      return fail(ErrorKind::Network, "connect to ca.test:443: Connection refused");
    };
  }
};

TEST_F(CertificateCommands, DriveObtainsAndInstalls) {
  const json::Value before = stored();
  EXPECT_EQ(document_of({"drive", kName}).get("renewed").as_bool(), true);
  EXPECT_THAT(progress(), ::testing::Contains(HasSubstr("Contacting ACME server")));
  EXPECT_TRUE(is_live());
  EXPECT_EQ(document_of({"history", kName}).get("number").as_int(), 1);
  EXPECT_FALSE(store().exists(Group::Staging, kName, "pubcert.p-256.pem"));
  EXPECT_EQ(stored().get("state").as_int(), 2);
  EXPECT_EQ(stored().get("ca").get("url").as_string(), ca().directory_url());
  const std::string account = stored().get("ca").get("account").as_string().value_or("");
  EXPECT_TRUE(store().exists(Group::Accounts, account, store::kAccountFile)) << account;
  EXPECT_EQ(stored().get("domains"), before.get("domains"));
}

TEST_F(CertificateCommands, DriveLeavesAloneWhatIsNotDueUnlessForced) {
  ASSERT_TRUE(run({"drive"}));
  const json::Value second = document_of({"drive"});
  EXPECT_EQ(second.get("renewed").as_bool(), false);
  EXPECT_EQ(ca().certificates(), 1U);
  EXPECT_EQ(document_of({"drive", "--force", kName}).get("renewed").as_bool(), true);
  EXPECT_EQ(ca().certificates(), 2U);
  EXPECT_EQ(ca().accounts(), 1U);
}

TEST_F(CertificateCommands, DriveUsesTheChallengeThatIsAskedForAndDoesNotKeepIt) {
  std::vector<std::string> types;
  ca().behaviour.validate = [&](const auto& type, const auto&, const auto&, const auto&) {
    types.push_back(type);
    return true;
  };
  ASSERT_TRUE(run({"drive", "-c", "http-01", kName}));
  EXPECT_EQ(types, std::vector<std::string>{"http-01"});
  EXPECT_FALSE(stored().get("ca").has("challenges"));
  EXPECT_THAT(error_of({"drive", "--force", "-c", "carrier-pigeon"}), HasSubstr("is no challenge"));
}

TEST_F(CertificateCommands, DriveNamesTheReasonOfAFailure) {
  refuse_connections();
  EXPECT_THAT(error_of({"drive", kName}), HasSubstr("Connection refused"));
  EXPECT_THAT(run({"status"})->output.front().get("renewal").get("last").dump(),
              HasSubstr("Connection refused"));
  EXPECT_FALSE(is_live());
}

TEST_F(CertificateCommands, DriveWithoutAgreementSaysThatTermsAreMissing) {
  json::Value document = stored();
  json::Value authority = document.get("ca");
  authority.erase("agreement");
  document.set("ca", authority);
  ASSERT_TRUE(store().save(Group::Domains, kName, store::kDomainFile, document.dump(),
                           store::Durability::Synced));
  EXPECT_THAT(error_of({"drive", kName}), HasSubstr("erms of"));
  EXPECT_TRUE(run({"drive", kName, "-t", "accepted"}));
  EXPECT_FALSE(stored().get("ca").has("agreement"));
}

TEST_F(CertificateCommands, DriveGoesOnWithTheOthers) {
  ASSERT_TRUE(run({"add", "bad.example.net", "-a", ca().directory_url(), "-t", "accepted"}));
  ca().behaviour.rejected_names = {"bad.example.net"};
  EXPECT_THAT(error_of({"drive"}), HasSubstr("drive bad.example.net"));
  EXPECT_TRUE(is_live());
}

TEST_F(CertificateCommands, RevokeTellsTheCa) {
  ASSERT_TRUE(run({"drive"}));
  std::vector<std::string> revoked;
  ca().behaviour.rewrite = [](const http::Request& request, http::Response& response) {
    if (request.url.ends_with("/dir")) {
      auto directory = *json::Value::parse(response.body, "directory");
      response.body = directory.set("revokeCert", "https://ca.test/revoke").dump();
    }
  };
  ca().behaviour.intercept =
      [&](const http::Request& request) -> std::optional<Result<http::Response>> {
    if (!request.url.ends_with("/revoke")) {
      return std::nullopt;
    }
    revoked.push_back(request.body);
    return http::testing::a_response(200);
  };
  const auto answer = run({"revoke", kName, "--reason", "keyCompromise"});
  ASSERT_TRUE(answer) << answer.error().message;
  EXPECT_EQ(revoked.size(), 1U);
  EXPECT_THAT(answer->text, HasSubstr("is revoked"));
}

TEST_F(CertificateCommands, RevokeSaysWhatItLacks) {
  EXPECT_THAT(error_of({"revoke", kName, "--reason", "boredom"}), HasSubstr("known are"));
  EXPECT_THAT(error_of({"revoke", kName}), HasSubstr("name it by -a"));
  EXPECT_THAT(error_of({"revoke", kName, "-a", ca().directory_url()}),
              HasSubstr("no certificate to revoke"));
}

}  // namespace
}  // namespace md::testing
