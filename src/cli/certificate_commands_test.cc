// SPDX-License-Identifier: Apache-2.0
#include "cli/certificate_commands.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <string>
#include <vector>

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
    add_domain(kName);
    json::Value document = stored();
    document.set("privkey", json::Value::object().set("type", "EC").set("curve", "P-256"));
    EXPECT_TRUE(store().save(Group::Domains, kName, store::kDomainFile, document.dump(),
                             store::Durability::Synced));
  }
  void add_domain(const std::string& name) {
    EXPECT_TRUE(run({"add", name, "-a", ca().directory_url()}));
    EXPECT_TRUE(run({"update", name, "contacts", "admin@example.org"}));
    EXPECT_TRUE(run({"update", name, "agreement", "accepted"}));
  }
  /// Whether the attempt has installed a certificate.
  bool drives(const std::vector<std::string>& words) {
    std::vector<std::string> line{"drive"};
    line.insert(line.end(), words.begin(), words.end());
    const std::size_t before = ca().certificates();
    const cli::Answer answer = answer_to(line);
    EXPECT_FALSE(answer.failure) << answer.failure->error.message;
    EXPECT_EQ(answer.text, "");
    EXPECT_TRUE(answer.output.empty());
    return ca().certificates() > before;
  }
  void change_authority(const std::function<void(json::Value&)>& change) {
    json::Value document = stored();
    json::Value authority = document.get("ca");
    change(authority);
    document.set("ca", authority);
    ASSERT_TRUE(store().save(Group::Domains, kName, store::kDomainFile, document.dump(),
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
  EXPECT_TRUE(drives({kName}));
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
  EXPECT_FALSE(drives({}));
  EXPECT_THAT(progress().back(), HasSubstr("nothing to do"));
  EXPECT_EQ(ca().certificates(), 1U);
  EXPECT_TRUE(drives({"-f", kName}));
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
}

TEST_F(CertificateCommands, DriveNamesTheReasonOfAFailureAndLeavesNoJobA16) {
  refuse_connections();
  EXPECT_THAT(error_of({"drive", kName}), HasSubstr("Connection refused"));
  EXPECT_FALSE(is_live());
  EXPECT_EQ(*store().files(Group::Staging, kName), std::vector<std::string>{"md.json"});
}

TEST_F(CertificateCommands, DriveTellsTheJobOfTheServerWhatHasFailed) {
  model::Job job;
  job.name = kName;
  job.errors = 3;
  ASSERT_TRUE(store().save(Group::Staging, kName, store::kJobFile, store::to_json(job).dump(),
                           store::Durability::Synced));
  refuse_connections();
  EXPECT_THAT(error_of({"drive", kName}), HasSubstr("Connection refused"));
  EXPECT_THAT(run({"status"})->output.front().get("renewal").get("last").dump(),
              HasSubstr("Connection refused"));
}

TEST_F(CertificateCommands, DriveWithoutAgreementSaysThatTermsAreMissingA16) {
  change_authority([](json::Value& authority) { authority.erase("agreement"); });
  EXPECT_THAT(error_of({"drive", kName, "-t", "accepted"}),
              HasSubstr("the CA requires you to accept the terms-of-service as specified in <"));
}

TEST_F(CertificateCommands, DriveWithoutContactSaysSoUnlessToldToGoOnA16) {
  json::Value document = stored();
  document.set("contacts", std::vector<std::string>());
  ASSERT_TRUE(store().save(Group::Domains, kName, store::kDomainFile, document.dump(),
                           store::Durability::Synced));
  EXPECT_THAT(error_of({"drive", kName}),
              HasSubstr("No contact information is available for MD example.org. Configure one "
                        "using the MDContactEmail or ServerAdmin directive"));
  EXPECT_EQ(ca().accounts(), 0U);
  EXPECT_TRUE(drives({"--no-contact", kName}));
  EXPECT_TRUE(drives({"-f", kName}));  // there is an account now
}

TEST_F(CertificateCommands, DriveTakesTheCaOfTheDomainAloneA15) {
  EXPECT_TRUE(drives({"-a", "https://other.test/dir", kName}));
  change_authority([](json::Value& authority) {
    authority.erase("urls");
    authority.erase("url");
  });
  EXPECT_THAT(error_of({"drive", "-f", "-a", ca().directory_url(), kName}),
              HasSubstr("The managed domain example.org is missing MDCertificateAuthority"));
}

TEST_F(CertificateCommands, DriveOfAnUnknownProtocolSaysSoA14) {
  change_authority([](json::Value& authority) { authority.set("proto", "FOO"); });
  EXPECT_THAT(error_of({"drive", kName}), HasSubstr("Unknown CA protocol"));
  EXPECT_FALSE(store().folder_exists(Group::Staging, kName));
}

TEST_F(CertificateCommands, DriveWithAnUnknownChallengeKeepsTheOrderAndHasNoKeyYetFamily) {
  EXPECT_THAT(error_of({"drive", "-c", "foo-01", kName}), HasSubstr("none of the challenges"));
  EXPECT_EQ(*store().files(Group::Staging, kName),
            (std::vector<std::string>{"account.json", "account.pem", "md.json", "order.json"}));
  EXPECT_TRUE(drives({"-r", kName}));
}

TEST_F(CertificateCommands, DriveGoesOnWithTheOthers) {
  add_domain("bad.example.net");
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
