// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <vector>

#include "config/domain_definition.h"
#include "config/finding.h"
#include "config/name_index.h"
#include "config/virtual_host.h"
#include "model/managed_domain.h"
#include "model/settings.h"

namespace md::config {

/// What the whole configuration amounts to. Immutable once made.
struct Plan {
  /// Complete: settings resolved, names joined. In the order of the definitions.
  std::vector<model::ManagedDomain> domains;
  /// For each virtual host the position of its managed domain. For a TLS host, the one whose
  /// certificates it serves; a host of plain http that has names of several belongs to that of its
  /// ServerName, if to any: requests there are told apart by `names`.
  std::vector<std::optional<std::size_t>> host_domains;
  /// For each of `domains`: does it manage some TLS host?
  std::vector<bool> has_tls_host;
  /// Finds the managed domain of a request's host name.
  NameIndex names;
  std::vector<Finding> findings;

  [[nodiscard]] bool is_fatal() const;
};

/// Brings managed domains and virtual hosts together. Pure; time grows with the number of names.
/// `server` holds the main server's settings: defaults for all domains, and what is global.
Plan make_plan(std::span<const DomainDefinition> definitions, std::span<const VirtualHost> hosts,
               const model::Settings& server);

}  // namespace md::config
