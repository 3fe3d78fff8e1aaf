// SPDX-License-Identifier: Apache-2.0
#include "config/pending.h"

namespace md::config {

using model::Settings;
using model::Switch;

std::vector<std::string_view> pending_directives(const Settings& settings) {
  struct Row {
    std::string_view name;
    bool is_wanted;
  };
  const Row rows[] = {
      {"MDServerStatus", settings.server_status == Switch::On},
      {"MDCertificateMonitor", settings.monitor.has_value()},
  };
  std::vector<std::string_view> pending;
  for (const Row& row : rows) {
    if (row.is_wanted) {
      pending.push_back(row.name);
    }
  }
  return pending;
}

}  // namespace md::config
