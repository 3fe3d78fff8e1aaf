// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "config/name_pattern.h"
#include "config/virtual_host.h"
#include "model/dns_name.h"

namespace md::config {

/// Answers which names a CA can validate by tls-alpn-01: whose TLS hosts speak acme-tls/1.
/// Thread-compatible. Keeps references to the names it was made from.
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
  void add(const HostNames& names, bool offers);

  struct Pattern {
    std::string_view text;
    bool offers;
  };
  std::unordered_map<std::string_view, bool> names_;  // does some host of that name offer it?
  std::vector<Pattern> patterns_;
  SuffixIndex patterns_by_suffix_;  // positions in patterns_
  bool default_offers_{false};
};

}  // namespace md::config
