// SPDX-License-Identifier: Apache-2.0
#include "cli/domain_commands.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "cli/session_fixture.h"
#include "store/documents.h"
#include "store/lock.h"
#include "store/testing/samples.h"

namespace md::testing {
namespace {

using store::Group;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

class DomainCommands : public SessionFixture {
 protected:
  void put(const std::string& name, std::string_view document) {
    ASSERT_TRUE(store().save(Group::Domains, name, store::kDomainFile, document,
                             store::Durability::Replaceable));
  }
  std::string stored(const std::string& name) {
    return store().load(Group::Domains, name, store::kDomainFile).value_or("");
  }
};

TEST_F(DomainCommands, AddMakesAnIncompleteDomainOfLowerCaseNames) {
  const json::Value added = document_of({"add", "Example.ORG", "www.example.org", "example.org"});
  EXPECT_EQ(added.get("name").as_string(), "example.org");
  EXPECT_THAT(added.get("domains").as_strings(), ElementsAre("example.org", "www.example.org"));
  EXPECT_EQ(added.get("state").as_int(), 1);
  EXPECT_EQ(document_of({"list"}), added);
}

TEST_F(DomainCommands, StoreAddLeavesTheStateUnknown) {
  EXPECT_EQ(document_of({"store", "add", "example.org"}).get("state").as_int(), 0);
}

TEST_F(DomainCommands, AddTakesCaRootsAndTermsFromTheOptions) {
  const json::Value added = document_of({"add", "example.org", "-a", "https://ca.example/dir", "-C",
                                         "roots.pem", "-t", "https://ca.example/terms"});
  const json::Value ca = added.get("ca");
  EXPECT_THAT(ca.get("urls").as_strings(), ElementsAre("https://ca.example/dir"));
  EXPECT_EQ(added.get("ca-certs").as_string(), "roots.pem");
  EXPECT_EQ(ca.get("agreement").as_string(), "https://ca.example/terms");
}

TEST_F(DomainCommands, AddRefusesWhatIsNoDnsName) {
  for (const char* name :
       {"", "a b.org", "-a.example.org", "example.org:443", "../x", "ex\x01.org"}) {
    EXPECT_THAT(error_of({"add", "--", "good.example.org", name}), HasSubstr("not a DNS name"))
        << name;
  }
  EXPECT_THAT(run({"list"})->output, IsEmpty());
}

TEST_F(DomainCommands, AddRefusesNamesThatOverlap) {
  ASSERT_TRUE(run({"add", "example.org", "www.example.org", "*.two.example.org"}));
  for (const char* name : {"example.org", "EXAMPLE.org", "a.two.example.org", "*.example.org"}) {
    EXPECT_THAT(error_of({"store", "add", "other.net", name}),
                HasSubstr("in use: managed domain example.org"))
        << name;
  }
  EXPECT_EQ(run({"list"})->output.size(), 1U);
}

TEST_F(DomainCommands, ListShowsAStoreOfModMdAsItIs) {
  put("one.example.org", samples::kDomainWithTwoKeys);
  EXPECT_EQ(document_of({"store", "list"}).dump(), samples::kDomainWithTwoKeys);
  EXPECT_EQ(run({"list"})->text, "one.example.org: one.example.org www.one.example.org\n");
}

TEST_F(DomainCommands, ListShowsNoSecretAndUpdateKeepsIt) {
  // As mod_md has them, and as early versions of this module had.
  for (
      const char* const secrets :
      {R"("eab": {"kid": "k", "hmac": "Secret"}, "proxy-url": "http://u:Secret@proxy:3128")",
       R"("ca": {"eab": {"kid": "k", "hmac": "Secret"}}, "http-proxy": "http://u:Secret@proxy:3128")"}) {
    put("one.example.org",
        std::string(R"({"name": "one.example.org", "domains": ["one.example.org"], )") + secrets +
            "}");
    EXPECT_THAT(document_of({"list"}).dump(), ::testing::Not(HasSubstr("Secret")));
    const json::Value updated = document_of({"update", "one.example.org", "contacts", "a@b.org"});
    EXPECT_THAT(updated.dump(), ::testing::Not(HasSubstr("Secret")));
    EXPECT_THAT(stored("one.example.org"), HasSubstr("\"hmac\": \"Secret\""));
    EXPECT_THAT(stored("one.example.org"), HasSubstr("u:Secret@proxy"));
  }
}

TEST_F(DomainCommands, ListNamesAFileThatCannotBeRead) {
  put("bad.example.org", "{");
  EXPECT_THAT(error_of({"list"}), HasSubstr("bad.example.org/md.json"));
}

TEST_F(DomainCommands, UpdateKeepsAllElse) {
  put("one.example.org", samples::kDomainWithTwoKeys);
  auto expected = json::Value::parse(samples::kDomainWithTwoKeys, "sample");
  ASSERT_TRUE(expected);
  put("one.example.org", expected->set("of-the-future", 7).dump());
  document_of({"update", "one.example.org", "contacts", "a@example.org", "mailto:b@example.org"});
  expected->set("contacts",
                std::vector<std::string>{"mailto:a@example.org", "mailto:b@example.org"});
  EXPECT_EQ(stored("one.example.org"), expected->dump());
}

TEST_F(DomainCommands, UpdateFindsTheDomainByAnyOfItsNames) {
  ASSERT_TRUE(run({"add", "example.org", "www.example.org"}));
  const json::Value updated =
      document_of({"store", "update", "WWW.example.org", "domains", "www.example.org", "New.org"});
  EXPECT_EQ(updated.get("name").as_string(), "example.org");
  EXPECT_THAT(updated.get("domains").as_strings(), ElementsAre("www.example.org", "new.org"));
}

TEST_F(DomainCommands, UpdateChangesCaAndAgreement) {
  put("one.example.org", samples::kDomainWithTwoKeys);
  document_of({"update", "one.example.org", "agreement", "https://ca.example/terms"});
  const json::Value ca =
      document_of({"update", "one.example.org", "ca", "https://ca.example/dir", "ACME"}).get("ca");
  EXPECT_THAT(ca.get("urls").as_strings(), ElementsAre("https://ca.example/dir"));
  EXPECT_FALSE(ca.has("url"));
  EXPECT_EQ(ca.get("agreement").as_string(), "https://ca.example/terms");
}

TEST_F(DomainCommands, UpdateTakesAnAccountThatIsThere) {
  ASSERT_TRUE(run({"add", "example.org"}));
  EXPECT_THAT(error_of({"update", "example.org", "account", "ACME-ca-0000"}),
              HasSubstr("no account 'ACME-ca-0000'"));
  ASSERT_TRUE(store().save(Group::Accounts, "ACME-ca-0000", store::kAccountFile, "{}",
                           store::Durability::Replaceable));
  EXPECT_EQ(document_of({"update", "example.org", "account", "ACME-ca-0000"})
                .get("ca")
                .get("account")
                .as_string(),
            "ACME-ca-0000");
}

TEST_F(DomainCommands, UpdateSaysWhatIsWrongAndChangesNothing) {
  ASSERT_TRUE(run({"add", "example.org"}));
  ASSERT_TRUE(run({"add", "other.net"}));
  const std::string before = stored("example.org");
  const std::vector<std::pair<std::vector<std::string>, const char*>> lines{
      {{"unknown.org"}, "no managed domain is called 'unknown.org'"},
      {{"example.org", "colour", "red"}, "cannot update 'colour'"},
      {{"example.org", "contacts"}, "No contact information"},
      {{"example.org", "contacts", "nobody"}, "'nobody' is no mail address"},
      {{"example.org", "ca", "https://ca/dir", "SCEP"}, "Unknown CA protocol"},
      {{"example.org", "ca", "what://x"}, "what://x"},
      {{"example.org", "domains"}, "one DNS name"},
      {{"example.org", "domains", "example.org", "other.net"}, "other.net is in use"},
      {{"example.org", "account", "../accounts"}, "../accounts"},
      {{"example.org", "agreement", "yes"}, "terms of service"}};
  for (const auto& [words, message] : lines) {
    std::vector<std::string> line{"update"};
    line.insert(line.end(), words.begin(), words.end());
    EXPECT_THAT(error_of(line), HasSubstr(message));
  }
  EXPECT_EQ(stored("example.org"), before);
}

TEST_F(DomainCommands, UpdateLeavesADomainAloneThatIsBeingRenewed) {
  ASSERT_TRUE(run({"add", "example.org"}));
  const auto lock = store::FileLock::try_acquire(store().path_of("locks/example.org.lock"));
  ASSERT_TRUE(lock);
  EXPECT_THAT(error_of({"update", "example.org", "contacts", "a@b.org"}),
              HasSubstr("example.org is being renewed"));
}

TEST_F(DomainCommands, RemoveKeepsTheFilesInTheArchive) {
  put("one.example.org", samples::kDomainWithTwoKeys);
  ASSERT_TRUE(run({"store", "remove", "one.example.org"}));
  EXPECT_THAT(run({"list"})->output, IsEmpty());
  EXPECT_EQ(store().load(Group::Archive, "one.example.org.1", store::kDomainFile).value_or(""),
            samples::kDomainWithTwoKeys);
}

TEST_F(DomainCommands, RemoveOfAnUnknownNameIsAnErrorUnlessForced) {
  EXPECT_THAT(error_of({"store", "remove", "example.org"}), HasSubstr("no managed domain"));
  EXPECT_TRUE(run({"store", "remove", "-f", "example.org"}));
}

}  // namespace
}  // namespace md::testing
