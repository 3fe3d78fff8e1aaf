// SPDX-License-Identifier: Apache-2.0
#include "config/challenge_choice.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <string>
#include <unordered_set>

#include "base/text.h"

namespace md::config {
namespace {

using model::ChallengeType;
using model::DnsName;
using model::ManagedDomain;

/// What the server can do for a domain, and in words what keeps it from doing the rest.
struct Abilities {
  std::string http_obstacle;  // empty: http-01 is possible
  std::string tls_obstacle;   // empty: tls-alpn-01 is possible, where a host speaks acme-tls/1
  std::string dns_obstacle;   // empty: dns-01 is possible
};

std::string port_obstacle(std::string_view service, std::optional<std::uint16_t> port,
                          std::span<const std::uint16_t> listened_ports) {
  if (!port) {
    return fmt::format("MDPortMap says that {} is not reachable", service);
  }
  if (std::ranges::find(listened_ports, *port) == listened_ports.end()) {
    return fmt::format("the server does not listen on port {} (see Listen and MDPortMap)", *port);
  }
  return "";
}

Abilities abilities_of(const ManagedDomain& domain, std::span<const std::uint16_t> listened_ports) {
  const model::PortMap& map = domain.settings.port_map;
  Abilities abilities;
  abilities.http_obstacle = port_obstacle("http", map.http, listened_ports);
  abilities.tls_obstacle = port_obstacle("https", map.https, listened_ports);
  if (domain.settings.dns01_command.empty()) {
    abilities.dns_obstacle = "there is no MDChallengeDns01 command";
  }
  return abilities;
}

/// There is no dns-01 for addresses (RFC 8738 §7).
std::vector<ChallengeType> without_dns(std::vector<ChallengeType> types) {
  std::erase(types, ChallengeType::Dns01);
  return types;
}

std::vector<ChallengeType> choose_for(const DnsName& name, const ManagedDomain& domain,
                                      const Abilities& abilities, bool speaks_acme_tls) {
  std::vector<ChallengeType> configured = domain.settings.challenges.types();
  if (!domain.settings.challenges.empty()) {
    if (name.is_ip()) {
      return without_dns(configured);
    }
    if (!name.is_wildcard()) {
      return configured;
    }
    const bool has_dns = std::ranges::find(configured, ChallengeType::Dns01) != configured.end();
    return has_dns ? std::vector{ChallengeType::Dns01} : std::vector<ChallengeType>();
  }
  std::vector<ChallengeType> types;
  if (!name.is_wildcard() && abilities.tls_obstacle.empty() && speaks_acme_tls) {
    types.push_back(ChallengeType::TlsAlpn01);
  }
  if (!name.is_wildcard() && abilities.http_obstacle.empty()) {
    types.push_back(ChallengeType::Http01);
  }
  if (!name.is_ip() && abilities.dns_obstacle.empty()) {
    types.push_back(ChallengeType::Dns01);
  }
  return types;
}

/// Names without a type, by what keeps them from having one.
struct Without {
  std::vector<std::string> wildcards;
  std::vector<std::string> addresses;  // where the list in force has dns-01 alone
  std::vector<std::string> others;
};

/// Why nothing that is listed can be done, where a name has no better reason.
std::string unknown_types(const ManagedDomain& domain) {
  return fmt::format("MDCAChallenges lists {}, which nobody knows",
                     join(domain.settings.challenges.unknown_words(), ", "));
}

std::string explain(const Without& names, const ManagedDomain& domain, const Abilities& abilities) {
  const auto& [wildcards, addresses, others] = names;
  std::string text;
  if (!wildcards.empty()) {
    text += fmt::format("Wildcards ({}) need dns-01: {}.", join(wildcards, ", "),
                        domain.settings.challenges.empty() ? abilities.dns_obstacle
                                                           : "MDCAChallenges does not list it");
  }
  if (!addresses.empty()) {
    text += fmt::format(
        "{}IP addresses ({}) need http-01 or tls-alpn-01: MDCAChallenges lists "
        "neither.",
        text.empty() ? "" : " ", join(addresses, ", "));
  }
  if (!others.empty() && !domain.settings.challenges.empty()) {
    text += fmt::format("{}No challenge type is possible for {}: {}.", text.empty() ? "" : " ",
                        join(others, ", "), unknown_types(domain));
  } else if (!others.empty()) {
    const std::string tls_obstacle =
        abilities.tls_obstacle.empty()
            ? "the Protocols of the VirtualHost for that name do not hold acme-tls/1"
            : abilities.tls_obstacle;
    text += fmt::format(
        "{}No challenge type is possible for {}: tls-alpn-01, as {}; http-01, as {}; dns-01, as "
        "{}.",
        text.empty() ? "" : " ", join(others, ", "), tls_obstacle, abilities.http_obstacle,
        abilities.dns_obstacle);
  }
  return text;
}

Error mismatch(const ManagedDomain& domain, std::string detail) {
  Error error =
      fail(ErrorKind::Permanent,
           fmt::format("choose challenges for Managed Domain '{}': {}", domain.name, detail));
  error.problem = Problem{"challenge-mismatch", std::move(detail), 0, {}};
  return error;
}

}  // namespace

Result<std::vector<NameChallenges>> choose_challenges(
    const ManagedDomain& domain, std::span<const std::uint16_t> listened_ports) {
  const Abilities abilities = abilities_of(domain, listened_ports);
  const std::unordered_set<std::string> acme_tls_names(domain.alpn_names.begin(),
                                                       domain.alpn_names.end());
  std::vector<NameChallenges> choices;
  Without without;
  for (const DnsName& name : model::without_covered(domain.names)) {
    auto types = choose_for(name, domain, abilities, acme_tls_names.contains(name.text()));
    if (types.empty()) {
      const bool is_listed = !domain.settings.challenges.empty();
      auto& those = name.is_wildcard()          ? without.wildcards
                    : name.is_ip() && is_listed ? without.addresses
                                                : without.others;
      those.push_back(name.text());
    }
    choices.push_back({name, std::move(types)});
  }
  if (!without.wildcards.empty() || !without.addresses.empty() || !without.others.empty()) {
    return mismatch(domain, explain(without, domain, abilities));
  }
  return choices;
}

}  // namespace md::config
