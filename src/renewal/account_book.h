// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>

#include "acme/client.h"
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
  AccountBook(store::Store& store, const SecretBytes& store_key)
      : store_(store), store_key_(store_key) {}

  struct Opened {
    crypto::PrivateKey key;
    store::AccountRecord record;
  };

  /// The account to use for `domain` at the CA of `directory`: from memory, `accounts/`, or what
  /// any `staging/` folder holds; else a new one is registered (spec/acme.md, "Accounts") and put
  /// into staging of `domain`. Contacts that differ are updated at the CA. Without agreement to a
  /// CA's terms: Permanent, the message says which directive is missing.
  Result<Opened> open(acme::Connection& connection, const acme::Directory& directory,
                      const model::ManagedDomain& domain, const std::string& ca_url);

  /// The CA says that it does not know `account_url`: it is not used again, the next `open` makes a
  /// new one (only one, however many jobs report it).
  void forget(const std::string& ca_url, const std::string& account_url);

 private:
  struct Shelf;  // of one CA URL and EAB: its own lock, so that CAs do not wait for each other
  std::shared_ptr<Shelf> shelf_for(const std::string& ca_url, const std::string& external_kid);

  store::Store& store_;
  const SecretBytes& store_key_;
  std::mutex mutex_;
  std::map<std::string, std::shared_ptr<Shelf>> shelves_;  // guarded by mutex_
};

}  // namespace md::renewal
