// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <span>
#include <string>
#include <unordered_map>
#include <vector>

#include "config/name_pattern.h"
#include "config/virtual_host.h"
#include "model/dns_name.h"

namespace md::config {

/// Answers which names a CA can validate by tls-alpn-01: whose TLS hosts speak acme-tls/1.
/// Thread-compatible. Keeps references to the hosts it was made from.
class TlsReach {
 public:
  /// `names` are those of `hosts`, in the same order. `https_port`: where the CA's connections to
  /// port 443 arrive; nullopt, if none do: then every TLS host counts.
  TlsReach(std::span<const VirtualHost> hosts, std::span<const HostNames> names,
           std::optional<std::uint16_t> https_port);

  /// Does one of the hosts of that name offer it? For a name that no host has, the default host is
  /// asked: the first of that port, or the main server. Never for wildcards.
  [[nodiscard]] bool offers_acme_tls(const model::DnsName& name) const;

 private:
  void add(std::size_t position, const HostNames& names);
  /// Those that have a pattern for the name.
  void add_pattern_hosts(const std::string& name, std::vector<std::size_t>& found) const;

  struct Pattern {
    std::string text;
    std::size_t host;
  };
  std::span<const VirtualHost> hosts_;
  std::unordered_map<std::string, std::vector<std::size_t>> hosts_of_name_;
  std::vector<Pattern> patterns_;
  SuffixIndex patterns_by_suffix_;  // positions in patterns_
  std::optional<std::size_t> default_host_;
};

}  // namespace md::config
