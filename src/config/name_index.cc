// SPDX-License-Identifier: Apache-2.0
#include "config/name_index.h"

namespace md::config {

std::size_t NameIndex::add(const model::DnsName& name, std::size_t owner) {
  if (name.is_wildcard()) {
    wildcard_owners_.try_emplace(name.text().substr(1), owner);
  }
  return owners_.try_emplace(name.text(), owner).first->second;
}

std::optional<std::size_t> NameIndex::find_exact(std::string_view name) const {
  const auto found = owners_.find(name);
  return found == owners_.end() ? std::nullopt : std::optional(found->second);
}

std::optional<std::size_t> NameIndex::find_wildcard(std::string_view name) const {
  const auto dot = name.find('.');
  if (dot == std::string_view::npos || name.starts_with('*')) {
    return std::nullopt;
  }
  const auto found = wildcard_owners_.find(name.substr(dot));
  return found == wildcard_owners_.end() ? std::nullopt : std::optional(found->second);
}

std::optional<std::size_t> NameIndex::find(std::string_view name) const {
  const auto exact = find_exact(name);
  return exact ? exact : find_wildcard(name);
}

}  // namespace md::config
