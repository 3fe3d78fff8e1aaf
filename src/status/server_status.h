// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "status/overview.h"

/// Our part of mod_status' page (spec/monitoring.md, "server-status"). Pure.
namespace md::status {

/// All that the page shows.
struct ServerStatus {
  std::vector<DomainStatus> domains;
  std::vector<StaplingStatus> staplings;
};

/// The sections "Managed Certificates" and "Managed Staplings", those that need somebody first.
/// Whatever comes from outside is escaped; no script, and nothing is loaded. Empty where there is
/// nothing to show.
std::string server_status_html(const ServerStatus& status, TimePoint now);

/// The same for `?auto`: a `Key: value` a line, sorted by name.
std::string server_status_text(const ServerStatus& status, TimePoint now);

}  // namespace md::status
