// SPDX-License-Identifier: Apache-2.0
#include "config/matching.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <unordered_map>
#include <unordered_set>

#include "base/file_name.h"
#include "base/text.h"
#include "config/domain_checks.h"
#include "config/merge.h"
#include "config/name_pattern.h"
#include "config/tls_reach.h"

namespace md::config {
namespace {

using model::DnsName;
using model::ManagedDomain;
using Owners = std::vector<std::size_t>;  // positions of managed domains, each once

// A host with more than one is wrong already; a message names no more than these.
constexpr std::size_t kMostOwners = 8;

void add_owner(Owners& owners, std::size_t owner) {
  if (owners.size() < kMostOwners && std::ranges::find(owners, owner) == owners.end()) {
    owners.push_back(owner);
  }
}

/// The domains whose names httpd's patterns match. Built on first use: most servers have no
/// patterns.
class PatternOwners {
 public:
  explicit PatternOwners(const std::vector<ManagedDomain>& domains) : domains_(domains) {}

  const Owners& find(const std::string& pattern) {
    const auto [entry, is_new] = known_.try_emplace(pattern);
    if (is_new) {
      entry->second = search(pattern);
    }
    return entry->second;
  }

 private:
  struct Name {
    std::string text;
    std::size_t owner;
  };

  void build() {
    for (std::size_t owner = 0; owner < domains_.size(); ++owner) {
      for (const DnsName& name : domains_[owner].names) {
        by_suffix_.add_suffix("", names_.size());
        by_suffix_.add_all_suffixes(name.text(), names_.size());
        names_.push_back({name.text(), owner});
      }
    }
  }

  Owners search(const std::string& pattern) {
    if (names_.empty()) {
      build();
    }
    Owners owners;
    for (const std::size_t position : by_suffix_.find(pattern_suffix(pattern))) {
      if (owners.size() == kMostOwners) {
        break;
      }
      if (matches_pattern(names_[position].text, pattern)) {
        add_owner(owners, names_[position].owner);
      }
    }
    return owners;
  }

  const std::vector<ManagedDomain>& domains_;
  std::vector<Name> names_;
  SuffixIndex by_suffix_;
  std::unordered_map<std::string, Owners> known_;
};

/// One run of make_plan, step by step.
class Matching {
 public:
  Matching(std::span<const VirtualHost> hosts, const model::Settings& server)
      : hosts_(hosts), globals_(resolve(server)) {
    host_names_.reserve(hosts.size());
    for (const VirtualHost& host : hosts) {
      host_names_.push_back(names_of(host));
    }
  }

  Plan run(std::span<const DomainDefinition> definitions) {
    make_domains(definitions);
    find_overlaps();
    match_hosts();
    join_names();
    find_acme_tls_names();
    find_server_admins();
    check_server(globals_, plan_.findings);
    check_domains(plan_.domains, plan_.has_tls_host, plan_.findings);
    return std::move(plan_);
  }

 private:
  void report(LogLevel level, int id, std::string message) {
    plan_.findings.push_back({level, LogId{id}, std::move(message), false});
  }

  void make_domains(std::span<const DomainDefinition> definitions) {
    plan_.domains.reserve(definitions.size());
    for (const DomainDefinition& definition : definitions) {
      plan_.domains.push_back(ManagedDomain{.name = file_name_for(definition.names.front().text()),
                                            .names = definition.names,
                                            .settings = resolve(definition.settings, globals_),
                                            .place = definition.place,
                                            .alpn_names = {},
                                            .server_admin = {},
                                            .kept_contacts = {}});
    }
    plan_.has_tls_host.assign(plan_.domains.size(), false);
  }

  enum class Overlap { Refused, Taken };
  void report_overlap(const DnsName& name, std::size_t one, std::size_t other, Overlap overlap) {
    const auto [first, second] = std::minmax(one, other);
    if (!reported_overlaps_.emplace(first, second).second) {
      return;
    }
    const bool is_fatal = overlap == Overlap::Refused;
    plan_.findings.push_back(
        {is_fatal ? LogLevel::Error : LogLevel::Warning, LogId{10038},
         fmt::format("two Managed Domains have an overlap in domain '{}', first definition in {}, "
                     "second in {}{}",
                     printable(name.text(), 80), plan_.domains[first].place.text(),
                     plan_.domains[second].place.text(),
                     is_fatal ? ""
                              : fmt::format(": it is taken for one of '{}'",
                                            plan_.domains[*plan_.names.find(name.text())].name)),
         is_fatal});
  }

  [[nodiscard]] bool matches_server_names() const {
    return globals_.match_names == model::MatchNames::ServerNames;
  }

  // Also fills the index with what is configured. By ServerName alone, domains may share names that
  // are not the first.
  void find_overlaps() {
    for (std::size_t i = 0; i < plan_.domains.size(); ++i) {
      for (const DnsName& name : plan_.domains[i].names) {
        const std::size_t owner = plan_.names.add(name, i);
        const bool is_fatal =
            !matches_server_names() || plan_.domains[owner].name == plan_.domains[i].name;
        if (owner != i) {
          report_overlap(name, owner, i, is_fatal ? Overlap::Refused : Overlap::Taken);
        }
      }
    }
    if (!matches_server_names()) {
      find_wildcard_overlaps();
    }
  }

  // As in mod_md, a wildcard may come after the name that it covers, and not before it.
  void find_wildcard_overlaps() {
    for (std::size_t i = 0; i < plan_.domains.size(); ++i) {
      for (const DnsName& name : plan_.domains[i].names) {
        const auto owner = name.is_valid() ? plan_.names.find_wildcard(name.text()) : std::nullopt;
        if (owner && *owner != i) {
          report_overlap(name, *owner, i, *owner < i ? Overlap::Refused : Overlap::Taken);
        }
      }
    }
  }

  bool may_be_managed(const VirtualHost& host) const {
    return !host.is_base_server || globals_.base_server == model::Switch::On;
  }

  // All domains that the host has names of; that of its ServerName comes first.
  Owners owners_of(const VirtualHost& host, const HostNames& names) {
    Owners owners;
    const bool is_by_server_name = host.match_names == model::MatchNames::ServerNames;
    const std::size_t count =
        is_by_server_name ? (names.has_server_name ? 1 : 0) : names.dns_names.size();
    for (const DnsName& name : std::span(names.dns_names).first(count)) {
      if (const auto owner = plan_.names.find(name.text())) {
        add_owner(owners, *owner);
      }
    }
    const bool is_named_by_word = !names.has_server_name && !host.server_name.empty();
    const std::size_t words = is_by_server_name ? (is_named_by_word ? 1 : 0) : names.words.size();
    for (const std::string& word : std::span(names.words).first(words)) {
      if (const auto owner = plan_.names.find_exact(word)) {
        add_owner(owners, *owner);
      }
    }
    if (is_by_server_name) {
      return owners;
    }
    for (const std::string& pattern : names.patterns) {
      for (const std::size_t owner : pattern_owners_.find(pattern)) {
        add_owner(owners, owner);
      }
    }
    return owners;
  }

  void match_hosts() {
    for (std::size_t i = 0; i < hosts_.size(); ++i) {
      plan_.host_domains.emplace_back();
      if (!may_be_managed(hosts_[i])) {
        continue;
      }
      const Owners owners = owners_of(hosts_[i], host_names_[i]);
      for (const std::size_t owner : owners) {
        plan_.domains[owner].is_used = true;
      }
      if (owners.size() == 1) {
        plan_.host_domains[i] = owners.front();
        plan_.has_tls_host[owners.front()] =
            plan_.has_tls_host[owners.front()] || hosts_[i].speaks_tls;
      } else if (hosts_[i].speaks_tls && owners.size() > 1) {
        report_conflict(hosts_[i], owners);
      } else if (host_names_[i].has_server_name) {
        plan_.host_domains[i] = plan_.names.find(host_names_[i].dns_names.front().text());
      }
    }
  }

  void report_conflict(const VirtualHost& host, const Owners& owners) {
    report(LogLevel::Error, 10238,
           fmt::format("conflict: {} MDs match Virtualhost {} which uses SSL, however there can be "
                       "at most 1.",
                       owners.size(), host.label()));
    std::vector<std::string> places;
    for (const std::size_t owner : owners) {
      const ManagedDomain& domain = plan_.domains[owner];
      places.push_back(fmt::format("'{}' (defined in {})", domain.name, domain.place.text()));
    }
    report(LogLevel::Error, 10042,
           fmt::format("conflict: the SSL VirtualHost {} in {} has names of {}; none of them "
                       "manages it.",
                       host.label(), host.place.text(), join(places, " and ")));
  }

  void join_names() {
    for (std::size_t i = 0; i < hosts_.size(); ++i) {
      if (!hosts_[i].speaks_tls || !plan_.host_domains[i]) {
        continue;
      }
      const std::size_t owner = *plan_.host_domains[i];
      const bool skips_first = hosts_[i].is_name_filled_in && host_names_[i].has_server_name;
      for (const DnsName& name : std::span(host_names_[i].dns_names).subspan(skips_first ? 1 : 0)) {
        join_name(name, owner, hosts_[i]);
      }
      report_unusable(hosts_[i], host_names_[i], owner);
    }
    // Only now, so that the order of the hosts does not matter to whom a host belongs.
    for (const auto& [owner, name] : joined_) {
      plan_.names.add(name, owner);
    }
  }

  void join_name(const DnsName& name, std::size_t owner, const VirtualHost& host) {
    ManagedDomain& domain = plan_.domains[owner];
    const auto exact_owner = plan_.names.find_exact(name.text());
    const auto wildcard_owner = plan_.names.find_wildcard(name.text());
    if (exact_owner || wildcard_owner == owner) {
      return;  // has it, or it is another's
    }
    if (name.is_ip()) {
      // Most CAs issue none for addresses, and would refuse the names along with it.
      report(LogLevel::Info, 0,
             fmt::format("Virtual Host {}: the address {} is not managed, as addresses join no "
                         "Managed Domain by themselves: name it in MDomain '{}' to have it in the "
                         "certificate.",
                         host.label(), name.text(), domain.name));
      return;
    }
    if (domain.settings.members == model::Members::Manual) {
      report(LogLevel::Warning, 10040,
             fmt::format("Virtual Host {} matches Managed Domain '{}', but the name/alias {} "
                         "itself is not managed. A requested MD certificate will not match "
                         "ServerName.",
                         host.label(), domain.name, name.text()));
      return;
    }
    if (joined_keys_.insert(fmt::format("{} {}", owner, name.text())).second) {
      domain.names.push_back(name);
      joined_.emplace_back(owner, name);
    }
  }

  void report_unusable(const VirtualHost& host, const HostNames& names, std::size_t owner) {
    for (std::size_t i = 0; i < names.words.size(); ++i) {
      if (plan_.names.find_exact(names.words[i])) {
        continue;  // an MDomain has it, and is warned of
      }
      const std::string& why = names.unusable[i];
      report(LogLevel::Warning, 0,
             fmt::format("Virtual Host {} in {}: {}; Managed Domain '{}' goes without it.",
                         host.label(), host.place.text(), why, plan_.domains[owner].name));
    }
  }

  void find_acme_tls_names() {
    const TlsReach reach(hosts_, host_names_, globals_.port_map.https);
    for (ManagedDomain& domain : plan_.domains) {
      for (const DnsName& name : domain.names) {
        if (reach.offers_acme_tls(name)) {
          domain.alpn_names.push_back(name.text());
        }
      }
    }
  }

  // Of the main server; else of the first host that gives an address, as mod_md has it. httpd has
  // the last one of the configuration first.
  void find_server_admins() {
    std::string main_admin;
    for (std::size_t i = 0; i < hosts_.size(); ++i) {
      const std::string address = mail_address(hosts_[i].server_admin);
      if (hosts_[i].is_base_server) {
        main_admin = address;
      }
      if (!plan_.host_domains[i]) {
        continue;
      }
      std::string& known = plan_.domains[*plan_.host_domains[i]].server_admin;
      known = known.empty() ? address : known;
    }
    for (ManagedDomain& domain : plan_.domains) {
      domain.server_admin = main_admin.empty() ? domain.server_admin : main_admin;
    }
  }

  // Empty for `[no address given]`, URLs and the like.
  static std::string mail_address(std::string_view server_admin) {
    constexpr std::string_view kScheme = "mailto:";
    if (equals_ignoring_case(server_admin.substr(0, kScheme.size()), kScheme)) {
      server_admin.remove_prefix(kScheme.size());
    }
    const bool is_address = server_admin.find('@') != std::string_view::npos &&
                            server_admin.find_first_of(" /") == std::string_view::npos;
    return is_address ? std::string(server_admin) : "";
  }

  std::span<const VirtualHost> hosts_;
  const model::ResolvedSettings globals_;
  std::vector<HostNames> host_names_;  // of hosts_, in their order
  Plan plan_;
  PatternOwners pattern_owners_{plan_.domains};
  std::set<std::pair<std::size_t, std::size_t>> reported_overlaps_;
  std::vector<std::pair<std::size_t, DnsName>> joined_;
  std::unordered_set<std::string> joined_keys_;  // "<owner> <name>"
};

}  // namespace

bool Plan::is_fatal() const {
  return std::ranges::any_of(findings, [](const Finding& finding) { return finding.is_fatal; });
}

Plan make_plan(std::span<const DomainDefinition> definitions, std::span<const VirtualHost> hosts,
               const model::Settings& server) {
  return Matching(hosts, server).run(definitions);
}

}  // namespace md::config
