// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "base/result.h"
#include "model/dns_name.h"
#include "model/managed_domain.h"
#include "model/settings.h"

namespace md::config {

/// The challenge types to try for one name of an order, best first; never empty.
struct NameChallenges {
  model::DnsName name;
  std::vector<model::ChallengeType> types;
};

/// Chooses for each name that an order of the domain has. A configured list is used as it is; else
/// `tls-alpn-01 http-01 dns-01` as far as the server can: tls-alpn-01 and http-01 need the (mapped)
/// port among `listened_ports`, tls-alpn-01 also a host that speaks acme-tls/1, dns-01 a command.
/// Wildcards take dns-01 only. Names with no type left: Permanent, problem `challenge-mismatch`,
/// and the message says what each would need.
Result<std::vector<NameChallenges>> choose_challenges(
    const model::ManagedDomain& domain, std::span<const std::uint16_t> listened_ports);

}  // namespace md::config
