// SPDX-License-Identifier: Apache-2.0
#include "config/tls_reach.h"

#include <algorithm>

namespace md::config {

TlsReach::TlsReach(std::span<const VirtualHost> hosts, std::span<const HostNames> names,
                   std::optional<std::uint16_t> https_port)
    : hosts_(hosts) {
  std::optional<std::size_t> base_server;
  for (std::size_t i = 0; i < hosts.size(); ++i) {
    const VirtualHost& host = hosts[i];
    if (!host.speaks_tls || (https_port && !host.listens_on(*https_port))) {
      continue;
    }
    auto& first_of_kind = host.is_base_server ? base_server : default_host_;
    first_of_kind = first_of_kind.value_or(i);
    add(i, names[i]);
  }
  if (!default_host_) {
    default_host_ = base_server;
  }
}

void TlsReach::add(std::size_t position, const HostNames& names) {
  for (const model::DnsName& name : names.all()) {
    hosts_of_name_[name.text()].push_back(position);
  }
  for (const std::string& pattern : names.patterns) {
    patterns_by_suffix_.add_suffix(pattern_suffix(pattern), patterns_.size());
    patterns_.push_back({pattern, position});
  }
}

void TlsReach::add_pattern_hosts(const std::string& name, std::vector<std::size_t>& found) const {
  const auto add_matching = [&](std::string_view suffix) {
    for (const std::size_t position : patterns_by_suffix_.find(suffix)) {
      if (matches_pattern(name, patterns_[position].text)) {
        found.push_back(patterns_[position].host);
      }
    }
  };
  add_matching("");
  for (auto dot = name.find('.'); dot != std::string::npos; dot = name.find('.', dot + 1)) {
    add_matching(std::string_view(name).substr(dot));
  }
}

bool TlsReach::offers_acme_tls(const model::DnsName& name) const {
  if (name.is_wildcard()) {
    return false;
  }
  std::vector<std::size_t> found;
  if (const auto named = hosts_of_name_.find(name.text()); named != hosts_of_name_.end()) {
    found = named->second;
  }
  if (!patterns_.empty()) {
    add_pattern_hosts(name.text(), found);
  }
  if (found.empty() && default_host_) {
    found.push_back(*default_host_);
  }
  return std::ranges::any_of(found, [&](std::size_t i) { return hosts_[i].offers_acme_tls; });
}

}  // namespace md::config
