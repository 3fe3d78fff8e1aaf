// SPDX-License-Identifier: Apache-2.0
#include "config/domain_definition.h"

#include <algorithm>
#include <unordered_set>
#include <utility>

#include "base/text.h"

namespace md::config {

using model::DnsName;

Result<DomainNames> parse_domain_names(std::span<const std::string> words) {
  DomainNames parsed;
  std::unordered_set<std::string> seen;
  for (const std::string& word : words) {
    if (equals_ignoring_case(word, "auto")) {
      parsed.members = model::Members::Auto;
    } else if (equals_ignoring_case(word, "manual")) {
      parsed.members = model::Members::Manual;
    } else {
      MD_ASSIGN_OR_RETURN(DnsName name, DnsName::parse(word));
      if (seen.insert(name.text()).second) {
        parsed.names.push_back(std::move(name));
      }
    }
  }
  return parsed;
}

Result<DomainDefinition> parse_definition(std::span<const std::string> words,
                                          model::ConfigPlace place) {
  MD_ASSIGN_OR_RETURN(DomainNames parsed, parse_domain_names(words));
  if (parsed.names.empty()) {
    return fail(ErrorKind::InvalidInput, "needs at least one domain name");
  }
  DomainDefinition definition{std::move(parsed.names), {}, std::move(place)};
  definition.settings.members = parsed.members;
  return definition;
}

Status add_names(std::span<const std::string> words, DomainDefinition& definition) {
  MD_ASSIGN_OR_RETURN(DomainNames parsed, parse_domain_names(words));
  for (DnsName& name : parsed.names) {
    if (std::ranges::find(definition.names, name) == definition.names.end()) {
      definition.names.push_back(std::move(name));
    }
  }
  if (parsed.members) {
    definition.settings.members = parsed.members;
  }
  return {};
}

}  // namespace md::config
