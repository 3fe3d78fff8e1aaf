// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "model/dns_name.h"
#include "model/managed_domain.h"
#include "model/settings.h"

namespace md::config {

/// What matching needs to know of a virtual host, or of the main server.
struct VirtualHost {
  std::string server_name;           ///< as in the configuration, or as httpd fills it in
  bool is_name_filled_in{false};     ///< httpd had to, as there is no ServerName
  std::vector<std::string> aliases;  ///< all of ServerAlias, patterns (`*`, `?`) included
  std::vector<std::uint16_t> ports;  ///< of its addresses; 0 or none at all: any port
  bool speaks_tls{false};            ///< `SSLEngine on`
  bool is_base_server{false};        ///< the main server, outside all `<VirtualHost>`
  bool offers_acme_tls{false};       ///< its `Protocols` hold `acme-tls/1`
  model::MatchNames match_names{model::MatchNames::All};
  std::string server_admin;
  model::ConfigPlace place;

  [[nodiscard]] bool listens_on(std::uint16_t port) const;
  /// For messages: `a.test:443`.
  [[nodiscard]] std::string label() const;
};

/// A virtual host's names, sorted by what can be done with them.
struct HostNames {
  std::vector<model::DnsName> dns_names;  ///< of ServerName, first, and of ServerAlias
  bool has_server_name{false};            ///< is the first of them that of ServerName?
  std::vector<std::string> patterns;      ///< aliases with `*` or `?`, in lower case
  std::vector<std::string> words;         ///< the others, in lower case: no DNS names
  std::vector<std::string> unusable;      ///< why each of `words` is none
};
HostNames names_of(const VirtualHost& host);

}  // namespace md::config
