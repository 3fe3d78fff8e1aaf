// SPDX-License-Identifier: Apache-2.0
#include "store/migration.h"

#include <string>

namespace md::store {
namespace {

constexpr std::string_view kOldKey = "pkey.pem";
constexpr std::string_view kOldCertificate = "cert.pem";
constexpr std::string_view kOldChain = "chain.pem";
constexpr std::string_view kKey = "privkey.pem";
constexpr std::string_view kCertificate = "pubcert.pem";

Status migrate_key(Store& store, Group group, std::string_view folder) {
  if (!store.exists(group, folder, kOldKey)) {
    return {};
  }
  if (!store.exists(group, folder, kKey)) {
    MD_ASSIGN_OR_RETURN(const std::string key, store.load(group, folder, kOldKey));
    MD_TRY(store.save(group, folder, kKey, key, Durability::Synced));
  }
  return store.remove_file(group, folder, kOldKey);
}

/// What it was made of stays, as mod_md leaves it.
Status migrate_certificate(Store& store, Group group, std::string_view folder) {
  if (!store.exists(group, folder, kOldCertificate) || store.exists(group, folder, kCertificate)) {
    return {};
  }
  MD_ASSIGN_OR_RETURN(std::string chain, store.load(group, folder, kOldCertificate));
  if (store.exists(group, folder, kOldChain)) {
    MD_ASSIGN_OR_RETURN(const std::string rest, store.load(group, folder, kOldChain));
    if (!chain.ends_with('\n')) {
      chain += '\n';
    }
    chain += rest;
  }
  return store.save(group, folder, kCertificate, chain, Durability::Synced);
}

}  // namespace

Status migrate_files_of_version_1(Store& store) {
  Status first_failure;
  for (const Group group : {Group::Domains, Group::Staging, Group::Archive}) {
    const auto folders = store.folders(group);
    if (!folders) {
      return folders.error();
    }
    for (const std::string& folder : *folders) {
      Status migrated = migrate_key(store, group, folder);
      if (migrated) {
        migrated = migrate_certificate(store, group, folder);
      }
      if (!migrated && first_failure) {
        first_failure = std::move(migrated);
      }
    }
  }
  return first_failure;
}

}  // namespace md::store
