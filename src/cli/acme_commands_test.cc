// SPDX-License-Identifier: Apache-2.0
#include "cli/acme_commands.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <optional>
#include <string>

#include "cli/session_fixture.h"
#include "store/documents.h"

namespace md::testing {
namespace {

using store::Group;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::StartsWith;

class AcmeCommands : public SessionFixture {
 protected:
  /// The id of a new account.
  std::string registered() {
    const cli::Answer answer = answer_to(
        {"acme", "newreg", "admin@example.org", "-a", ca().directory_url(), "-t", "accepted"});
    EXPECT_FALSE(answer.failure) << answer.failure->error.message;
    EXPECT_THAT(answer.announcement, StartsWith("registered: "));
    const std::string& words = answer.announcement;
    return words.substr(words.find(' ') + 1, words.size() - words.find(' ') - 2);
  }
  json::Value account(const std::string& id) {
    const auto text = store().load(Group::Accounts, id, store::kAccountFile);
    return *json::Value::parse(text.value_or("null"), "account.json");
  }
};

TEST_F(AcmeCommands, NewregSaysWhichAccountItHasMadeA4) {
  const std::string id = registered();
  EXPECT_THAT(id, StartsWith("ACME-"));
  EXPECT_TRUE(store().exists(Group::Accounts, id, store::kAccountKeyFile)) << id;
  EXPECT_THAT(*store().folders(Group::Staging), IsEmpty());
  EXPECT_EQ(answer_to({"acme", "validate", id}).announcement, "account valid: " + id + "\n");
}

TEST_F(AcmeCommands, NewregKeepsTheAnswerOfTheCaA4b) {
  const json::Value registration = account(registered()).get("registration");
  EXPECT_THAT(registration.get("contact").as_strings(), ElementsAre("mailto:admin@example.org"));
}

TEST_F(AcmeCommands, AgreeWantsTheTermsByNameA4) {
  const std::string id = registered();
  EXPECT_TRUE(answer_to({"acme", "agree", id, "-t", "accepted"}).failure);
  EXPECT_TRUE(answer_to({"acme", "agree", id}).failure);
  const std::string url = account(id).get("url").as_string().value_or("");
  const cli::Answer agreed = answer_to({"acme", "agree", id, "-t", "https://ca.test/terms"});
  EXPECT_FALSE(agreed.failure) << agreed.failure->error.message;
  EXPECT_EQ(agreed.announcement, "agreed terms-of-service: " + url + "\n");
}

TEST_F(AcmeCommands, DelregDeactivatesAndRemovesA5) {
  const std::string id = registered();
  const cli::Answer removed = answer_to({"acme", "delreg", id});
  EXPECT_FALSE(removed.failure);
  EXPECT_EQ(removed.announcement + removed.text, "");
  EXPECT_FALSE(store().folder_exists(Group::Accounts, id));
  EXPECT_THAT(logged(), ::testing::Not(HasSubstr("not deactivated")));
}

TEST_F(AcmeCommands, DelregRemovesWhereTheCaCannotBeReachedA5) {
  const std::string id = registered();
  ca().behaviour.intercept = [](const http::Request&) -> std::optional<Result<http::Response>> {
    return fail(ErrorKind::Network, "connect to ca.test:443: Connection refused");
  };
  EXPECT_FALSE(answer_to({"acme", "delreg", id}).failure);
  EXPECT_FALSE(store().folder_exists(Group::Accounts, id));
  EXPECT_THAT(logged(), HasSubstr("not deactivated at its CA"));
}

TEST_F(AcmeCommands, DelregOfUnknownAccountsOrNoneIsNoErrorA5) {
  EXPECT_FALSE(answer_to({"acme", "delreg", "ACME-nowhere-0000"}).failure);
  for (const char* command : {"delreg", "agree", "validate"}) {
    EXPECT_FALSE(answer_to({"acme", command}).failure) << command;
  }
}

TEST_F(AcmeCommands, NewregSaysWhatItLacksAndLeavesNothing) {
  EXPECT_THAT(error_of({"acme", "newreg", "-a", ca().directory_url()}),
              HasSubstr("No contact information"));
  EXPECT_THAT(error_of({"acme", "newreg", "a@b.org"}), HasSubstr("Name it by -a"));
  EXPECT_THAT(error_of({"acme", "newreg", "a@b.org", "-a", ca().directory_url()}),
              HasSubstr("terms of service"));
  EXPECT_THAT(*store().folders(Group::Staging), IsEmpty());
  EXPECT_THAT(*store().folders(Group::Accounts), IsEmpty());
}

TEST_F(AcmeCommands, AuthzShowsWhatTheCaWantsToSee) {
  const json::Value shown = document_of({"acme", "authz", registered(), "example.org"});
  EXPECT_EQ(shown.get("status").as_string(), "pending");
  EXPECT_THAT(shown.get("challenges").as_strings(),
              ElementsAre("http-01", "tls-alpn-01", "dns-01"));
}

TEST_F(AcmeCommands, RefuseAnAccountThatIsNotThereA4) {
  for (const char* command : {"agree", "validate"}) {
    EXPECT_THAT(error_of({"acme", command, "ACME-nowhere-0000"}),
                HasSubstr("unknown account: ACME-nowhere-0000"));
  }
  for (const char* command : {"delreg", "agree", "validate"}) {
    EXPECT_THAT(error_of({"acme", command, "../accounts"}), HasSubstr("../accounts"));
  }
}

}  // namespace
}  // namespace md::testing
