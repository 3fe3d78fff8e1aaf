// SPDX-License-Identifier: Apache-2.0
#include "config/domain_definition.h"

#include <algorithm>
#include <unordered_set>
#include <utility>

#include "base/text.h"

namespace md::config {

using model::DnsName;

namespace {

bool is_empty(const std::string& word) {
  return word.empty();
}

}  // namespace

DomainNames parse_domain_names(std::span<const std::string> words) {
  DomainNames parsed;
  std::unordered_set<std::string> seen;
  for (const std::string& word : words) {
    if (equals_ignoring_case(word, "auto")) {
      parsed.members = model::Members::Auto;
    } else if (equals_ignoring_case(word, "manual")) {
      parsed.members = model::Members::Manual;
    } else if (!word.empty()) {
      DnsName name = DnsName::as_configured(word);
      if (seen.insert(name.text()).second) {
        parsed.names.push_back(std::move(name));
      }
    }
  }
  return parsed;
}

Result<DomainDefinition> parse_definition(std::span<const std::string> words,
                                          model::ConfigPlace place) {
  DomainNames parsed = parse_domain_names(words);
  if (words.size() > 1 && std::ranges::all_of(words, is_empty)) {
    parsed.names.push_back(DnsName::as_configured(""));  // as mod_md has it, for a CA to refuse
  }
  if (parsed.names.empty()) {
    return fail(ErrorKind::InvalidInput, "needs at least one domain name");
  }
  DomainDefinition definition{std::move(parsed.names), {}, std::move(place)};
  definition.settings.members = parsed.members;
  return definition;
}

Result<DomainDefinition> parse_section(std::span<const std::string> words,
                                       model::ConfigPlace place) {
  const auto first = std::ranges::find_if_not(words, is_empty);
  if (words.empty()) {
    return fail(ErrorKind::InvalidInput, "needs at least one domain name");
  }
  DomainDefinition definition{{}, {}, std::move(place)};
  definition.names.push_back(DnsName::as_configured(first == words.end() ? "" : *first));
  if (first != words.end()) {
    add_names(words.last(static_cast<std::size_t>(words.end() - first) - 1), definition);
  }
  return definition;
}

void add_names(std::span<const std::string> words, DomainDefinition& definition) {
  DomainNames parsed = parse_domain_names(words);
  for (DnsName& name : parsed.names) {
    if (std::ranges::find(definition.names, name) == definition.names.end()) {
      definition.names.push_back(std::move(name));
    }
  }
  if (parsed.members) {
    definition.settings.members = parsed.members;
  }
}

}  // namespace md::config
