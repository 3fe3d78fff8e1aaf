// SPDX-License-Identifier: Apache-2.0
#include "config/virtual_host.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"
#include "config/name_pattern.h"

namespace md::config {
namespace {

using model::DnsName;

// httpd lets ServerName have a scheme.
std::string_view without_scheme(std::string_view name) {
  const auto end = name.find("://");
  return end == std::string_view::npos ? name : name.substr(end + 3);
}

std::optional<DnsName> usable(std::string_view text, HostNames& names) {
  auto name = DnsName::parse(without_scheme(text));
  if (!name) {
    names.unusable.push_back(std::move(name).error().message);
    return std::nullopt;
  }
  return *std::move(name);
}

}  // namespace

bool VirtualHost::listens_on(std::uint16_t port) const {
  return ports.empty() ||
         std::ranges::any_of(ports, [&](std::uint16_t p) { return p == 0 || p == port; });
}

std::string VirtualHost::label() const {
  return ports.empty() ? server_name : fmt::format("{}:{}", server_name, ports.front());
}

std::vector<DnsName> HostNames::all() const {
  std::vector<DnsName> names;
  if (server_name) {
    names.push_back(*server_name);
  }
  names.insert(names.end(), aliases.begin(), aliases.end());
  return names;
}

HostNames names_of(const VirtualHost& host) {
  HostNames names;
  if (!host.server_name.empty()) {
    names.server_name = usable(host.server_name, names);
  }
  for (const std::string& alias : host.aliases) {
    if (is_name_pattern(alias)) {
      names.patterns.push_back(to_lower(alias));
    } else if (auto name = usable(alias, names)) {
      names.aliases.push_back(*std::move(name));
    }
  }
  return names;
}

}  // namespace md::config
