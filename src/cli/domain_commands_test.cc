// SPDX-License-Identifier: Apache-2.0
#include "cli/domain_commands.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <optional>
#include <utility>

#include "cli/session_fixture.h"
#include "renewal/testing/sample_sets.h"
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

TEST_F(DomainCommands, ListTakesNamesA1) {
  ASSERT_TRUE(run({"add", "b.org", "www.b.org"}));
  ASSERT_TRUE(run({"add", "a.org"}));
  EXPECT_EQ(run({"list"})->text, "md: a.org [a.org]\nmd: b.org [b.org, www.b.org]\n");
  EXPECT_EQ(run({"list", "WWW.b.org", "a.org"})->text,
            "md: b.org [b.org, www.b.org]\nmd: a.org [a.org]\n");
  const cli::Answer answer = answer_to({"list", "a.org", "nope.org", "b.org"});
  EXPECT_EQ(answer.output.size(), 1U);
  ASSERT_TRUE(answer.failure);
  EXPECT_THAT(answer.failure->error.message, HasSubstr("managed domain not found: nope.org"));
  EXPECT_EQ(answer.failure->error.kind, ErrorKind::NotFound);
}

TEST_F(DomainCommands, ListShowsWhatCanBeReadBesideWhatCannotA1) {
  ASSERT_TRUE(run({"add", "a.org"}));
  put("bad.org", "{");
  for (const std::vector<std::string>& line :
       {std::vector<std::string>{"list"}, {"store", "list"}}) {
    const cli::Answer answer = answer_to(line);
    EXPECT_EQ(answer.output.size(), 1U);
    ASSERT_TRUE(answer.failure);
    EXPECT_THAT(answer.failure->error.message, HasSubstr("bad.org"));
  }
}

TEST_F(DomainCommands, StoreListIsInTheOrderOfAddingWithoutRenewFamily) {
  for (const char* name : {"c.org", "a.org", "b.org"}) {
    ASSERT_TRUE(run({"add", name}));
  }
  const auto answer = run({"store", "list"});
  EXPECT_EQ(answer->text, "md: c.org [c.org]\nmd: a.org [a.org]\nmd: b.org [b.org]\n");
  EXPECT_FALSE(answer->output.front().has("renew"));
}

TEST_F(DomainCommands, StateAndRenewAreFoundOutAnewA2) {
  ASSERT_TRUE(run({"add", "example.org"}));
  const auto standing = [&] {
    const json::Value document = document_of({"list"});
    return std::pair(document.get("state").as_int(), document.get("renew").as_bool());
  };
  const auto put_certificate = [&](int age, std::vector<std::string> names) {
    const TimePoint from = clock().now() - std::chrono::hours(24) * age;
    model::ManagedDomain domain = sample_domain(std::move(names));
    domain.settings.key_specs.clear();
    put_set(store(), Group::Domains, "example.org",
            sample_set(domain, {from, from + std::chrono::hours(24) * 90}), store().key());
  };
  EXPECT_EQ(standing(), std::pair(std::optional<std::int64_t>(1), std::optional(true)));
  put_certificate(10, {"example.org"});
  EXPECT_EQ(standing(), std::pair(std::optional<std::int64_t>(2), std::optional(false)));
  put_certificate(70, {"example.org"});
  EXPECT_EQ(standing(), std::pair(std::optional<std::int64_t>(2), std::optional(true)));
  put_certificate(100, {"example.org"});  // expired
  EXPECT_EQ(standing(), std::pair(std::optional<std::int64_t>(2), std::optional(true)));
  put_certificate(10, {"other.org"});
  EXPECT_EQ(standing().first, 1);
  EXPECT_THAT(document_of({"list"}).get("state-descr").as_string().value_or(""),
              HasSubstr("does not cover"));
  put_certificate(10, {"example.org"});
  ASSERT_TRUE(store().save(Group::Domains, "example.org", "privkey.pem", "no key",
                           store::Durability::Replaceable));
  EXPECT_EQ(standing().first, 2);
  ASSERT_TRUE(store().save(Group::Domains, "example.org", "pubcert.pem", "",
                           store::Durability::Replaceable));
  EXPECT_EQ(standing(), std::pair(std::optional<std::int64_t>(1), std::optional(true)));
}

TEST_F(DomainCommands, StoreAddLeavesTheStateUnknown) {
  EXPECT_EQ(document_of({"store", "add", "example.org"}).get("state").as_int(), 0);
}

TEST_F(DomainCommands, AddTakesTheCaAloneFromTheOptionsFamily) {
  const json::Value added = document_of({"add", "example.org", "-a", "https://ca.example/dir", "-C",
                                         "roots.pem", "-t", "https://ca.example/terms"});
  const json::Value ca = added.get("ca");
  EXPECT_THAT(ca.get("urls").as_strings(), ElementsAre("https://ca.example/dir"));
  EXPECT_FALSE(added.has("ca-certs"));
  EXPECT_FALSE(ca.has("agreement"));
}

TEST_F(DomainCommands, AddWithoutACaNamesNoneA8) {
  EXPECT_EQ(document_of({"add", "example.org"}).get("ca").dump_compact(), R"({"proto":"ACME"})");
  EXPECT_EQ(document_of({"store", "add", "a.org"}).get("ca").dump_compact(), R"({"proto":"ACME"})");
}

TEST_F(DomainCommands, AddAndUpdateCheckTheUrlOfTheCaA9) {
  ASSERT_TRUE(run({"add", "there.org"}));
  for (const char* url : {"http://white space/path", "http://bad.port:-1/path", "NoSuchCA", "",
                          "https://a.org:0/d", "LetsEncrypt"}) {
    EXPECT_THAT(error_of({"-a", url, "add", "example.org"}), HasSubstr("is no URL of a CA")) << url;
    EXPECT_THAT(error_of({"update", "there.org", "ca", url}), HasSubstr("is no URL of a CA"))
        << url;
  }
  EXPECT_THAT(error_of({"-a", "LetsEncrypt", "add", "example.org"}),
              HasSubstr("https://acme-v02.api.letsencrypt.org/directory"));
  EXPECT_EQ(run({"list"})->output.size(), 1U);
}

TEST_F(DomainCommands, AddRefusesWhatIsNoDnsNameA10) {
  for (const char* name : {"", "a b.org", "-a.example.org", "example.org:443", "../x", "ex\x01.org",
                           "tld", "*.org", "a_b.example.org", "a..example.org", ".", "*.", "*"}) {
    EXPECT_THAT(error_of({"add", "--", "good.example.org", name}), HasSubstr("not a DNS name"))
        << name;
  }
  EXPECT_THAT(error_of({"add", std::string(300, 'a') + ".org"}), HasSubstr("too long"));
  EXPECT_THAT(run({"list"})->output, IsEmpty());
  EXPECT_TRUE(run({"add", std::string(64, 'a') + ".org", "192.0.2.1", "*.example.org"}));
}

TEST_F(DomainCommands, StoreAddTakesWhatMayBeAFolderA10) {
  for (const char* name : {"tld", "a_b.org", "*.org"}) {
    EXPECT_EQ(document_of({"store", "add", name}).get("name").as_string(), name);
  }
  for (const char* name : {"", "..", "a/b", "../x"}) {
    EXPECT_TRUE(answer_to({"store", "add", name}).failure) << name;
  }
}

TEST_F(DomainCommands, AddRefusesNamesThatOverlap) {
  ASSERT_TRUE(run({"add", "example.org", "www.example.org", "*.two.example.org"}));
  for (const char* name : {"example.org", "EXAMPLE.org", "a.two.example.org", "*.example.org"}) {
    const cli::Answer answer = answer_to({"add", "other.net", name});
    ASSERT_TRUE(answer.failure) << name;
    EXPECT_THAT(answer.failure->error.message, HasSubstr("in use: managed domain example.org"));
    EXPECT_EQ(answer.failure->error.kind, ErrorKind::InvalidInput);
  }
  const cli::Answer again = answer_to({"add", "example.org"});
  EXPECT_EQ(again.failure->error.kind, ErrorKind::Conflict);
  EXPECT_EQ(run({"list"})->output.size(), 1U);
  EXPECT_TRUE(run({"store", "add", "other.net", "www.example.org"}));
}

TEST_F(DomainCommands, ListShowsAStoreOfModMdAsItIs) {
  put("one.example.org", samples::kDomainWithTwoKeys);
  EXPECT_EQ(document_of({"store", "list"}).dump(), samples::kDomainWithTwoKeys);
  EXPECT_EQ(run({"list"})->text, "md: one.example.org [one.example.org, www.one.example.org]\n");
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

TEST_F(DomainCommands, UpdateTakesAnyAccountA12) {
  ASSERT_TRUE(run({"add", "example.org"}));
  const auto account_after = [&](std::vector<std::string> words) {
    words.insert(words.begin(), {"update", "example.org", "account"});
    return document_of(words).get("ca").get("account").as_string().value_or("none");
  };
  EXPECT_EQ(account_after({"foo", "bar"}), "foo");
  EXPECT_THAT(logged(), HasSubstr("there is no account 'foo'"));
  EXPECT_EQ(account_after({}), "none");
}

TEST_F(DomainCommands, UpdateTakesNoAgreementForNoneA13) {
  ASSERT_TRUE(run({"add", "example.org"}));
  const auto agreement_after = [&](std::vector<std::string> words) {
    words.insert(words.begin(), {"update", "example.org", "agreement"});
    return document_of(words).get("ca").get("agreement").as_string().value_or("none");
  };
  EXPECT_EQ(agreement_after({"https://ca/terms", "more"}), "https://ca/terms");
  EXPECT_EQ(agreement_after({"accepted"}), "accepted");
  EXPECT_EQ(agreement_after({}), "none");
}

TEST_F(DomainCommands, UpdateTakesAnyProtocolA14) {
  ASSERT_TRUE(run({"add", "example.org"}));
  const json::Value ca = document_of({"update", "example.org", "ca", "https://ca/dir", "FOO"});
  EXPECT_EQ(ca.get("ca").get("proto").as_string(), "FOO");
  EXPECT_THAT(error_of({"drive", "example.org"}), HasSubstr("Unknown CA protocol"));
}

TEST_F(DomainCommands, UpdateLeavesTheCaWhereOptionsNameAnotherA15) {
  ASSERT_TRUE(run({"add", "example.org", "-a", "https://one/dir"}));
  const json::Value updated = document_of({"-a", "https://two/dir", "update", "example.org"});
  EXPECT_THAT(updated.get("ca").get("urls").as_strings(), ElementsAre("https://one/dir"));
}

TEST_F(DomainCommands, UpdateChecksMailAddressesA11) {
  ASSERT_TRUE(run({"add", "example.org"}));
  for (const char* address : {"example.org", "x@y@a.org", "@a.org", "x@", "x..y@a.org", "x y@a.org",
                              "mailto:nobody", ""}) {
    EXPECT_THAT(error_of({"update", "example.org", "contacts", address}), HasSubstr("no mail"))
        << address;
  }
  const json::Value updated =
      document_of({"update", "example.org", "contacts", "X@a.org", "mailto:y@a.org", "tel:+123"});
  EXPECT_THAT(updated.get("contacts").as_strings(),
              ElementsAre("mailto:X@a.org", "mailto:y@a.org", "tel:+123"));
}

TEST_F(DomainCommands, UpdateFailsWithTheNumbersOfModMdsToolA3) {
  ASSERT_TRUE(run({"add", "example.org"}));
  EXPECT_EQ(answer_to({"update", "example.org", "colour"}).failure->status, cli::kNotImplemented);
  EXPECT_EQ(answer_to({"update", "example.org", "domains"}).failure->status, cli::kGeneralError);
  EXPECT_TRUE(answer_to({"update", "example.org", "ca"}).failure->is_usage);
  EXPECT_TRUE(answer_to({"update"}).failure->is_usage);
  EXPECT_TRUE(answer_to({"store", "remove"}).failure->is_usage);
  EXPECT_FALSE(answer_to({"add"}).failure->is_said_in_json);
}

TEST_F(DomainCommands, UpdateSaysWhatIsWrongAndChangesNothing) {
  ASSERT_TRUE(run({"add", "example.org"}));
  ASSERT_TRUE(run({"add", "other.net"}));
  const std::string before = stored("example.org");
  const std::vector<std::pair<std::vector<std::string>, const char*>> lines{
      {{"unknown.org"}, "managed domain not found: unknown.org"},
      {{"example.org", "colour", "red"}, "cannot update 'colour'"},
      {{"example.org", "contacts"}, "No contact information"},
      {{"example.org", "contacts", "nobody"}, "'nobody' is no mail address"},
      {{"example.org", "ca", "what"}, "'what' is no URL"},
      {{"example.org", "domains"}, "one DNS name"},
      {{"example.org", "domains", "example.org", "other.net"}, "other.net is in use"},
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

TEST_F(DomainCommands, RemoveKeepsTheFilesInTheArchiveAndSaysNothingA7) {
  put("one.example.org", samples::kDomainWithTwoKeys);
  ASSERT_TRUE(store().save(Group::Domains, "one.example.org", "privkey.pem", "key",
                           store::Durability::Replaceable));
  const cli::Answer removed = answer_to({"store", "remove", "one.example.org"});
  EXPECT_FALSE(removed.failure);
  EXPECT_THAT(removed.output, IsEmpty());
  EXPECT_EQ(removed.text, "");
  EXPECT_THAT(run({"list"})->output, IsEmpty());
  EXPECT_EQ(store().load(Group::Archive, "one.example.org.1", store::kDomainFile).value_or(""),
            samples::kDomainWithTwoKeys);
}

TEST_F(DomainCommands, RemoveOfWhatHasNoKeyLeavesNothingA7) {
  ASSERT_TRUE(run({"add", "example.org"}));
  ASSERT_TRUE(run({"store", "remove", "example.org"}));
  EXPECT_THAT(*store().folders(Group::Archive), IsEmpty());
}

TEST_F(DomainCommands, RemoveOfAnUnknownNameIsAnErrorUnlessForced) {
  EXPECT_THAT(error_of({"store", "remove", "example.org"}), HasSubstr("managed domain not found"));
  EXPECT_TRUE(run({"store", "remove", "-f", "example.org"}));
}

}  // namespace
}  // namespace md::testing
