// SPDX-License-Identifier: Apache-2.0
#include "cli/acme_commands.h"

#include <fmt/format.h>

#include <memory>
#include <utility>

#include "acme/client.h"
#include "acme/exchange.h"
#include "base/text.h"
#include "cli/domain_files.h"
#include "config/authorities.h"
#include "model/dns_name.h"
#include "renewal/account_book.h"
#include "renewal/activation.h"
#include "store/documents.h"

namespace md::cli {
namespace {

using json::Value;
using store::Durability;
using store::Group;

// In staging, until it is whole. No DNS name, so no domain's.
const std::string kNewAccount = ".new-account";

/// A CA, and the way to it that the options say.
class Authority {
 public:
  static Result<Authority> open(Session& session, const std::string& url) {
    Authority authority(session);
    acme::Connection connection = authority.connection();
    MD_ASSIGN_OR_RETURN(authority.directory_, acme::fetch_directory(connection, url));
    return authority;
  }
  [[nodiscard]] acme::Connection connection() const {
    const Options& options = session_->options;
    http::Route route;
    route.ca_certificate_file = options.ca_certificate_file;
    route.proxy = options.proxy;
    return {session_->http, session_->clock, session_->waiter, *nonces_, std::move(route)};
  }
  [[nodiscard]] const acme::Directory& directory() const { return directory_; }

 private:
  explicit Authority(Session& session)
      : session_(&session), nonces_(std::make_unique<acme::NoncePool>()) {}
  Session* session_;
  std::unique_ptr<acme::NoncePool> nonces_;
  acme::Directory directory_;
};

/// An account as it is kept, and its CA.
struct KeptAccount {
  std::string id;
  store::AccountRecord record;
  crypto::PrivateKey key;
  Authority authority;

  [[nodiscard]] acme::Session session() const {
    return {authority.connection(), authority.directory(), key, record.url};
  }
};

Result<KeptAccount> open_account(Session& session, const std::string& id) {
  const store::FileStore& store = session.store;
  MD_TRY(store::check_name(id));
  const auto text = store.load(Group::Accounts, id, store::kAccountFile);
  if (!text && text.error().kind == ErrorKind::NotFound) {
    return fail(ErrorKind::NotFound,
                fmt::format("unknown account: {} (those in {}/accounts are known)",
                            printable(id, 80), store.root().string()));
  }
  if (!text) {
    return text.error();
  }
  MD_ASSIGN_OR_RETURN(
      store::AccountRecord record,
      store::parse_account(*text, store.path(Group::Accounts, id, store::kAccountFile)));
  MD_ASSIGN_OR_RETURN(const std::string pem,
                      store.load(Group::Accounts, id, store::kAccountKeyFile));
  MD_ASSIGN_OR_RETURN_CONTEXT(crypto::PrivateKey key,
                              crypto::PrivateKey::from_pem(pem, store.key().bytes()),
                              store.path(Group::Accounts, id, store::kAccountKeyFile));
  MD_ASSIGN_OR_RETURN(Authority authority, Authority::open(session, record.ca_url));
  return KeptAccount{id, std::move(record), std::move(key), std::move(authority)};
}

/// What is kept of the account says what the CA has said last.
Status note_status(Session& session, KeptAccount& account, const std::string& status) {
  account.record.status = status;
  const auto text = session.store.load(Group::Accounts, account.id, store::kAccountFile);
  MD_ASSIGN_OR_RETURN(Value document, json::Value::parse(text.value_or("{}"), account.id));
  document.set("status", status);
  return session.store.save(Group::Accounts, account.id, store::kAccountFile, document.dump(),
                            Durability::Synced);
}

/// POST to the account's own URL; the status that the CA answers.
Result<std::string> change_account(const KeptAccount& account, const Value& payload) {
  acme::Connection connection = account.authority.connection();
  MD_ASSIGN_OR_RETURN(const http::Response response,
                      acme::post_signed(connection, account.authority.directory(),
                                        {account.key, account.record.url}, account.record.url,
                                        payload.dump_compact()));
  MD_ASSIGN_OR_RETURN(const Value body, acme::json_body(response));
  return body.get("status").as_string().value_or("");
}

Result<std::string> chosen_ca(const Options& options) {
  if (options.ca_urls.empty()) {
    return fail(ErrorKind::InvalidInput, "which CA? Name it by -a");
  }
  MD_ASSIGN_OR_RETURN(const model::CertificateAuthority ca,
                      config::parse_authority(options.ca_urls.front()));
  return ca.url;
}

store::AccountRecord record_of(const acme::Account& account, const std::string& ca_url,
                               const std::vector<std::string>& contacts) {
  store::AccountRecord record;
  record.status = account.status;
  record.url = account.url;
  record.ca_url = ca_url;
  // Some CAs do not repeat them.
  record.contacts = account.contacts.empty() ? contacts : account.contacts;
  record.orders = account.orders;
  record.registration = Value::object();
  record.registration.set("status", account.status).set("contact", record.contacts);
  if (!account.orders.empty()) {
    record.registration.set("orders", account.orders);
  }
  return record;
}

Answer announced(std::string words) {
  Answer answer;
  answer.announcement = std::move(words);
  return answer;
}

/// Does it for one after the other; what was done before a failure is said.
Result<Answer> for_each_account(Session& session, const std::vector<std::string>& ids,
                                Result<std::string> (*act)(Session&, const std::string&)) {
  Answer answer;
  for (const std::string& id : ids) {
    const auto words = act(session, id);
    if (!words) {
      answer.failure = {.error = words.error()};
      return answer;
    }
    answer.announcement += *words;
  }
  return answer;
}

/// The key is kept before the CA hears of it, or an account could be lost.
Result<crypto::PrivateKey> new_key(Session& session) {
  MD_ASSIGN_OR_RETURN(
      crypto::PrivateKey key,
      crypto::PrivateKey::generate(renewal::AccountBook::key_spec_of_new_accounts()));
  MD_ASSIGN_OR_RETURN(const std::string pem, key.to_encrypted_pem(session.store.key().bytes()));
  MD_TRY(session.store.save(Group::Staging, kNewAccount, store::kAccountKeyFile, pem,
                            Durability::Synced));
  return key;
}

Status deactivate_at_ca(Session& session, const std::string& id) {
  MD_ASSIGN_OR_RETURN(const KeptAccount account, open_account(session, id));
  Value payload = Value::object();
  payload.set("status", "deactivated");  // RFC 8555 §7.3.6
  const auto status = change_account(account, payload);
  return status ? Status() : status.error();
}

Result<std::string> deactivate_account(Session& session, const std::string& id) {
  MD_TRY(store::check_name(id));
  if (!session.store.folder_exists(Group::Accounts, id)) {
    return std::string();
  }
  if (const Status told = deactivate_at_ca(session, id); !told) {
    session.logger.warning(
        {}, fmt::format("account {} is removed, but not deactivated at its CA: {}", id,
                        told.error().message));
  }
  MD_TRY(session.store.remove_folder(Group::Accounts, id));
  return std::string();
}

/// RFC 8555 has agreement as a part of registration. Some CAs take it later, too: it has to be
/// clear to which terms.
Status check_terms(const KeptAccount& account, const std::string& terms) {
  const std::string& present = account.authority.directory().terms_of_service;
  if (present.empty()) {
    return fail(ErrorKind::InvalidInput,
                fmt::format("the CA at {} has no terms of service", account.record.ca_url));
  }
  if (terms != present) {
    return fail(
        ErrorKind::InvalidInput,
        fmt::format("read the terms of service at {} and, if you agree to them, name them by "
                    "-t {}",
                    printable(present), printable(present)));
  }
  return {};
}

Result<std::string> agree_for(Session& session, const std::string& id) {
  MD_ASSIGN_OR_RETURN(KeptAccount account, open_account(session, id));
  MD_TRY(check_terms(account, session.options.terms));
  Value payload = Value::object();
  // Some CAs refuse an update that has neither contacts nor a status.
  payload.set("termsOfServiceAgreed", true).set("contact", account.record.contacts);
  MD_ASSIGN_OR_RETURN(const std::string status, change_account(account, payload));
  MD_TRY(note_status(session, account, status));
  return fmt::format("agreed terms-of-service: {}\n", printable(account.record.url));
}

Result<std::string> validate_account(Session& session, const std::string& id) {
  MD_ASSIGN_OR_RETURN(KeptAccount account, open_account(session, id));
  MD_ASSIGN_OR_RETURN(const acme::Account known, account.session().fetch_account());
  MD_TRY(note_status(session, account, known.status));
  if (known.status != "valid") {
    return fail(ErrorKind::Denied,
                fmt::format("account {} is {}", id, printable(known.status, 80)));
  }
  return fmt::format("account valid: {}\n", id);
}

Result<std::vector<model::DnsName>> parse_identifiers(const std::vector<std::string>& texts) {
  std::vector<model::DnsName> names;
  for (const std::string& text : texts) {
    MD_ASSIGN_OR_RETURN(model::DnsName name, model::DnsName::parse(text));
    names.push_back(std::move(name));
  }
  return names;
}

}  // namespace

Result<Answer> register_account(Session& session, const std::vector<std::string>& contacts) {
  MD_ASSIGN_OR_RETURN(const std::vector<std::string> urls, parse_contacts(contacts));
  MD_ASSIGN_OR_RETURN(const std::string ca_url, chosen_ca(session.options));
  MD_ASSIGN_OR_RETURN(const store::FileLock lock, lock_domain(session.store, kNewAccount));
  MD_ASSIGN_OR_RETURN(const Authority authority, Authority::open(session, ca_url));
  MD_ASSIGN_OR_RETURN(const crypto::PrivateKey key, new_key(session));
  acme::Connection connection = authority.connection();
  acme::AccountRequest request;
  request.contacts = urls;
  request.agree_to_terms = !session.options.terms.empty();
  auto account = acme::create_account(connection, authority.directory(), key, request);
  if (!account) {
    MD_TRY(session.store.remove_folder(Group::Staging, kNewAccount));
    return std::move(account).error();
  }
  const store::AccountRecord record = record_of(*account, ca_url, urls);
  const std::string document = store::to_json(record).dump();
  MD_TRY(session.store.save(Group::Staging, kNewAccount, store::kAccountFile, document,
                            Durability::Synced));
  MD_ASSIGN_OR_RETURN(const std::string id, renewal::promote_account(session.store, kNewAccount));
  // With the CA's answer, as mod_md's tool keeps it.
  MD_TRY(
      session.store.save(Group::Accounts, id, store::kAccountFile, document, Durability::Synced));
  MD_TRY(session.store.remove_folder(Group::Staging, kNewAccount));
  return announced(fmt::format("registered: {}\n", id));
}

Result<Answer> deactivate_accounts(Session& session, const std::vector<std::string>& ids) {
  return for_each_account(session, ids, deactivate_account);
}

Result<Answer> agree_to_terms(Session& session, const std::vector<std::string>& ids) {
  return for_each_account(session, ids, agree_for);
}

Result<Answer> validate_accounts(Session& session, const std::vector<std::string>& ids) {
  return for_each_account(session, ids, validate_account);
}

Result<Answer> show_authorizations(Session& session, const std::string& id,
                                   const std::vector<std::string>& texts) {
  MD_ASSIGN_OR_RETURN(const std::vector<model::DnsName> names, parse_identifiers(texts));
  MD_ASSIGN_OR_RETURN(const KeptAccount account, open_account(session, id));
  acme::Session ca = account.session();
  acme::OrderRequest request;
  for (const model::DnsName& name : names) {
    request.identifiers.push_back({"dns", name.text()});
  }
  MD_ASSIGN_OR_RETURN(const acme::Order order, ca.create_order(request));
  Answer answer;
  for (const std::string& url : order.authorizations) {
    MD_ASSIGN_OR_RETURN(const acme::Authorization authorization, ca.fetch_authorization(url));
    const std::string status(acme::name_of(authorization.status));
    std::vector<std::string> challenges;
    for (const acme::Challenge& challenge : authorization.challenges) {
      challenges.push_back(challenge.type);
    }
    const std::string& name = authorization.identifier.value;
    Value document = Value::object();
    document.set("name", name).set("status", status).set("url", url).set("challenges", challenges);
    answer.output.push_back(std::move(document));
    answer.text +=
        fmt::format("{}: {}, {}\n", printable(name), status, printable(join(challenges, " ")));
  }
  return answer;
}

}  // namespace md::cli
