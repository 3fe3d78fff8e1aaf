// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "model/dns_name.h"
#include "model/settings.h"

namespace md::model {

/// Where in the configuration something was said.
struct ConfigPlace {
  std::string file;
  int line{0};
  [[nodiscard]] std::string text() const { return file + ":" + std::to_string(line); }
  friend bool operator==(const ConfigPlace&, const ConfigPlace&) = default;
};

/// How a managed domain stands (numbers as in md.json).
enum class DomainState { Unknown = 0, Incomplete = 1, Complete = 2, Expired = 3, Error = 4 };

/// A set of names that share certificates: "MD" in mod_md's documents. What the configuration
/// says, complete after vhosts were matched; most of what the store and the CA add lies elsewhere.
struct ManagedDomain {
  std::string name;            ///< its first name, and its folder in the store
  std::vector<DnsName> names;  ///< in configured order, without duplicates
  ResolvedSettings settings;
  ConfigPlace place;

  // From the virtual hosts (config/matching.h).
  bool is_used{false};                  ///< some TLS vhost serves it
  std::vector<std::string> alpn_names;  ///< names whose vhost speaks acme-tls/1
  std::string server_admin;             ///< contact if none is configured

  /// From the store: the contacts that md.json has, where the configuration names none (any more).
  std::vector<std::string> kept_contacts;

  [[nodiscard]] bool covers(const DnsName& other) const { return model::covers(names, other); }
  /// Has certificates of its own, configured by files.
  [[nodiscard]] bool is_static() const { return !settings.certificate_files.empty(); }
};

}  // namespace md::model
