// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace md::config {

/// Is the name of a ServerAlias a pattern, as httpd sees it?
bool is_name_pattern(std::string_view alias);
/// `*` stands for any characters, dots too, `?` for one. Both arguments in lower case.
bool matches_pattern(std::string_view name, std::string_view pattern);
/// What a name must end with to match, from a dot on: `.example.org` for `www*.example.org`. Empty:
/// anything may.
std::string_view pattern_suffix(std::string_view pattern);

/// Positions of texts in a list, found by any of their endings that begin at a dot.
/// Thread-compatible; only read once it is filled.
class SuffixIndex {
 public:
  /// Adds all endings of `name`.
  void add_all_suffixes(std::string_view name, std::size_t position);
  /// Adds one.
  void add_suffix(std::string_view suffix, std::size_t position);
  /// In the order added; empty if there are none.
  [[nodiscard]] std::span<const std::size_t> find(std::string_view suffix) const;

 private:
  std::unordered_map<std::string, std::vector<std::size_t>> positions_;
};

}  // namespace md::config
