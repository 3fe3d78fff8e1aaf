// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <unordered_set>
#include <vector>

#include "base/logger.h"
#include "base/result.h"
#include "model/managed_domain.h"
#include "store/documents.h"
#include "store/file_store.h"
#include "store/store.h"

namespace md::store {

/// What is known of a stored domain for matching.
struct StoredNames {
  std::string folder;
  std::vector<std::string> names;
};

/// Which stored folder belongs to which configured domain (spec/store.md, "Sync with the
/// configuration"): by name, else by the largest overlap of names, never one that another
/// configured domain owns by name, each at most once. Pure. Returns an index into `stored` for each
/// of `configured`.
std::vector<std::optional<std::size_t>> match_stored(
    const std::vector<model::ManagedDomain>& configured, const std::vector<StoredNames>& stored);

/// What is to be done before a stored folder gets another name. An error is logged, and the folder
/// gets its name all the same. May be empty.
using BeforeRename = std::function<Status(const std::string& from, const std::string& to)>;

/// The first part of sync_domains: renames folders and archives, so that each domain's files are
/// where they are looked for. Names of the domains that it could not be done for: logged, and left
/// as they are for the next start. Parent only, before children.
std::unordered_set<std::string> align_folders(Store& store,
                                              const std::vector<model::ManagedDomain>& configured,
                                              Logger& logger,
                                              const BeforeRename& before_rename = {});

/// What is to become of a domain's md.json.
enum class Storing {
  Done,     ///< nothing: it says the same as the record
  Due,      ///< it is to be written
  Changed,  ///< the same, since the domain is configured in another way, or is new
  Never,    ///< what is there could not be read or moved: it is left for the next start
};
[[nodiscard]] constexpr bool is_due(Storing storing) {
  return storing == Storing::Due || storing == Storing::Changed;
}

struct SyncedDomain {
  DomainRecord record;
  std::vector<std::string> kept_contacts;  ///< for ManagedDomain::kept_contacts
  Storing storing{Storing::Never};
};

/// Brings `domains/` in line with the configuration: renames folders of renamed domains (staging
/// too), says whose md.json has changed, archives a stored domain that lost its last name to
/// others (ST-17), drops challenges of names that no domain has any more (ST-20). A domain that
/// fails is logged and left; the others go on. Returns the record of each of `configured`; those
/// that are due are the caller's to save. Parent only, before children.
std::vector<SyncedDomain> sync_domains(Store& store,
                                       const std::vector<model::ManagedDomain>& configured,
                                       Logger& logger, const BeforeRename& before_rename = {});

/// Writes md.json. Failed attempts of a domain that has changed are forgotten then: its next one is
/// made at once (PM-02).
Status save_record(Store& store, const model::ManagedDomain& domain, const DomainRecord& record,
                   Storing storing);

/// Where a domain's folder goes in the archive.
struct ArchivePlace {
  std::string name;                ///< the next `<name>.<n>`, n from 1
  std::vector<std::string> taken;  ///< the folders of the domain that are there, by number
};
Result<ArchivePlace> find_archive_place(const Store& store, std::string_view domain_name);

/// So many generations of a domain are kept: each activation adds one.
inline constexpr std::size_t kMaxArchived = 20;
/// With a folder at `place`, removes those beyond that which have been there longest: numbers do
/// not tell, since mod_md takes the first that is free.
Status prune_archive(FileStore& store, const ArchivePlace& place);

}  // namespace md::store
