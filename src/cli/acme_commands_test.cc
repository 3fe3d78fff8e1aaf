// SPDX-License-Identifier: Apache-2.0
#include "cli/acme_commands.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "cli/session_fixture.h"
#include "store/documents.h"

namespace md::testing {
namespace {

using store::Group;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

class AcmeCommands : public SessionFixture {
 protected:
  json::Value registered() {
    return document_of(
        {"acme", "newreg", "admin@example.org", "-a", ca().directory_url(), "-t", "accepted"});
  }
  std::string id_of(const json::Value& account) {
    return account.get("id").as_string().value_or("");
  }
};

TEST_F(AcmeCommands, NewregKeepsAnAccountThatValidateFinds) {
  const json::Value account = registered();
  const std::string id = id_of(account);
  EXPECT_THAT(account.get("contact").as_strings(), ElementsAre("mailto:admin@example.org"));
  EXPECT_TRUE(store().exists(Group::Accounts, id, store::kAccountKeyFile)) << id;
  EXPECT_THAT(*store().folders(Group::Staging), IsEmpty());
  EXPECT_EQ(document_of({"acme", "validate", id}).get("status").as_string(), "valid");
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
  const json::Value shown = document_of({"acme", "authz", id_of(registered()), "example.org"});
  EXPECT_EQ(shown.get("status").as_string(), "pending");
  EXPECT_THAT(shown.get("challenges").as_strings(),
              ElementsAre("http-01", "tls-alpn-01", "dns-01"));
}

TEST_F(AcmeCommands, RefuseAnAccountThatIsNotThere) {
  for (const char* command : {"delreg", "agree", "validate"}) {
    EXPECT_THAT(error_of({"acme", command, "ACME-nowhere-0000"}),
                HasSubstr("no account 'ACME-nowhere-0000'"));
  }
  EXPECT_THAT(error_of({"acme", "validate", "../accounts"}), HasSubstr("../accounts"));
}

}  // namespace
}  // namespace md::testing
