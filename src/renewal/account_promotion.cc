// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>

#include "crypto/private_key.h"
#include "crypto/proven_key.h"
#include "http/url.h"
#include "renewal/activation.h"
#include "store/documents.h"

namespace md::renewal {
namespace {

using store::FileStore;
using store::Group;

constexpr int kMaxAccountsPerHost = 10'000;

/// The CA's host, as far as it can be part of a folder's name.
std::string host_for_id(const std::string& ca_url) {
  const auto url = http::parse_url(ca_url);
  std::string host = url ? url->host : "";
  std::erase_if(host, [](char c) {
    const bool fine = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                      c == '-' || c == '.';
    return !fine;
  });
  constexpr std::size_t kMaxHost = 200;
  return host.empty() ? "unknown" : host.substr(0, kMaxHost);
}

struct StagedAccount {
  std::string pem;  // encrypted
  crypto::PrivateKey key;
  store::AccountRecord record;
};

Error refused(const FileStore& store, const std::string& folder, std::string_view why) {
  return fail(ErrorKind::Corrupt,
              fmt::format("{} {}", store.path(Group::Staging, folder, store::kAccountFile), why));
}

Result<StagedAccount> load_staged(const FileStore& store, const std::string& folder) {
  const std::string file(store::kAccountFile);
  MD_ASSIGN_OR_RETURN(const std::string text, store.load(Group::Staging, folder, file));
  MD_ASSIGN_OR_RETURN(auto record,
                      store::parse_account(text, store.path(Group::Staging, folder, file)));
  if (record.url.empty() || record.ca_url.empty()) {
    return refused(store, folder, "names no account");
  }
  MD_ASSIGN_OR_RETURN(std::string pem, store.load(Group::Staging, folder, store::kAccountKeyFile));
  // All processes of the child user may write there: the encryption is the proof that it is ours.
  auto key = crypto::key_from_encrypted_pem(pem, store.key().bytes());
  if (!key) {
    return refused(store, folder, "has a key that is not ours: " + key.error().message);
  }
  // mod_md keeps the CA's answer with the staged account only.
  record.registration = json::Value();
  return StagedAccount{std::move(pem), *std::move(key), std::move(record)};
}

bool is_same_key(const FileStore& store, const std::string& id, const StagedAccount& staged) {
  const auto pem = store.load(Group::Accounts, id, store::kAccountKeyFile);
  const auto key = pem ? crypto::PrivateKey::from_pem(*pem, store.key().bytes())
                       : Result<crypto::PrivateKey>(pem.error());
  if (!key) {
    return false;
  }
  const auto known = key->public_jwk();
  const auto own = staged.key.public_jwk();
  return known && own && *known == *own;
}

/// Is `id` this account, whole or as a death has left it: its key alone?
bool is_same(const FileStore& store, const std::string& id, const StagedAccount& staged) {
  const auto text = store.load(Group::Accounts, id, store::kAccountFile);
  if (!text) {
    const auto key = store.load(Group::Accounts, id, store::kAccountKeyFile);
    return text.error().kind == ErrorKind::NotFound && key && *key == staged.pem;
  }
  const auto record = store::parse_account(*text, id);
  // A key has one account at a CA: another URL for it is a forgery, or no use.
  return record && record->ca_url == staged.record.ca_url &&
         (record->url == staged.record.url || is_same_key(store, id, staged));
}

/// Not taken, or made by an activation that died before it wrote anything.
bool is_free(const FileStore& store, const std::string& id) {
  if (!store.folder_exists(Group::Accounts, id)) {
    return true;
  }
  const auto files = store.files(Group::Accounts, id);
  return files && files->empty();
}

Result<std::string> id_for(const FileStore& store, const StagedAccount& staged) {
  MD_ASSIGN_OR_RETURN(const std::vector<std::string> ids, store.folders(Group::Accounts));
  const auto same =
      std::ranges::find_if(ids, [&](const std::string& id) { return is_same(store, id, staged); });
  if (same != ids.end()) {
    return *same;
  }
  const std::string host = host_for_id(staged.record.ca_url);
  for (int number = 0; number < kMaxAccountsPerHost; ++number) {
    std::string id = fmt::format("ACME-{}-{:04}", host, number);
    if (is_free(store, id)) {
      return id;
    }
  }
  return fail(ErrorKind::Conflict, fmt::format("no free name for another account at {}", host));
}

}  // namespace

Result<std::string> promote_account(FileStore& store, const std::string& staging_folder) {
  const auto staged = load_staged(store, staging_folder);
  if (!staged) {
    return staged.error().kind == ErrorKind::NotFound ? Result<std::string>(std::string())
                                                      : staged.error();
  }
  MD_ASSIGN_OR_RETURN(std::string id, id_for(store, *staged));
  if (!store.exists(Group::Accounts, id, store::kAccountKeyFile)) {
    MD_TRY(store.save(Group::Accounts, id, store::kAccountKeyFile, staged->pem,
                      store::Durability::Synced));
  }
  if (!store.exists(Group::Accounts, id, store::kAccountFile)) {
    MD_TRY(store.save(Group::Accounts, id, store::kAccountFile,
                      store::to_json(staged->record).dump(), store::Durability::Synced));
  }
  return id;
}

}  // namespace md::renewal
