// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <unordered_map>
#include <vector>

#include "config/matching.h"
#include "httpd/apache.h"
#include "httpd/stapling.h"
#include "model/settings.h"
#include "renewal/world.h"

namespace md::httpd {

/// What httpd's configuration comes to for us: servers and directives turned into a plan.
struct Configuration {
  config::Plan plan;
  model::ResolvedSettings server_settings;
  std::vector<std::uint16_t> listened_ports;
  std::unordered_map<const server_rec*, std::size_t> domain_of_host;
  /// Hosts where some certificates are stapled.
  std::unordered_map<const server_rec*, HostStapling> stapling;

  /// No finding ends the start.
  [[nodiscard]] bool is_usable() const;
  /// Some finding is an error, though it may concern one host alone.
  [[nodiscard]] bool has_errors() const;
};

/// Reads it; no I/O. The same in the configuration test, in both passes of a start and at a reload.
Configuration read_configuration(apr_pool_t* pool, server_rec* base_server);

/// As mod_ssl will see it: `SSLEngine on`, or nothing said and `Listen … https`.
bool speaks_tls(server_rec* host);

enum class Findings { All, ErrorsOnly, FatalOnly };
void report_findings(const Configuration& configuration, server_rec* base_server, Findings which);

/// How the worker learns which challenges a name can be validated by.
renewal::ChallengeChoice challenge_choice_of(const struct Runtime& runtime);

}  // namespace md::httpd
