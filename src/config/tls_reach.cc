// SPDX-License-Identifier: Apache-2.0
#include "config/tls_reach.h"

namespace md::config {

TlsReach::TlsReach(std::span<const VirtualHost> hosts, std::span<const HostNames> names,
                   std::optional<std::uint16_t> https_port) {
  const VirtualHost* default_host = nullptr;
  for (std::size_t i = 0; i < hosts.size(); ++i) {
    const VirtualHost& host = hosts[i];
    if (!host.speaks_tls || (https_port && !host.listens_on(*https_port))) {
      continue;
    }
    if (default_host == nullptr || (default_host->is_base_server && !host.is_base_server)) {
      default_host = &host;
    }
    add(names[i], host.offers_acme_tls);
  }
  default_offers_ = default_host != nullptr && default_host->offers_acme_tls;
}

void TlsReach::add(const HostNames& names, bool offers) {
  for (const model::DnsName& name : names.dns_names) {
    bool& known = names_.try_emplace(name.text(), false).first->second;
    known = known || offers;
  }
  for (const std::string& pattern : names.patterns) {
    patterns_by_suffix_.add_suffix(pattern_suffix(pattern), patterns_.size());
    patterns_.push_back({pattern, offers});
  }
}

bool TlsReach::offers_acme_tls(const model::DnsName& name) const {
  if (name.is_wildcard()) {
    return false;
  }
  if (name.is_ip()) {
    return default_offers_;  // the CA's SNI is a name below .arpa, which no host has (RFC 8738 §6)
  }
  const std::string_view text = name.text();
  const auto named = names_.find(text);
  bool has_host = named != names_.end();
  bool offers = has_host && named->second;
  const auto ask_patterns = [&](std::string_view suffix) {
    for (const std::size_t position : patterns_by_suffix_.find(suffix)) {
      const Pattern& pattern = patterns_[position];
      const bool is_match = matches_pattern(text, pattern.text);
      has_host = has_host || is_match;
      offers = offers || (is_match && pattern.offers);
    }
  };
  if (!patterns_.empty() && !offers) {
    ask_patterns("");
    for (auto dot = text.find('.'); dot != std::string_view::npos; dot = text.find('.', dot + 1)) {
      ask_patterns(text.substr(dot));
    }
  }
  return has_host ? offers : default_offers_;
}

}  // namespace md::config
