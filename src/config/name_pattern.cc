// SPDX-License-Identifier: Apache-2.0
#include "config/name_pattern.h"

namespace md::config {

bool is_name_pattern(std::string_view alias) {
  return alias.find_first_of("*?") != std::string_view::npos;
}

bool matches_pattern(std::string_view name, std::string_view pattern) {
  std::size_t at = 0;
  std::size_t in_pattern = 0;
  std::size_t star = std::string_view::npos;  // the last `*` met, and where it began to match
  std::size_t star_begin = 0;
  while (at < name.size()) {
    if (in_pattern < pattern.size() && pattern[in_pattern] == '*') {
      star = in_pattern++;
      star_begin = at;
    } else if (in_pattern < pattern.size() &&
               (pattern[in_pattern] == '?' || pattern[in_pattern] == name[at])) {
      ++in_pattern;
      ++at;
    } else if (star != std::string_view::npos) {
      in_pattern = star + 1;
      at = ++star_begin;
    } else {
      return false;
    }
  }
  return pattern.find_first_not_of('*', in_pattern) == std::string_view::npos;
}

std::string_view pattern_suffix(std::string_view pattern) {
  const auto last = pattern.find_last_of("*?");
  const auto dot = pattern.find('.', last == std::string_view::npos ? 0 : last);
  return dot == std::string_view::npos ? "" : pattern.substr(dot);
}

void SuffixIndex::add_all_suffixes(std::string_view name, std::size_t position) {
  for (auto dot = name.find('.'); dot != std::string_view::npos; dot = name.find('.', dot + 1)) {
    add_suffix(name.substr(dot), position);
  }
}

void SuffixIndex::add_suffix(std::string_view suffix, std::size_t position) {
  positions_[std::string(suffix)].push_back(position);
}

std::span<const std::size_t> SuffixIndex::find(std::string_view suffix) const {
  const auto found = positions_.find(std::string(suffix));
  return found == positions_.end() ? std::span<const std::size_t>() : found->second;
}

}  // namespace md::config
