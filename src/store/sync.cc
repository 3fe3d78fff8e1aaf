// SPDX-License-Identifier: Apache-2.0
#include "store/sync.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <numeric>
#include <unordered_set>

#include "base/text.h"

namespace md::store {
namespace {

using Names = std::unordered_set<std::string>;

void warn(Logger& logger, const Error& error) {
  logger.warning(LogId{}, error.message);
}

Names names_of_all(const std::vector<model::ManagedDomain>& configured) {
  Names names;
  for (const model::ManagedDomain& domain : configured) {
    for (const model::DnsName& name : domain.names) {
      names.insert(name.text());
    }
  }
  return names;
}

/// Names are read only where no configured domain owns the folder by name (ST-21).
std::vector<StoredNames> load_stored(const Store& store,
                                     const std::vector<model::ManagedDomain>& configured,
                                     Logger& logger) {
  std::vector<StoredNames> stored;
  auto folders = store.folders(Group::Domains);
  if (!folders) {
    warn(logger, folders.error());
    return stored;
  }
  Names owned;
  for (const model::ManagedDomain& domain : configured) {
    owned.insert(domain.name);
  }
  for (std::string& folder : *folders) {
    StoredNames& entry = stored.emplace_back(StoredNames{std::move(folder), {}});
    if (owned.contains(entry.folder)) {
      continue;
    }
    const auto text = store.load(Group::Domains, entry.folder, kDomainFile);
    const auto record =
        text ? parse_domain(*text, store.path(Group::Domains, entry.folder, kDomainFile))
             : Result<DomainRecord>(text.error());
    if (!record) {
      logger.debug(record.error().message);
      continue;
    }
    for (const std::string& name : record->names) {
      entry.names.push_back(to_lower(name));
    }
  }
  return stored;
}

/// Absent is fine: not every domain has a folder in every group.
Status move_if_there(Store& store, Group group, const std::string& from, const std::string& to) {
  Status moved = store.move_folder(group, from, group, to);
  return !moved && moved.error().kind == ErrorKind::NotFound ? Status() : moved;
}

/// The live set last: until it is moved, the next start finds the rest to do.
Status rename_domain(Store& store, const std::string& from, const std::string& to) {
  for (const Group group : {Group::Staging, Group::Ocsp}) {
    Status moved = move_if_there(store, group, from, to);
    if (!moved && moved.error().kind == ErrorKind::Conflict) {
      moved = store.remove_folder(group, from);  // can be made again; what is there is newer
    }
    MD_TRY(moved);
  }
  return store.move_folder(Group::Domains, from, Group::Domains, to);
}

Status archive_domain(Store& store, const std::string& folder) {
  MD_ASSIGN_OR_RETURN(const ArchivePlace place, find_archive_place(store, folder));
  return store.move_folder(Group::Domains, folder, Group::Archive, place.name);
}

/// Names of the domains that could not be renamed: left as they are for the next start.
Names rename_matched(Store& store, const std::vector<model::ManagedDomain>& configured,
                     const std::vector<StoredNames>& stored,
                     const std::vector<std::optional<std::size_t>>& matches, Logger& logger,
                     const BeforeRename& before_rename) {
  Names failed;
  for (std::size_t i = 0; i < configured.size(); ++i) {
    const std::string& name = configured[i].name;
    if (!matches[i] || stored[*matches[i]].folder == name) {
      continue;
    }
    const std::string& folder = stored[*matches[i]].folder;
    // What cannot be made ready is a set in staging/, which can be ordered again.
    if (const Status ready = before_rename ? before_rename(folder, name) : Status(); !ready) {
      warn(logger, with_context(ready.error(), fmt::format("{} is now {}", folder, name)));
    }
    if (const Status renamed = rename_domain(store, folder, name); !renamed) {
      warn(logger, with_context(renamed.error(), fmt::format("{} is now {}", folder, name)));
      failed.insert(name);
      continue;
    }
    logger.info(LogId{},
                fmt::format("{}: was {} before, its certificates stay in use", name, folder));
  }
  return failed;
}

/// Stored domains that nothing is left of: all their names belong to others now (ST-17).
void archive_emptied(Store& store, const std::vector<StoredNames>& stored,
                     const std::vector<std::optional<std::size_t>>& matches,
                     const Names& configured_names, Logger& logger) {
  std::vector<bool> is_matched(stored.size(), false);
  for (const std::optional<std::size_t>& match : matches) {
    if (match) {
      is_matched[*match] = true;
    }
  }
  for (std::size_t i = 0; i < stored.size(); ++i) {
    const std::vector<std::string>& names = stored[i].names;
    const bool is_emptied =
        !is_matched[i] && !names.empty() && std::ranges::all_of(names, [&](const auto& name) {
          return configured_names.contains(name);
        });
    if (!is_emptied) {
      continue;
    }
    if (const Status archived = archive_domain(store, stored[i].folder); !archived) {
      warn(logger, with_context(archived.error(), "archive " + stored[i].folder));
    }
  }
}

/// What is stored under the name, or a new record. An error: what is there cannot be read now.
Result<DomainRecord> load_record(const Store& store, const std::string& name, std::string& text,
                                 Logger& logger) {
  auto loaded = store.load(Group::Domains, name, kDomainFile);
  if (!loaded && loaded.error().kind == ErrorKind::NotFound) {
    DomainRecord record;
    record.state = model::DomainState::Incomplete;
    return record;
  }
  if (!loaded && loaded.error().kind != ErrorKind::Corrupt) {
    return std::move(loaded).error();
  }
  auto parsed = loaded ? parse_domain(*loaded, store.path(Group::Domains, name, kDomainFile))
                       : Result<DomainRecord>(loaded.error());
  if (!parsed) {  // ST-08
    warn(logger, with_context(parsed.error(), "written anew from the configuration"));
    return DomainRecord{};
  }
  text = *std::move(loaded);
  return parsed;
}

/// Attempts that failed did so with another configuration: the next need not wait (PM-02).
Status forget_failures(Store& store, const std::string& name) {
  const auto text = store.load(Group::Staging, name, kJobFile);
  const auto document =
      text ? json::Value::parse(*text, kJobFile) : Result<json::Value>(text.error());
  if (!document) {
    return {};  // nothing that could be forgotten
  }
  model::Job job = parse_job(*document);
  if (job.finished || (job.errors == 0 && !job.next_run)) {
    return {};
  }
  job.errors = 0;
  job.next_run.reset();
  return store.save(Group::Staging, name, kJobFile, to_json(job).dump(), Durability::Synced);
}

Result<SyncedDomain> sync_domain(const Store& store, const model::ManagedDomain& domain,
                                 Logger& logger) {
  std::string old_text;
  MD_ASSIGN_OR_RETURN(DomainRecord record, load_record(store, domain.name, old_text, logger));
  if (record.document.is_null() && record.state == model::DomainState::Incomplete) {
    record.state_description = fmt::format("certificate({}) is missing",
                                           domain.settings.effective_key_specs().front().name());
  }
  model::ManagedDomain kept;
  if (contacts_of(domain).empty()) {
    kept = domain;
    kept.kept_contacts = record.document.get("contacts").as_strings();
  }
  keep_foreign_members(record);
  const model::ManagedDomain& written = kept.kept_contacts.empty() ? domain : kept;
  const bool is_stored = !old_text.empty() && to_json(written, record).dump() == old_text;
  return SyncedDomain{std::move(record), std::move(kept.kept_contacts),
                      is_stored ? Storing::Done : Storing::Changed};
}

/// As configured, whatever is stored.
void set_names(DomainRecord& record, const model::ManagedDomain& domain) {
  record.name = domain.name;
  record.names.clear();
  for (const model::DnsName& name : domain.names) {
    record.names.push_back(name.text());
  }
}

void drop_challenges(Store& store, const Names& configured_names, Logger& logger) {
  const auto folders = store.folders(Group::Challenges);
  if (!folders) {
    warn(logger, folders.error());
    return;
  }
  for (const std::string& folder : *folders) {
    if (configured_names.contains(folder) || configured_names.contains("*." + folder)) {
      continue;
    }
    if (const Status removed = store.remove_folder(Group::Challenges, folder); !removed) {
      warn(logger, removed.error());
    }
  }
}

/// The numbers of a domain's folders in the archive, the oldest first.
Result<std::vector<unsigned>> archived(const Store& store, std::string_view domain_name) {
  constexpr std::size_t kMostDigits = 9;
  MD_ASSIGN_OR_RETURN(const std::vector<std::string> folders, store.folders(Group::Archive));
  const std::string prefix = fmt::format("{}.", domain_name);
  std::vector<unsigned> numbers;
  for (const std::string& folder : folders) {
    if (!folder.starts_with(prefix)) {
      continue;
    }
    const std::string_view digits = std::string_view(folder).substr(prefix.size());
    unsigned number = 0;
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), number);
    if (error == std::errc() && end == digits.data() + digits.size() &&
        digits.size() <= kMostDigits && digits.front() != '0') {
      numbers.push_back(number);
    }
  }
  std::ranges::sort(numbers);
  return numbers;
}

}  // namespace

std::unordered_set<std::string> align_folders(Store& store,
                                              const std::vector<model::ManagedDomain>& configured,
                                              Logger& logger, const BeforeRename& before_rename) {
  const auto stored = load_stored(store, configured, logger);
  const auto matches = match_stored(configured, stored);
  Names left = rename_matched(store, configured, stored, matches, logger, before_rename);
  archive_emptied(store, stored, matches, names_of_all(configured), logger);
  return left;
}

std::vector<SyncedDomain> sync_domains(Store& store,
                                       const std::vector<model::ManagedDomain>& configured,
                                       Logger& logger, const BeforeRename& before_rename) {
  const Names left = align_folders(store, configured, logger, before_rename);
  std::vector<SyncedDomain> all;
  all.reserve(configured.size());
  for (const model::ManagedDomain& domain : configured) {
    auto synced = left.contains(domain.name) ? Result<SyncedDomain>(SyncedDomain{})
                                             : sync_domain(store, domain, logger);
    if (!synced) {
      warn(logger, with_context(synced.error(), "sync " + domain.name));
    }
    all.push_back(synced ? *std::move(synced) : SyncedDomain{});
    set_names(all.back().record, domain);
  }
  drop_challenges(store, names_of_all(configured), logger);
  return all;
}

Status save_record(Store& store, const model::ManagedDomain& domain, const DomainRecord& record,
                   Storing storing) {
  MD_TRY(store.save(Group::Domains, domain.name, kDomainFile, to_json(domain, record).dump(),
                    Durability::Replaceable));
  return storing == Storing::Changed ? forget_failures(store, domain.name) : Status();
}

Result<ArchivePlace> find_archive_place(const Store& store, std::string_view domain_name) {
  constexpr unsigned kAttempts = 1'000;
  MD_ASSIGN_OR_RETURN(const std::vector<unsigned> numbers, archived(store, domain_name));
  ArchivePlace place;
  for (const unsigned number : numbers) {
    place.taken.push_back(fmt::format("{}.{}", domain_name, number));
  }
  const unsigned first = numbers.empty() ? 1 : numbers.back() + 1;
  // What is no folder may be in the way.
  for (unsigned number = first; number < first + kAttempts; ++number) {
    place.name = fmt::format("{}.{}", domain_name, number);
    MD_TRY(check_name(place.name));
    if (!store.folder_exists(Group::Archive, place.name)) {
      return place;
    }
  }
  return fail(ErrorKind::Conflict, fmt::format("no free name in the archive for {}", domain_name));
}

Status prune_archive(FileStore& store, const ArchivePlace& place) {
  std::vector<std::string> folders = place.taken;
  folders.push_back(place.name);
  if (folders.size() <= kMaxArchived) {
    return {};
  }
  const std::vector<std::int64_t> times = store.change_times(Group::Archive, folders);
  std::vector<std::size_t> order(folders.size());
  std::iota(order.begin(), order.end(), 0U);
  std::ranges::stable_sort(order, {}, [&](std::size_t i) { return times[i]; });
  for (std::size_t i = 0; i + kMaxArchived < order.size(); ++i) {
    MD_TRY(store.remove_folder(Group::Archive, folders[order[i]]));
  }
  return {};
}

}  // namespace md::store
