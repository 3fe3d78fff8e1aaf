// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "acme/client.h"
#include "base/logger.h"
#include "base/result.h"
#include "base/secret_bytes.h"
#include "crypto/private_key.h"
#include "model/managed_domain.h"
#include "store/documents.h"
#include "store/store.h"

namespace md::renewal {

/// The accounts of this server, shared by all managed domains with the same CA URL and EAB. A new
/// one is made once, however many jobs want it at the same moment, and survives a death between any
/// two steps: the key is in staging before the CA hears of it. Thread-safe.
class AccountBook {
 public:
  /// RSA, though P-256 would be made in no time: mod_md 2.6.10 signs with RS256 whatever an
  /// account's key is, and after a switch back to it would ask the CA again and again with a
  /// signature that no CA can take. Existing accounts of any type go on working.
  static model::KeySpec key_spec_of_new_accounts() { return model::KeySpec::rsa(); }

  /// `lock_folder`: for files that keep two generations of children from registering at the same
  /// time; empty: there are none.
  AccountBook(store::Store& store, const SecretBytes& store_key, Logger& logger,
              std::filesystem::path lock_folder = {},
              model::KeySpec new_key_spec = key_spec_of_new_accounts())
      : store_(store),
        store_key_(store_key),
        logger_(logger),
        lock_folder_(std::move(lock_folder)),
        new_key_spec_(std::move(new_key_spec)) {}

  /// The kids that domains are configured with (MDExternalAccountBinding): accounts of others may
  /// be used without. Before the first `open`.
  void set_external_kids(std::set<std::string> kids) { external_kids_ = std::move(kids); }

  struct Opened {
    crypto::PrivateKey key;
    store::AccountRecord record;
  };

  /// The account to use for `domain` at the CA of `directory`: from memory, `accounts/`, or what
  /// any `staging/` folder holds; else a new one is registered (spec/acme.md, "Accounts") and put
  /// into staging of `domain`. A configured contact that differs is updated at the CA. Without
  /// agreement to a CA's terms: Permanent, the message says which directive is missing.
  /// `used_before`: the folder in `accounts/` of the account that the domain's certificates came
  /// by; empty: unknown. `before_registration` is called before a new one is registered.
  Result<Opened> open(acme::Connection& connection, const acme::Directory& directory,
                      const model::ManagedDomain& domain, const std::string& ca_url,
                      const std::string& used_before = {},
                      const std::function<void()>& before_registration = {});

  /// The CA says that it does not know `account_url`: it is not used again, the next `open` makes a
  /// new one (only one, however many jobs report it).
  void forget(const std::string& ca_url, const std::string& account_url);

  /// The CA takes nothing that is signed by `account`: its URL is looked up by its key. False: the
  /// CA knows no other URL for that key.
  bool put_right(acme::Connection& connection, const acme::Directory& directory,
                 const Opened& account);

 private:
  struct Shelf;    // of one CA URL and EAB: its own lock, so that CAs do not wait for each other
  struct Visitor;  // what one call of `open` works with
  std::shared_ptr<Shelf> shelf_for(const std::string& ca_url, const std::string& external_kid);
  [[nodiscard]] std::string kid_for(const acme::Directory& directory,
                                    const model::ManagedDomain& domain, const std::string& ca_url,
                                    const std::string& used_before) const;
  [[nodiscard]] bool may_be_shared(const std::string& external_kid) const;
  [[nodiscard]] std::optional<store::AccountRecord> load_record(store::Group group,
                                                                const std::string& folder) const;

  Result<Opened> open_at(Shelf& shelf, Visitor& visitor);
  std::optional<Opened> find_on_disk(const Shelf& shelf, const Visitor& visitor) const;
  bool is_in_accounts(const Shelf& shelf, const Visitor& visitor) const;
  std::optional<Opened> load(store::Group group, const std::string& folder, const Shelf& shelf,
                             const Visitor& visitor) const;
  std::optional<crypto::PrivateKey> load_key(store::Group group, const std::string& folder) const;
  std::vector<crypto::PrivateKey> unfinished_keys(const Visitor& visitor) const;
  Status set_aside(const Visitor& visitor);
  Status save_key(const Visitor& visitor, const crypto::PrivateKey& key);
  Status save_record(const Visitor& visitor, const store::AccountRecord& record);
  Status stage(const Visitor& visitor, const Opened& account);
  Result<Opened> register_account(const Visitor& visitor);
  Result<Opened> register_key(const Visitor& visitor, const crypto::PrivateKey& key,
                              bool may_be_known);
  Status update_contacts(Shelf& shelf, const Visitor& visitor);

  store::Store& store_;
  const SecretBytes& store_key_;
  Logger& logger_;
  const std::filesystem::path lock_folder_;
  const model::KeySpec new_key_spec_;
  std::optional<std::set<std::string>> external_kids_;  // nullopt: unknown
  std::mutex mutex_;
  std::map<std::string, std::shared_ptr<Shelf>> shelves_;  // guarded by mutex_
};

/// "mailto:" once and the address: what is configured, or else the ServerAdmin where that is an
/// address of somebody, or else what the store has kept. Empty: none.
std::vector<std::string> contacts_of(const model::ManagedDomain& domain);
/// What mod_md says where there is none, and how to give one.
std::string note_without_contact(const model::ManagedDomain& domain);

}  // namespace md::renewal
