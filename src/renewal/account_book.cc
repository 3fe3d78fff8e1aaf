// SPDX-License-Identifier: Apache-2.0
#include "renewal/account_book.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <set>
#include <utility>

#include "acme/jws.h"
#include "base/base64.h"
#include "base/text.h"
#include "crypto/digest.h"
#include "crypto/proven_key.h"
#include "renewal/failure.h"
#include "store/lock.h"

namespace md::renewal {
namespace {

using store::Durability;
using store::Group;

// Another generation of children is at work on the same account: it has its own time-outs.
constexpr std::chrono::minutes kLockPatience{5};
constexpr std::string_view kMailto = "mailto:";
constexpr std::string_view kValid = "valid";

/// Domains where nobody has a public mailbox: RFC 2606, RFC 6762 and what networks call themselves.
constexpr auto kPrivateDomains = std::to_array<std::string_view>(
    {"example", "invalid", "localhost", "local", "localdomain", "internal", "lan", "home.arpa",
     "example.com", "example.net", "example.org"});

/// A ServerAdmin that CAs refuse: no address, or one that a distribution or httpd's samples filled
/// in.
bool is_nobody(std::string_view address) {
  const auto at = address.rfind('@');
  if (at == std::string_view::npos || at == 0 || address == "[no address given]") {
    return true;
  }
  const std::string domain = "." + to_lower(address.substr(at + 1));
  return domain.find('.', 1) == std::string::npos ||
         std::any_of(kPrivateDomains.begin(), kPrivateDomains.end(), [&](std::string_view one) {
           return domain.ends_with(fmt::format(".{}", one));
         });
}

std::string_view without_scheme(std::string_view contact) {
  contact = trim(contact);
  while (contact.size() >= kMailto.size() &&
         equals_ignoring_case(contact.substr(0, kMailto.size()), kMailto)) {
    contact.remove_prefix(kMailto.size());
  }
  return contact;
}

/// Failures that the next in the queue would meet too.
bool is_everybodys(const Error& error) {
  return error.kind == ErrorKind::Network || error.kind == ErrorKind::Timeout ||
         error.kind == ErrorKind::RateLimited;
}

/// Says what the administrator has to do before there can be an account.
Status check_conditions(const acme::Directory& directory, const model::ResolvedSettings& settings) {
  if (!directory.terms_of_service.empty() && settings.agreement.empty()) {
    return fail(ErrorKind::Permanent,
                fmt::format("the CA requires you to accept the terms-of-service as specified in "
                            "<{}>. Please read the document that you find at that URL and, if you "
                            "agree to the conditions, configure \"MDCertificateAgreement "
                            "accepted\" in your Apache. Then (graceful) restart the server to "
                            "activate.",
                            printable(directory.terms_of_service)));
  }
  const model::ExternalAccount& external = settings.external_account;
  if (external.kid.empty()) {
    if (directory.external_account_required) {
      return fail_with_problem(
          ErrorKind::Permanent,
          fmt::format("the CA at {} wants an external account: configure the values that it "
                      "gave you with MDExternalAccountBinding",
                      directory.url),
          "urn:ietf:params:acme:error:externalAccountRequired");
    }
    return {};
  }
  if (!acme::decode_external_hmac(external.hmac)) {
    return fail_with_problem(ErrorKind::Permanent,
                             "the HMAC value of MDExternalAccountBinding is not base64url",
                             std::string(kExternalHmacInvalid));
  }
  return {};
}

store::AccountRecord record_of(const acme::Account& account, const std::string& ca_url,
                               const model::ExternalAccount& external) {
  store::AccountRecord record;
  record.status = account.status.empty() ? std::string(kValid) : account.status;
  record.url = account.url;
  record.ca_url = ca_url;
  record.contacts = account.contacts;
  record.orders = account.orders;
  record.external_kid = external.kid;
  record.external_hmac = external.hmac;
  record.registration = json::Value::object();
  record.registration.set("status", record.status);
  if (!account.contacts.empty()) {
    record.registration.set("contact", account.contacts);
  }
  if (!account.orders.empty()) {
    record.registration.set("orders", account.orders);
  }
  return record;
}

}  // namespace

std::vector<std::string> contacts_of(const model::ManagedDomain& domain) {
  const std::string_view configured = without_scheme(domain.settings.contact);
  if (!configured.empty()) {
    return {std::string(kMailto).append(configured)};
  }
  const std::string_view admin = without_scheme(domain.server_admin);
  if (!is_nobody(admin)) {
    return {std::string(kMailto).append(admin)};
  }
  std::vector<std::string> kept;
  for (const std::string& contact : domain.kept_contacts) {
    const std::string_view address = without_scheme(contact);
    const bool is_mail = address.size() != trim(contact).size();
    if (!is_mail || !is_nobody(address)) {
      kept.push_back(contact);
    }
  }
  return kept;
}

std::string note_without_contact(const model::ManagedDomain& domain) {
  return fmt::format(
      "No contact information is available for MD {}. Configure one using the MDContactEmail or "
      "ServerAdmin directive",
      domain.name);
}

struct AccountBook::Shelf {
  std::mutex mutex;  // held while the CA is asked: one asks, the others wait for the answer
  std::optional<Opened> opened;             // guarded by mutex
  bool is_promoted{false};                  // `opened` lies in accounts/; guarded by mutex
  std::set<std::string, std::less<>> dead;  // URLs that the CA does not know; guarded by mutex
  /// That the account has had, or that the CA would not change it to. Guarded by mutex.
  std::set<std::vector<std::string>> known_contacts;
  std::optional<Error> failure;  // of the last registration; guarded by mutex
  unsigned failures{0};          // how many there were; guarded by state_mutex
  std::mutex state_mutex;        // for what is read without waiting

  unsigned count_failures() {
    const std::lock_guard lock(state_mutex);
    return failures;
  }
  void note_failure(const Error& error) {
    failure = error;
    const std::lock_guard lock(state_mutex);
    ++failures;
  }
};

struct AccountBook::Visitor {
  acme::Connection& connection;
  const acme::Directory& directory;
  const model::ManagedDomain& domain;
  const std::string& ca_url;
  std::string kid;  ///< of the account to use; may be one that is configured no more
  std::vector<std::string> contacts;
  const std::function<void()>& before_registration;

  [[nodiscard]] bool may_use(const store::AccountRecord& record) const {
    return record.ca_url == ca_url && record.external_kid == kid;
  }
  [[nodiscard]] const model::ExternalAccount& external() const {
    return domain.settings.external_account;
  }
};

std::shared_ptr<AccountBook::Shelf> AccountBook::shelf_for(const std::string& ca_url,
                                                           const std::string& external_kid) {
  const std::lock_guard lock(mutex_);
  auto& shelf = shelves_[ca_url + '\n' + external_kid];
  if (!shelf) {
    shelf = std::make_shared<Shelf>();
  }
  return shelf;
}

Result<AccountBook::Opened> AccountBook::open(acme::Connection& connection,
                                              const acme::Directory& directory,
                                              const model::ManagedDomain& domain,
                                              const std::string& ca_url,
                                              const std::string& used_before,
                                              const std::function<void()>& before_registration) {
  Visitor visitor{connection,
                  directory,
                  domain,
                  ca_url,
                  kid_for(directory, domain, ca_url, used_before),
                  contacts_of(domain),
                  before_registration};
  const std::shared_ptr<Shelf> shelf = shelf_for(ca_url, visitor.kid);
  const unsigned failures_before = shelf->count_failures();
  const std::lock_guard lock(shelf->mutex);
  if (connection.waiter.stopped()) {
    return fail(ErrorKind::Stopped, "the server is stopping");
  }
  if (!shelf->opened && shelf->failure && shelf->count_failures() != failures_before &&
      is_everybodys(*shelf->failure)) {
    // Somebody has asked while we waited; 20 time-outs one after the other would help nobody.
    return *shelf->failure;
  }
  return open_at(*shelf, visitor);
}

bool AccountBook::may_be_shared(const std::string& external_kid) const {
  return external_kids_ && !external_kids_->contains(external_kid);
}

std::optional<store::AccountRecord> AccountBook::load_record(Group group,
                                                             const std::string& folder) const {
  const auto text = store_.load(group, folder, store::kAccountFile);
  auto record = text ? store::parse_account(*text, store_.path(group, folder, store::kAccountFile))
                     : Result<store::AccountRecord>(text.error());
  if (!record || record->status != kValid || record->url.empty()) {
    return std::nullopt;
  }
  return std::move(record).value();
}

/// An account is bound once: whoever takes the values out of the configuration afterwards goes on
/// with the account that he has, or with the newest that nobody is bound to any more.
std::string AccountBook::kid_for(const acme::Directory& directory,
                                 const model::ManagedDomain& domain, const std::string& ca_url,
                                 const std::string& used_before) const {
  const std::string& configured = domain.settings.external_account.kid;
  if (!configured.empty() || !directory.external_account_required) {
    return configured;
  }
  if (const auto staged = load_record(Group::Staging, domain.name);
      staged && staged->ca_url == ca_url) {
    return staged->external_kid;
  }
  std::string newest;
  bool has_unbound = false;
  for (const std::string& folder : store_.folders(Group::Accounts).value_or({})) {
    const auto record = load_record(Group::Accounts, folder);
    if (!record || record->ca_url != ca_url) {
      continue;
    }
    if (folder == used_before) {
      return record->external_kid;
    }
    has_unbound = has_unbound || record->external_kid.empty();
    newest = may_be_shared(record->external_kid) ? record->external_kid : newest;
  }
  return has_unbound ? std::string() : newest;
}

Result<AccountBook::Opened> AccountBook::open_at(Shelf& shelf, Visitor& visitor) {
  if (!shelf.opened) {
    shelf.opened = find_on_disk(shelf, visitor);
  }
  if (!shelf.opened) {
    std::optional<store::FileLock> file_lock;
    if (!lock_folder_.empty()) {
      // An MD's name never starts with a dot: its lock is another file.
      const auto id = crypto::sha256(as_bytes(visitor.ca_url + '\n' + visitor.kid));
      const auto path =
          lock_folder_ / fmt::format(".account-{}.lock", encode_hex(id).substr(0, 16));
      auto acquired = store::FileLock::acquire(path, kLockPatience, visitor.connection.waiter);
      if (acquired) {
        file_lock = std::move(acquired).value();
      } else if (acquired.error().kind == ErrorKind::Stopped ||
                 acquired.error().kind == ErrorKind::Timeout) {
        return std::move(acquired).error();
      }  // Otherwise there can be no lock: better a chance of two accounts than none.
    }
    shelf.opened = find_on_disk(shelf, visitor);
    if (!shelf.opened) {
      auto registered = register_account(visitor);
      if (!registered) {
        shelf.note_failure(registered.error());
        return std::move(registered).error();
      }
      shelf.opened = std::move(registered).value();
    }
  }
  MD_TRY(update_contacts(shelf, visitor));
  // Looked for again with each domain: the first one's activation puts it there.
  shelf.is_promoted = shelf.is_promoted || is_in_accounts(shelf, visitor);
  if (!shelf.is_promoted) {
    // Wherever it came from: activation of any domain that used it makes it permanent.
    MD_TRY(stage(visitor, *shelf.opened));
  }
  return *shelf.opened;
}

std::optional<AccountBook::Opened> AccountBook::find_on_disk(const Shelf& shelf,
                                                             const Visitor& visitor) const {
  auto accounts = store_.folders(Group::Accounts).value_or({});
  // The newest first: an older one of the same CA may be one that it has lost.
  for (auto folder = accounts.rbegin(); folder != accounts.rend(); ++folder) {
    if (auto found = load(Group::Accounts, *folder, shelf, visitor)) {
      return found;
    }
  }
  if (auto found = load(Group::Staging, visitor.domain.name, shelf, visitor)) {
    return found;
  }
  for (const std::string& folder : store_.folders(Group::Staging).value_or({})) {
    if (auto found = load(Group::Staging, folder, shelf, visitor)) {
      return found;
    }
  }
  return std::nullopt;
}

bool AccountBook::is_in_accounts(const Shelf& shelf, const Visitor& visitor) const {
  const auto accounts = store_.folders(Group::Accounts).value_or({});
  return std::any_of(accounts.begin(), accounts.end(), [&](const std::string& folder) {
    const auto account = load(Group::Accounts, folder, shelf, visitor);
    return account && account->record.url == shelf.opened->record.url;
  });
}

/// What is no account of this shelf, or cannot be read, is passed over: at worst a new one is made.
std::optional<AccountBook::Opened> AccountBook::load(Group group, const std::string& folder,
                                                     const Shelf& shelf,
                                                     const Visitor& visitor) const {
  auto record = load_record(group, folder);
  if (!record || !visitor.may_use(*record) || shelf.dead.contains(record->url)) {
    return std::nullopt;
  }
  auto key = load_key(group, folder);
  if (!key) {
    return std::nullopt;
  }
  return Opened{std::move(*key), std::move(*record)};
}

std::optional<crypto::PrivateKey> AccountBook::load_key(Group group,
                                                        const std::string& folder) const {
  const auto pem = store_.load(group, folder, store::kAccountKeyFile);
  if (!pem) {
    return std::nullopt;
  }
  auto key = group == Group::Staging ? crypto::key_from_encrypted_pem(*pem, store_key_.bytes())
                                     : crypto::PrivateKey::from_pem(*pem, store_key_.bytes());
  return key ? std::optional(std::move(*key)) : std::nullopt;
}

/// Keys that a CA may know while we do not: whoever was about to register them died. Our own first.
std::vector<crypto::PrivateKey> AccountBook::unfinished_keys(const Visitor& visitor) const {
  std::vector<std::string> folders = store_.folders(Group::Staging).value_or({});
  std::stable_partition(folders.begin(), folders.end(),
                        [&](const std::string& folder) { return folder == visitor.domain.name; });
  std::vector<crypto::PrivateKey> keys;
  for (const std::string& folder : folders) {
    if (!store_.exists(Group::Staging, folder, store::kAccountFile) &&
        store_.exists(Group::Staging, folder, store::kAccountKeyFile)) {
      if (auto key = load_key(Group::Staging, folder)) {
        keys.push_back(std::move(*key));
      }
    }
  }
  return keys;
}

/// An account at another CA that lies in the way (failover) is kept, in a staging folder that no
/// domain can have: names of domains are in lower case. EAB values may have been spent on it.
Status AccountBook::set_aside(const Visitor& visitor) {
  const std::string& folder = visitor.domain.name;
  const auto text = store_.load(Group::Staging, folder, store::kAccountFile);
  const auto key = store_.load(Group::Staging, folder, store::kAccountKeyFile);
  if (!text || !key) {
    return {};
  }
  const auto record = store::parse_account(*text, folder);
  if (!record || record->status != kValid || visitor.may_use(*record)) {
    return {};
  }
  const auto id = encode_hex(crypto::sha256(as_bytes(record->url))).substr(0, 16);
  const std::string aside = "ACME-" + id;
  MD_TRY(store_.save(Group::Staging, aside, store::kAccountKeyFile, *key, Durability::Synced));
  return store_.save(Group::Staging, aside, store::kAccountFile, *text, Durability::Synced);
}

/// The record of another account goes first: key and record in a folder always belong together.
Status AccountBook::save_key(const Visitor& visitor, const crypto::PrivateKey& key) {
  const std::string& folder = visitor.domain.name;
  MD_TRY(set_aside(visitor));
  MD_TRY(store_.remove_file(Group::Staging, folder, store::kAccountFile));
  MD_ASSIGN_OR_RETURN(const std::string pem, key.to_encrypted_pem(store_key_.bytes()));
  return store_.save(Group::Staging, folder, store::kAccountKeyFile, pem, Durability::Synced);
}

Status AccountBook::stage(const Visitor& visitor, const Opened& account) {
  const std::string& folder = visitor.domain.name;
  const std::string document = store::to_json(account.record).dump();
  const auto staged = store_.load(Group::Staging, folder, store::kAccountFile);
  if (staged && *staged == document &&
      store_.exists(Group::Staging, folder, store::kAccountKeyFile)) {
    return {};
  }
  MD_TRY(save_key(visitor, account.key));
  return save_record(visitor, account.record);
}

Status AccountBook::save_record(const Visitor& visitor, const store::AccountRecord& record) {
  return store_.save(Group::Staging, visitor.domain.name, store::kAccountFile,
                     store::to_json(record).dump(), Durability::Synced);
}

Result<AccountBook::Opened> AccountBook::register_account(const Visitor& visitor) {
  MD_TRY(check_conditions(visitor.directory, visitor.domain.settings));
  if (visitor.before_registration) {
    visitor.before_registration();
  }
  for (const crypto::PrivateKey& key : unfinished_keys(visitor)) {
    auto account = register_key(visitor, key, /*may_be_known=*/true);
    if (account || account.error().kind != ErrorKind::Denied) {
      return account;
    }
    // The CA does not want that key any more (an account that was deactivated): the next.
  }
  MD_ASSIGN_OR_RETURN(const auto key, crypto::PrivateKey::generate(new_key_spec_));
  return register_key(visitor, key, /*may_be_known=*/false);
}

Result<AccountBook::Opened> AccountBook::register_key(const Visitor& visitor,
                                                      const crypto::PrivateKey& key,
                                                      bool may_be_known) {
  MD_TRY_CONTEXT(save_key(visitor, key), "save the key of a new account");
  acme::AccountRequest request;
  request.contacts = visitor.contacts;
  request.agree_to_terms = !visitor.domain.settings.agreement.empty();
  Result<acme::Account> account = fail(ErrorKind::NotFound, "");
  if (may_be_known && !visitor.external().kid.empty()) {
    // Some CAs take EAB values once (ZeroSSL): they may be spent on this very account.
    request.only_existing = true;
    account = acme::create_account(visitor.connection, visitor.directory, key, request);
    request.only_existing = false;
  }
  if (!account && account.error().kind == ErrorKind::NotFound) {
    request.external_kid = visitor.external().kid;
    request.external_hmac = visitor.external().hmac;
    account = acme::create_account(visitor.connection, visitor.directory, key, request);
  }
  if (!account) {
    return with_context(std::move(account).error(),
                        fmt::format("register an account at {}", visitor.ca_url));
  }
  Opened opened{key, record_of(*account, visitor.ca_url, visitor.external())};
  if (opened.record.status != kValid) {
    return fail(ErrorKind::Denied, fmt::format("the CA at {} has an account for our key that is {}",
                                               visitor.ca_url, printable(opened.record.status)));
  }
  if (opened.record.contacts.empty()) {
    // Some CAs do not repeat them; asking to change them each time would be no use.
    opened.record.contacts = visitor.contacts;
  }
  MD_TRY_CONTEXT(save_record(visitor, opened.record), "save a new account");
  return opened;
}

/// A ServerAdmin is one of many that share the account, and changes nothing; configured contacts
/// that differ follow each other once. The account is as good with the contact that it has: a
/// refusal ends no renewal.
Status AccountBook::update_contacts(Shelf& shelf, const Visitor& visitor) {
  Opened& account = *shelf.opened;
  shelf.known_contacts.insert(account.record.contacts);
  if (trim(visitor.domain.settings.contact).empty() ||
      !shelf.known_contacts.insert(visitor.contacts).second) {
    return {};
  }
  acme::Session session(visitor.connection, visitor.directory, account.key, account.record.url);
  const auto updated = session.update_contacts(visitor.contacts);
  if (updated) {
    account.record.contacts = visitor.contacts;
    return {};
  }
  if (updated.error().kind == ErrorKind::Stopped) {
    return updated.error();
  }
  logger_.warning(
      {}, fmt::format("{}: the contact of account {} stays as it is: {}", visitor.domain.name,
                      account.record.url, describe_failure(updated.error())));
  return {};
}

/// An account whose URL and key do not belong together, as after a restore of half a store, is of
/// no use otherwise.
bool AccountBook::put_right(acme::Connection& connection, const acme::Directory& directory,
                            const Opened& account) {
  acme::AccountRequest request;
  request.only_existing = true;
  const auto found = acme::create_account(connection, directory, account.key, request);
  const store::AccountRecord& record = account.record;
  if (!found || found->url == record.url || (!found->status.empty() && found->status != kValid)) {
    return false;
  }
  const std::shared_ptr<Shelf> shelf = shelf_for(record.ca_url, record.external_kid);
  const std::lock_guard lock(shelf->mutex);
  shelf->dead.insert(record.url);
  if (shelf->opened && shelf->opened->record.url == found->url) {
    return true;  // somebody else's work
  }
  shelf->opened = Opened{account.key, record_of(*found, record.ca_url,
                                                {record.external_kid, record.external_hmac, ""})};
  shelf->is_promoted = false;
  logger_.warning({}, fmt::format("the key of account {} is that of account {} at the CA, which is "
                                  "used from now on",
                                  record.url, found->url));
  return true;
}

void AccountBook::forget(const std::string& ca_url, const std::string& account_url) {
  std::vector<std::shared_ptr<Shelf>> of_this_ca;
  {
    const std::lock_guard lock(mutex_);
    for (const auto& [name, shelf] : shelves_) {
      if (name.starts_with(ca_url + '\n')) {
        of_this_ca.push_back(shelf);
      }
    }
  }
  for (const auto& shelf : of_this_ca) {
    const std::lock_guard lock(shelf->mutex);
    shelf->dead.insert(account_url);
    if (shelf->opened && shelf->opened->record.url == account_url) {
      logger_.warning({}, fmt::format("the CA at {} does not know account {} any more: another one "
                                      "is made",
                                      ca_url, account_url));
      shelf->opened.reset();
      shelf->is_promoted = false;
    }
  }
}

}  // namespace md::renewal
