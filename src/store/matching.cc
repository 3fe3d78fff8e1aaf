// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <unordered_map>
#include <unordered_set>

#include "store/sync.h"

/// match_stored: see sync.h.
namespace md::store {
namespace {

/// A configured domain and a stored one that have names in common.
struct Overlap {
  std::size_t count;
  std::size_t configured;
  std::size_t stored;
};

using Indexes = std::unordered_map<std::string, std::vector<std::size_t>>;

/// Which stored domains have which name; without those that `taken` says are out of the question.
Indexes index_names(const std::vector<StoredNames>& stored, const std::vector<bool>& taken) {
  Indexes indexes;
  for (std::size_t i = 0; i < stored.size(); ++i) {
    if (taken[i]) {
      continue;
    }
    const std::unordered_set<std::string> names(stored[i].names.begin(), stored[i].names.end());
    for (const std::string& name : names) {
      indexes[name].push_back(i);
    }
  }
  return indexes;
}

void add_overlaps(const model::ManagedDomain& domain, std::size_t configured,
                  const Indexes& indexes, std::vector<Overlap>& overlaps) {
  std::unordered_map<std::size_t, std::size_t> counts;
  for (const model::DnsName& name : domain.names) {
    if (const auto found = indexes.find(name.text()); found != indexes.end()) {
      for (const std::size_t stored : found->second) {
        ++counts[stored];
      }
    }
  }
  for (const auto& [stored, count] : counts) {
    overlaps.push_back({count, configured, stored});
  }
}

/// The largest first; among equals the order of the configuration, then of the store.
bool goes_before(const Overlap& a, const Overlap& b) {
  if (a.count != b.count) {
    return a.count > b.count;
  }
  return a.configured != b.configured ? a.configured < b.configured : a.stored < b.stored;
}

}  // namespace

std::vector<std::optional<std::size_t>> match_stored(
    const std::vector<model::ManagedDomain>& configured, const std::vector<StoredNames>& stored) {
  std::unordered_map<std::string_view, std::size_t> by_folder;
  for (std::size_t i = 0; i < stored.size(); ++i) {
    by_folder.emplace(stored[i].folder, i);
  }
  std::vector<std::optional<std::size_t>> matches(configured.size());
  std::vector<bool> taken(stored.size(), false);
  for (std::size_t i = 0; i < configured.size(); ++i) {
    const auto found = by_folder.find(configured[i].name);
    if (found != by_folder.end() && !taken[found->second]) {
      matches[i] = found->second;
      taken[found->second] = true;
    }
  }
  const Indexes indexes = index_names(stored, taken);
  std::vector<Overlap> overlaps;
  for (std::size_t i = 0; i < configured.size(); ++i) {
    if (!matches[i]) {
      add_overlaps(configured[i], i, indexes, overlaps);
    }
  }
  std::ranges::sort(overlaps, goes_before);
  for (const Overlap& overlap : overlaps) {
    if (!matches[overlap.configured] && !taken[overlap.stored]) {
      matches[overlap.configured] = overlap.stored;
      taken[overlap.stored] = true;
    }
  }
  return matches;
}

}  // namespace md::store
