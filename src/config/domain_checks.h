// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <span>
#include <vector>

#include "config/finding.h"
#include "model/managed_domain.h"

namespace md::config {

/// What is to be said about settings of the server that are not refused, as mod_md takes them.
void check_server(const model::ResolvedSettings& settings, std::vector<Finding>& findings);
/// What is to be said about managed domains that were matched with the virtual hosts; some of them
/// have TLS hosts.
void check_domains(std::span<const model::ManagedDomain> domains,
                   const std::vector<bool>& has_tls_host, std::vector<Finding>& findings);

}  // namespace md::config
