// SPDX-License-Identifier: Apache-2.0
#include "cli/domain_files.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>

#include <algorithm>
#include <cstdint>
#include <optional>
#include <utility>

#include "base/text.h"
#include "config/authorities.h"
#include "config/uri.h"
#include "model/dns_name.h"
#include "store/domain_lock.h"

namespace md::cli {
namespace {

using store::Group;

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

/// A name of these files need not be one that DNS could have.
bool overlap(const std::string& a, const std::string& b) {
  const auto first = model::DnsName::parse(a);
  const auto second = model::DnsName::parse(b);
  return a == b || (first && second && (first->covers(*second) || second->covers(*first)));
}

/// When the folder was made; nothing on file systems that do not say.
std::optional<std::pair<std::int64_t, std::uint32_t>> age_of(const store::FileStore& store,
                                                             const std::string& folder) {
  struct statx status {};
  const std::string path = store.path(Group::Domains, folder, "");
  if (::statx(AT_FDCWD, path.c_str(), 0, STATX_BTIME, &status) != 0 ||
      (status.stx_mask & STATX_BTIME) == 0) {
    return std::nullopt;
  }
  return std::pair(status.stx_btime.tv_sec, status.stx_btime.tv_nsec);
}

constexpr std::size_t kMaxName = 253;

bool is_host_character(char c) {
  return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-';
}

/// Why a name is no host name with a dot, below an optional "*."; empty if it is one. A label may
/// be longer than DNS allows: the CA has the last word.
std::string flaw_of_host_name(std::string_view name) {
  if (name.empty() || name.size() > kMaxName) {
    return name.empty() ? "it is empty" : "it is too long";
  }
  if (name.starts_with("*.")) {
    name.remove_prefix(2);
  }
  const std::vector<std::string> labels = split(name, '.');
  for (const std::string& label : labels) {
    if (label.empty() || label.front() == '-' || label.back() == '-' ||
        !std::ranges::all_of(label, is_host_character)) {
      return fmt::format("'{}' cannot be a part of one", printable(label, 80));
    }
  }
  return labels.size() < 2 ? "it has one label only" : "";
}

Result<std::string> parse_name(const std::string& text, NameRules rules) {
  std::string name = to_lower(text);
  if (rules == NameRules::Folders) {
    MD_TRY(store::check_name(name));
    return name;
  }
  if (name.size() > 1 && name.ends_with('.')) {
    name.pop_back();
  }
  if (const std::string flaw = flaw_of_host_name(name); !flaw.empty()) {
    return fail(ErrorKind::InvalidInput,
                fmt::format("'{}' is not a DNS name: {}", printable(text, 80), flaw));
  }
  return name;
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

Result<StoredDomains> load_domains_as_added(const store::FileStore& store) {
  MD_ASSIGN_OR_RETURN(StoredDomains domains, load_domains(store));
  std::ranges::stable_sort(domains.records, {}, [&](const store::DomainRecord& record) {
    return age_of(store, record.name);
  });
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
                fmt::format("managed domain not found: {} (`a2md list` shows those in {})",
                            printable(name, 260), store.root().string()));
  }
  return *found;
}

Status save_domain(store::FileStore& store, const store::DomainRecord& record) {
  return store.save(Group::Domains, record.name, store::kDomainFile, record.document.dump(),
                    store::Durability::Synced);
}

Result<store::FileLock> lock_domain(store::FileStore& store, const std::string& name) {
  auto lock = store::try_lock_domain(store, name);
  if (!lock && lock.error().kind == ErrorKind::Busy) {
    return fail(
        ErrorKind::Busy,
        fmt::format("{} is being renewed, or changed by another a2md: try again later", name));
  }
  return lock;
}

Result<std::vector<std::string>> parse_names(const std::vector<std::string>& texts,
                                             NameRules rules) {
  std::vector<std::string> names;
  for (const std::string& text : texts) {
    MD_ASSIGN_OR_RETURN(std::string name, parse_name(text, rules));
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
    std::string contact = text.find(':') == std::string::npos ? "mailto:" + text : text;
    if (const std::string_view flaw = config::flaw_of_uri(contact); !flaw.empty()) {
      return fail(ErrorKind::InvalidInput,
                  fmt::format("'{}' is no mail address and no URI: {}", printable(text, 80), flaw));
    }
    contacts.push_back(std::move(contact));
  }
  return contacts;
}

Status check_ca_url(const std::string& text) {
  const std::string_view flaw = config::flaw_of_uri(text);
  if (flaw.empty()) {
    return {};
  }
  const config::KnownAuthority* const known = config::find_authority(text);
  return fail(ErrorKind::InvalidInput,
              fmt::format("'{}' is no URL of a CA: {}", printable(text, 260),
                          known != nullptr ? fmt::format("name it as {}", known->url) : flaw));
}

Status check_overlap(const std::vector<store::DomainRecord>& records,
                     const std::vector<std::string>& names, const std::string& except) {
  for (const store::DomainRecord& record : records) {
    if (record.name == except) {
      continue;
    }
    for (const std::string& theirs : record.names) {
      const auto ours = std::ranges::find_if(
          names, [&](const std::string& name) { return overlap(name, theirs); });
      if (ours != names.end()) {
        return fail(ErrorKind::InvalidInput, fmt::format("{} is in use: managed domain {} has {}",
                                                         *ours, record.name, theirs));
      }
    }
  }
  return {};
}

}  // namespace md::cli
