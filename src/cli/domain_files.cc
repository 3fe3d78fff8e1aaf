// SPDX-License-Identifier: Apache-2.0
#include "cli/domain_files.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"

namespace md::cli {
namespace {

using store::Group;

constexpr mode_t kLockFolderMode = 0755;

Result<store::DomainRecord> load_domain(const store::FileStore& store, const std::string& folder) {
  MD_ASSIGN_OR_RETURN(const std::string text,
                      store.load(Group::Domains, folder, store::kDomainFile));
  MD_ASSIGN_OR_RETURN(
      store::DomainRecord record,
      store::parse_domain(text, store.path(Group::Domains, folder, store::kDomainFile)));
  record.name = folder;  // the folder is what everything else goes by
  return record;
}

bool has_name(const store::DomainRecord& record, const std::string& name) {
  return record.name == name || std::ranges::find(record.names, name) != record.names.end();
}

bool overlap(const model::DnsName& a, const model::DnsName& b) {
  return a.covers(b) || b.covers(a);
}

}  // namespace

Result<StoredDomains> load_domains(const store::FileStore& store) {
  StoredDomains domains;
  MD_ASSIGN_OR_RETURN(const std::vector<std::string> folders, store.folders(Group::Domains));
  for (const std::string& folder : folders) {
    auto record = load_domain(store, folder);
    if (record) {
      domains.records.push_back(std::move(record).value());
    } else if (record.error().kind != ErrorKind::NotFound) {
      domains.flaws.push_back(record.error());
    }
  }
  return domains;
}

Result<store::DomainRecord> find_domain(const store::FileStore& store, const std::string& name) {
  const std::string wanted = to_lower(name);
  if (store::check_name(wanted) && store.exists(Group::Domains, wanted, store::kDomainFile)) {
    return load_domain(store, wanted);
  }
  MD_ASSIGN_OR_RETURN(const StoredDomains domains, load_domains(store));
  const auto found = std::ranges::find_if(
      domains.records, [&](const store::DomainRecord& record) { return has_name(record, wanted); });
  if (found == domains.records.end()) {
    return fail(ErrorKind::NotFound,
                fmt::format("no managed domain is called '{}' in {}: `a2md list` shows them all",
                            printable(name, 80), store.root().string()));
  }
  return *found;
}

Status save_domain(store::FileStore& store, const store::DomainRecord& record) {
  return store.save(Group::Domains, record.name, store::kDomainFile, record.document.dump(),
                    store::Durability::Synced);
}

Result<store::FileLock> lock_domain(store::FileStore& store, const std::string& name) {
  MD_TRY(store.ensure_folder("locks", kLockFolderMode, true));
  auto lock = store::FileLock::try_acquire(store.path_of("locks/" + name + ".lock"));
  if (!lock && lock.error().kind == ErrorKind::Busy) {
    return fail(
        ErrorKind::Busy,
        fmt::format("{} is being renewed, or changed by another a2md: try again later", name));
  }
  return lock;
}

Result<std::vector<model::DnsName>> parse_names(const std::vector<std::string>& texts) {
  std::vector<model::DnsName> names;
  for (const std::string& text : texts) {
    if (text.find(':') != std::string::npos) {
      return fail(ErrorKind::InvalidInput,
                  fmt::format("'{}' is not a DNS name: it has a ':'", printable(text, 80)));
    }
    MD_ASSIGN_OR_RETURN(model::DnsName name, model::DnsName::parse(text));
    if (std::ranges::find(names, name) == names.end()) {
      names.push_back(std::move(name));
    }
  }
  if (names.empty()) {
    return fail(ErrorKind::InvalidInput, "a managed domain needs one DNS name at least");
  }
  return names;
}

Result<std::vector<std::string>> parse_contacts(const std::vector<std::string>& texts) {
  if (texts.empty()) {
    return fail(ErrorKind::InvalidInput, "No contact information: one address at least is needed");
  }
  std::vector<std::string> contacts;
  for (const std::string& text : texts) {
    const bool is_url = text.find(':') != std::string::npos;
    if (!is_url && text.find('@') == std::string::npos) {
      return fail(ErrorKind::InvalidInput,
                  fmt::format("'{}' is no mail address", printable(text, 80)));
    }
    contacts.push_back(is_url ? text : "mailto:" + text);
  }
  return contacts;
}

Status check_overlap(const std::vector<store::DomainRecord>& records,
                     const std::vector<model::DnsName>& names, const std::string& except) {
  for (const store::DomainRecord& record : records) {
    if (record.name == except) {
      continue;
    }
    for (const std::string& text : record.names) {
      const auto theirs = model::DnsName::parse(text);
      const auto ours = std::ranges::find_if(
          names, [&](const model::DnsName& name) { return theirs && overlap(name, *theirs); });
      if (ours != names.end()) {
        return fail(ErrorKind::Conflict, fmt::format("{} is in use: managed domain {} has {}",
                                                     ours->text(), record.name, text));
      }
    }
  }
  return {};
}

}  // namespace md::cli
