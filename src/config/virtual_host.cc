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

void add_name(std::string_view text, HostNames& names) {
  if (auto name = DnsName::parse(without_scheme(text))) {
    names.dns_names.push_back(*std::move(name));
  } else {
    names.words.push_back(to_lower(without_scheme(text)));
    names.unusable.push_back(std::move(name).error().message);
  }
}

}  // namespace

bool VirtualHost::listens_on(std::uint16_t port) const {
  return ports.empty() ||
         std::ranges::any_of(ports, [&](std::uint16_t p) { return p == 0 || p == port; });
}

std::string VirtualHost::label() const {
  return ports.empty() ? server_name : fmt::format("{}:{}", server_name, ports.front());
}

HostNames names_of(const VirtualHost& host) {
  HostNames names;
  names.dns_names.reserve(1 + host.aliases.size());
  if (!host.server_name.empty()) {
    add_name(host.server_name, names);
    names.has_server_name = !names.dns_names.empty();
  }
  for (const std::string& alias : host.aliases) {
    if (is_name_pattern(alias)) {
      names.patterns.push_back(to_lower(alias));
    } else {
      add_name(alias, names);
    }
  }
  return names;
}

}  // namespace md::config
