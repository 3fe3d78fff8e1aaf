// SPDX-License-Identifier: Apache-2.0
#include "renewal/account_book.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <thread>

#include "renewal/testing/renewal_bed.h"
#include "store/testing/memory_store.h"

namespace md::renewal {
namespace {

using store::Group;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

const SecretBytes& a_key() {
  static const SecretBytes key(std::string_view("0123456789abcdef0123456789abcdef"));
  return key;
}

class AccountBookTest : public ::testing::Test {
 protected:
  AccountBookTest() { ca_.behaviour.clock = &clock_; }

  static model::ManagedDomain domain_named(const std::string& name) {
    model::ManagedDomain domain = testing::sample_domain({name});
    domain.settings.agreement = "accepted";
    domain.settings.contact = "admin@example.org";
    return domain;
  }
  /// Of which the CA wants a binding, which works once.
  model::ManagedDomain domain_with_binding(const std::string& name) {
    ca_.behaviour.external_account_required = true;
    ca_.behaviour.external_works_once = true;
    ca_.behaviour.external_kid = "kid-1";
    ca_.behaviour.external_hmac = "c2VjcmV0LXNlY3JldC1zZWNyZXQtc2VjcmV0";
    model::ManagedDomain domain = domain_named(name);
    domain.settings.external_account = {"kid-1", ca_.behaviour.external_hmac, ""};
    return domain;
  }
  Result<AccountBook::Opened> open(AccountBook& book, const model::ManagedDomain& domain) {
    return open(book, domain, ca_);
  }
  Result<AccountBook::Opened> open(AccountBook& book, const model::ManagedDomain& domain,
                                   const std::string& used_before) {
    return open(book, domain, ca_, used_before);
  }
  Result<AccountBook::Opened> open(AccountBook& book, const model::ManagedDomain& domain,
                                   http::Client& client, const std::string& used_before = {}) {
    acme::NoncePool nonces;
    acme::Connection connection{client, clock_, waiter_, nonces, {}};
    MD_ASSIGN_OR_RETURN(const auto directory,
                        acme::fetch_directory(connection, ca_.directory_url()));
    return book.open(connection, directory, domain, ca_.directory_url(), used_before);
  }
  /// As activation does.
  void promote(const std::string& from, const std::string& id) {
    for (const std::string_view file : {store::kAccountFile, store::kAccountKeyFile}) {
      ASSERT_TRUE(store_.save(Group::Accounts, id, file, *store_.load(Group::Staging, from, file),
                              store::Durability::Synced));
    }
    ASSERT_TRUE(store_.remove_folder(Group::Staging, from));
  }

  testing::FakeClock clock_;
  testing::FakeWaiter waiter_{clock_};
  testing::MemoryStore store_;
  testing::RecordingLogger logger_;
  acme::testing::FakeAcmeServer ca_;
};

TEST_F(AccountBookTest, RegistersAnAccountAndStagesIt) {
  AccountBook book(store_, a_key(), logger_);
  const auto opened = open(book, domain_named("a.test"));
  ASSERT_TRUE(opened) << opened.error().message;
  EXPECT_EQ(opened->record.status, "valid");
  EXPECT_THAT(opened->record.contacts, ElementsAre("mailto:admin@example.org"));
  EXPECT_TRUE(opened->key.fits(model::KeySpec::rsa()));  // which mod_md can use as well
  EXPECT_TRUE(store_.exists(Group::Staging, "a.test", "account.json"));
  EXPECT_THAT(*store_.load(Group::Staging, "a.test", "account.pem"),
              HasSubstr("ENCRYPTED PRIVATE KEY"));
}

TEST_F(AccountBookTest, UsesOneAccountForAllDomains) {
  AccountBook book(store_, a_key(), logger_);
  ASSERT_TRUE(open(book, domain_named("a.test")));
  ASSERT_TRUE(open(book, domain_named("b.test")));
  EXPECT_EQ(ca_.accounts(), 1U);
  EXPECT_EQ(ca_.requests_to("/new-account"), 1U);
  // Whichever is activated first takes it along.
  EXPECT_TRUE(store_.exists(Group::Staging, "b.test", "account.json"));
}

TEST_F(AccountBookTest, MakesOneHoweverManyAskAtOnce) {
  AccountBook book(store_, a_key(), logger_);
  std::vector<std::thread> threads;
  threads.reserve(20);
  std::atomic<int> opened{0};
  for (int i = 0; i < 20; ++i) {
    threads.emplace_back([&, i] {
      if (open(book, domain_named("d" + std::to_string(i) + ".test"))) {
        ++opened;
      }
    });
  }
  for (std::thread& thread : threads) {
    thread.join();
  }
  EXPECT_EQ(opened, 20);
  EXPECT_EQ(ca_.accounts(), 1U);
}

TEST_F(AccountBookTest, FindsItAgainInAnyStaging) {
  {
    AccountBook book(store_, a_key(), logger_);
    ASSERT_TRUE(open(book, domain_named("b.test")));
  }
  AccountBook book(store_, a_key(), logger_);
  ASSERT_TRUE(open(book, domain_named("a.test")));
  EXPECT_EQ(ca_.requests_to("/new-account"), 1U);
}

TEST_F(AccountBookTest, FindsItAgainInAccounts) {
  {
    AccountBook book(store_, a_key(), logger_);
    ASSERT_TRUE(open(book, domain_named("b.test")));
  }
  promote("b.test", "ACME-ca.test-0000");
  AccountBook book(store_, a_key(), logger_);
  ASSERT_TRUE(open(book, domain_named("a.test")));
  EXPECT_EQ(ca_.requests_to("/new-account"), 1U);
  EXPECT_THAT(*store_.folders(Group::Staging), IsEmpty());  // no need for a copy
}

TEST_F(AccountBookTest, DoesNotUseThatOfAnotherCaOrBinding) {  // ST-30, AC-23
  AccountBook first(store_, a_key(), logger_);
  ASSERT_TRUE(open(first, domain_named("a.test")));
  promote("a.test", "ACME-ca.test-0000");
  auto record = *store::parse_account(
      *store_.load(Group::Accounts, "ACME-ca.test-0000", store::kAccountFile), "test");
  record.ca_url = "https://other.test/dir";
  ASSERT_TRUE(store_.save(Group::Accounts, "ACME-ca.test-0000", store::kAccountFile,
                          store::to_json(record).dump(), store::Durability::Synced));
  AccountBook book(store_, a_key(), logger_);
  ASSERT_TRUE(open(book, domain_named("a.test")));
  EXPECT_EQ(ca_.accounts(), 2U);
}

TEST_F(AccountBookTest, RegistersTheSameKeyAgainAfterADeath) {
  {
    AccountBook book(store_, a_key(), logger_);
    ASSERT_TRUE(open(book, domain_named("b.test")));
  }
  // The answer of the CA was never noted.
  ASSERT_TRUE(store_.remove_file(Group::Staging, "b.test", store::kAccountFile));
  AccountBook book(store_, a_key(), logger_);
  ASSERT_TRUE(open(book, domain_named("a.test")));
  EXPECT_EQ(ca_.accounts(), 1U);
  EXPECT_EQ(ca_.requests_to("/new-account"), 2U);
}

TEST_F(AccountBookTest, MakesOneNewAccountForOneThatIsLost) {
  AccountBook book(store_, a_key(), logger_);
  const auto lost = open(book, domain_named("a.test"));
  ASSERT_TRUE(lost);
  ca_.forget_accounts();
  for (const char* name : {"a.test", "b.test", "c.test"}) {
    book.forget(ca_.directory_url(), lost->record.url);
    const auto opened = open(book, domain_named(name));
    ASSERT_TRUE(opened);
    EXPECT_NE(opened->record.url, lost->record.url);
  }
  EXPECT_EQ(ca_.accounts(), 2U);
}

TEST_F(AccountBookTest, UpdatesContactsThatDiffer) {
  AccountBook book(store_, a_key(), logger_);
  ASSERT_TRUE(open(book, domain_named("a.test")));
  model::ManagedDomain domain = domain_named("a.test");
  domain.settings.contact = "mailto:other@example.org";
  const auto opened = open(book, domain);
  ASSERT_TRUE(opened);
  EXPECT_THAT(opened->record.contacts, ElementsAre("mailto:other@example.org"));
  EXPECT_EQ(ca_.requests_to("/acct/"), 1U);
  ASSERT_TRUE(open(book, domain));
  EXPECT_EQ(ca_.requests_to("/acct/"), 1U);
}

TEST_F(AccountBookTest, Reports6AServerAdminDoesNotChangeAnAccountThatIsThere) {
  AccountBook book(store_, a_key(), logger_);
  model::ManagedDomain domain = domain_named("a.test");
  domain.settings.contact.clear();
  domain.server_admin = "one@a.test";
  const auto first = open(book, domain);
  ASSERT_TRUE(first);
  EXPECT_THAT(first->record.contacts, ElementsAre("mailto:one@a.test"));
  domain.server_admin = "two@a.test";
  const auto second = open(book, domain);
  ASSERT_TRUE(second);
  EXPECT_THAT(second->record.contacts, ElementsAre("mailto:one@a.test"));
  EXPECT_EQ(ca_.requests_to("/acct/"), 0U);
}

TEST_F(AccountBookTest, Reports6ContactsOfSeveralDomainsFollowEachOtherOnce) {
  AccountBook book(store_, a_key(), logger_);
  model::ManagedDomain one = domain_named("a.test");
  model::ManagedDomain two = domain_named("b.test");
  two.settings.contact = "other@a.test";
  for (int i = 0; i < 3; ++i) {
    ASSERT_TRUE(open(book, one));
    ASSERT_TRUE(open(book, two));
  }
  EXPECT_EQ(ca_.requests_to("/acct/"), 1U);
}

TEST_F(AccountBookTest, Reports6ARefusedContactIsAWarning) {
  AccountBook book(store_, a_key(), logger_);
  ASSERT_TRUE(open(book, domain_named("a.test")));
  unsigned refused = 0;
  ca_.behaviour.rewrite = [&](const http::Request& request, http::Response& response) {
    if (request.url.find("/acct/") != std::string::npos) {
      ++refused;
      response.status = 400;
      response.body = R"({"type":"urn:ietf:params:acme:error:invalidContact","detail":"too long"})";
    }
  };
  model::ManagedDomain domain = domain_named("a.test");
  domain.settings.contact = "other@example.org";
  for (int i = 0; i < 3; ++i) {
    const auto opened = open(book, domain);
    ASSERT_TRUE(opened) << opened.error().message;
    EXPECT_THAT(opened->record.contacts, ElementsAre("mailto:admin@example.org"));
  }
  EXPECT_EQ(refused, 1U);
  ASSERT_EQ(logger_.entries().size(), 1U);
  EXPECT_EQ(logger_.entries().front().level, LogLevel::Warning);
  EXPECT_THAT(logger_.entries().front().message, HasSubstr("too long"));
}

/// Whose binding was used, and taken out of the configuration.
class BoundAccountTest : public AccountBookTest {
 protected:
  BoundAccountTest() {
    const model::ManagedDomain domain = domain_with_binding("a.test");
    AccountBook book(store_, a_key(), logger_);
    EXPECT_TRUE(open(book, domain));
    promote("a.test", kAccount);
  }
  static constexpr const char* kAccount = "ACME-ca.test-0000";
};

TEST_F(BoundAccountTest, Reports11GoesOnBeingUsedByWhomItIs) {
  AccountBook book(store_, a_key(), logger_);
  const auto opened = open(book, domain_named("a.test"), kAccount);
  ASSERT_TRUE(opened) << opened.error().message;
  EXPECT_EQ(opened->record.external_kid, "kid-1");
  EXPECT_EQ(ca_.requests_to("/new-account"), 1U);
}

TEST_F(BoundAccountTest, Reports11IsForAllOnceNobodyIsBoundToItAnyMore) {
  AccountBook book(store_, a_key(), logger_);
  book.set_external_kids({""});
  const auto opened = open(book, domain_named("new.test"));
  ASSERT_TRUE(opened) << opened.error().message;
  EXPECT_EQ(ca_.requests_to("/new-account"), 1U);
}

TEST_F(BoundAccountTest, Reports11IsNotForOthersAsLongAsSomebodyIsBoundToIt) {
  AccountBook book(store_, a_key(), logger_);
  book.set_external_kids({"", "kid-1"});
  const auto opened = open(book, domain_named("new.test"));
  ASSERT_FALSE(opened);
  EXPECT_THAT(opened.error().message, HasSubstr("MDExternalAccountBinding"));
}

TEST_F(BoundAccountTest, Reports11IsLeftForThatOfANewBinding) {
  ca_.behaviour.external_kid = "kid-2";
  model::ManagedDomain domain = domain_named("a.test");
  domain.settings.external_account = {"kid-2", ca_.behaviour.external_hmac, ""};
  AccountBook book(store_, a_key(), logger_);
  book.set_external_kids({"kid-2"});
  const auto opened = open(book, domain, kAccount);
  ASSERT_TRUE(opened) << opened.error().message;
  EXPECT_EQ(opened->record.external_kid, "kid-2");
  EXPECT_EQ(ca_.accounts(), 2U);
}

TEST_F(BoundAccountTest, Reports11ThatIsLostWantsItsBindingAgain) {
  AccountBook book(store_, a_key(), logger_);
  const auto lost = open(book, domain_named("a.test"), kAccount);
  ASSERT_TRUE(lost);
  book.forget(ca_.directory_url(), lost->record.url);
  const auto opened = open(book, domain_named("a.test"), kAccount);
  ASSERT_FALSE(opened);
  EXPECT_THAT(opened.error().message, HasSubstr("MDExternalAccountBinding"));
}

TEST_F(AccountBookTest, Reports11IsNotTakenWhereACaNeedsNoBinding) {
  ca_.behaviour.external_kid = "kid-1";
  ca_.behaviour.external_hmac = "c2VjcmV0LXNlY3JldC1zZWNyZXQtc2VjcmV0";
  model::ManagedDomain domain = domain_named("a.test");
  domain.settings.external_account = {"kid-1", ca_.behaviour.external_hmac, ""};
  AccountBook book(store_, a_key(), logger_);
  ASSERT_TRUE(open(book, domain));
  promote("a.test", "ACME-ca.test-0000");
  const auto opened = open(book, domain_named("a.test"), "ACME-ca.test-0000");
  ASSERT_TRUE(opened);
  EXPECT_EQ(opened->record.external_kid, "") << "as with mod_md";
}

TEST_F(AccountBookTest, BindsAnExternalAccountOnce) {
  model::ManagedDomain domain = domain_with_binding("a.test");
  {
    AccountBook book(store_, a_key(), logger_);
    const auto opened = open(book, domain);
    ASSERT_TRUE(opened) << opened.error().message;
    EXPECT_EQ(opened->record.external_kid, "kid-1");
  }
  ASSERT_TRUE(store_.remove_file(Group::Staging, "a.test", store::kAccountFile));
  AccountBook book(store_, a_key(), logger_);
  const auto again = open(book, domain);
  EXPECT_TRUE(again) << again.error().message;
  EXPECT_EQ(ca_.accounts(), 1U);
}

TEST_F(AccountBookTest, C8SaysWhatIsWrongWithAnExternalAccount) {
  ca_.behaviour.external_account_required = true;
  AccountBook book(store_, a_key(), logger_);
  model::ManagedDomain domain = domain_named("a.test");
  const auto missing = open(book, domain);
  ASSERT_FALSE(missing);
  EXPECT_EQ(missing.error().kind, ErrorKind::Permanent);
  EXPECT_THAT(missing.error().message, HasSubstr("MDExternalAccountBinding"));
  ASSERT_TRUE(missing.error().problem);  // C8
  EXPECT_EQ(missing.error().problem->type, "urn:ietf:params:acme:error:externalAccountRequired");
  domain.settings.external_account = {"kid-1", "not base64url!", ""};
  const auto broken = open(book, domain);
  ASSERT_FALSE(broken);
  EXPECT_EQ(broken.error().problem->type, "apache:eab-hmac-invalid");
  EXPECT_EQ(ca_.requests_to("/new-account"), 0U);
}

TEST_F(AccountBookTest, A16SaysInModMdsWordsWhatIsToBeAgreedTo) {
  AccountBook book(store_, a_key(), logger_);
  model::ManagedDomain domain = domain_named("a.test");
  domain.settings.agreement.clear();
  const auto opened = open(book, domain);
  ASSERT_FALSE(opened);
  const std::string directory = ca_.directory_url();
  EXPECT_EQ(
      opened.error().message,
      "the CA requires you to accept the terms-of-service as specified in <" +
          directory.substr(0, directory.rfind('/')) +
          "/terms>. Please read the document that you find at that URL and, if "
          "you agree to the conditions, configure \"MDCertificateAgreement accepted\" in your "
          "Apache. Then (graceful) restart the server to activate.");
  EXPECT_FALSE(opened.error().problem);
}

TEST_F(AccountBookTest, KeepsTheAccountAtAnotherCa) {
  model::ManagedDomain domain = domain_named("a.test");
  {
    AccountBook book(store_, a_key(), logger_);
    ASSERT_TRUE(open(book, domain));
  }
  // Staged for a CA that was given up: it must not be lost for the one that comes next.
  auto record =
      *store::parse_account(*store_.load(Group::Staging, "a.test", store::kAccountFile), "test");
  record.ca_url = "https://other.test/dir";
  ASSERT_TRUE(store_.save(Group::Staging, "a.test", store::kAccountFile,
                          store::to_json(record).dump(), store::Durability::Synced));
  AccountBook book(store_, a_key(), logger_);
  ASSERT_TRUE(open(book, domain));
  bool kept = false;
  for (const std::string& folder : store_.folders(Group::Staging).value_or({})) {
    const auto text = store_.load(Group::Staging, folder, store::kAccountFile);
    kept = kept || (text && text->find("other.test") != std::string::npos);
  }
  EXPECT_TRUE(kept);
}

TEST_F(AccountBookTest, PassesOverWhatIsBroken) {
  ASSERT_TRUE(store_.save(Group::Accounts, "ACME-x-0000", store::kAccountFile, "{",
                          store::Durability::Synced));
  ASSERT_TRUE(store_.save(Group::Staging, "b.test", store::kAccountKeyFile, "no key",
                          store::Durability::Synced));
  AccountBook book(store_, a_key(), logger_);
  EXPECT_TRUE(open(book, domain_named("a.test")));
}

TEST_F(AccountBookTest, DoesNotRegisterWhenTheServerStops) {
  AccountBook book(store_, a_key(), logger_);
  acme::NoncePool nonces;
  acme::Connection connection{ca_, clock_, waiter_, nonces, {}};
  const auto directory = acme::fetch_directory(connection, ca_.directory_url());
  ASSERT_TRUE(directory);
  waiter_.stop();
  const auto opened =
      book.open(connection, *directory, domain_named("a.test"), ca_.directory_url());
  ASSERT_FALSE(opened);
  EXPECT_EQ(opened.error().kind, ErrorKind::Stopped);
}

TEST(ContactsOf, AddsTheSchemeOnce) {
  model::ManagedDomain domain = testing::sample_domain({"a.test"});
  for (const char* text :
       {"me@a.test", "mailto:me@a.test", "MailTo:mailto:me@a.test", " me@a.test"}) {
    domain.settings.contact = text;
    EXPECT_THAT(contacts_of(domain), ElementsAre("mailto:me@a.test")) << text;
  }
}

TEST(ContactsOf, AreThoseKeptWhereNoneIsConfiguredD3b) {
  model::ManagedDomain domain = testing::sample_domain({"a.test"});
  domain.kept_contacts = {"mailto:one@a.test", "mailto:webmaster@localhost", "tel:+123"};
  domain.server_admin = "[no address given]";
  EXPECT_THAT(contacts_of(domain), ElementsAre("mailto:one@a.test", "tel:+123"));
  domain.server_admin = "webmaster@a.test";
  EXPECT_THAT(contacts_of(domain), ElementsAre("mailto:webmaster@a.test"));
  domain.settings.contact = "me@a.test";
  EXPECT_THAT(contacts_of(domain), ElementsAre("mailto:me@a.test"));
}

TEST(ContactsOf, TakesTheServerAdminIfThatIsSomebody) {
  model::ManagedDomain domain = testing::sample_domain({"a.test"});
  domain.server_admin = "webmaster@a.test";
  EXPECT_THAT(contacts_of(domain), ElementsAre("mailto:webmaster@a.test"));
  for (const char* nobody :
       {"", "[no address given]", "you@example.com", "root", "@a.test", "webmaster@localhost",
        "root@host", "a@b.example", "a@srv.Local", "a@example.org", "a@www.example.NET",
        "mailto:webmaster@localhost", "a@localhost.localdomain"}) {  // reports 2
    domain.server_admin = nobody;
    EXPECT_THAT(contacts_of(domain), IsEmpty()) << nobody;
  }
  for (const char* somebody : {"a@myexample.org", "a@notlocal.net", "a@local.host.org"}) {
    domain.server_admin = somebody;
    EXPECT_THAT(contacts_of(domain), ElementsAre("mailto:" + std::string(somebody)));
  }
  domain.settings.contact = "webmaster@localhost";
  EXPECT_THAT(contacts_of(domain), ElementsAre("mailto:webmaster@localhost")) << "is configured";
}

}  // namespace
}  // namespace md::renewal
