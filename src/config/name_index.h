// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

#include "model/dns_name.h"

namespace md::config {

/// Finds the managed domain (by its position in a list) that a name belongs to, in constant time.
/// Thread-compatible; only read once it is filled.
class NameIndex {
 public:
  /// The first owner of a name keeps it: returns who that is.
  std::size_t add(const model::DnsName& name, std::size_t owner);

  /// The owner of just that name. `name` in normal form, as DnsName::text().
  [[nodiscard]] std::optional<std::size_t> find_exact(std::string_view name) const;
  /// The owner of the wildcard that covers the name; nullopt for wildcards.
  [[nodiscard]] std::optional<std::size_t> find_wildcard(std::string_view name) const;
  /// Exact beats wildcard.
  [[nodiscard]] std::optional<std::size_t> find(std::string_view name) const;

 private:
  struct Hash {
    using is_transparent = void;
    std::size_t operator()(std::string_view text) const {
      return std::hash<std::string_view>()(text);
    }
  };
  std::unordered_map<std::string, std::size_t, Hash, std::equal_to<>> owners_;
  // `.example.org` for `*.example.org`
  std::unordered_map<std::string, std::size_t, Hash, std::equal_to<>> wildcard_owners_;
};

}  // namespace md::config
