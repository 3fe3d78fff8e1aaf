// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <vector>

#include "config/domain_definition.h"
#include "httpd/apache.h"
#include "model/settings.h"

namespace md::httpd {

/// What the directives of one server (main or virtual host) said.
struct ServerConfig {
  model::Settings settings;                       ///< merged with the main server's
  std::vector<config::DomainDefinition> domains;  ///< defined in this server itself
  std::optional<bool> speaks_tls;                 ///< `SSLEngine`, if it was said
  bool has_server_name{false};                    ///< `ServerName` was said
  /// MDStapling and MDStapleOthers as said in this server itself.
  std::optional<model::Switch> own_stapling;
  std::optional<model::Switch> own_staple_others;
};

ServerConfig& config_of(const server_rec* server);

/// What directives inside `<If>` said for a request; without destructor, as httpd makes one for
/// each section of its configuration and merges them for each request.
struct ConditionConfig {
  std::optional<model::RequireHttps> require_https;
};

const ConditionConfig& condition_of(const request_rec* request);

// For the module's record.
void* create_server_config(apr_pool_t* pool, server_rec* server) noexcept;
void* merge_server_configs(apr_pool_t* pool, void* base, void* add) noexcept;
void* create_directory_config(apr_pool_t* pool, char* directory) noexcept;
void* merge_directory_configs(apr_pool_t* pool, void* base, void* add) noexcept;
/// httpd's command table, made from config::all_directives().
const command_rec* directive_commands() noexcept;

}  // namespace md::httpd
