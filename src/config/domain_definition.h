// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/result.h"
#include "model/dns_name.h"
#include "model/managed_domain.h"
#include "model/settings.h"

namespace md::config {

/// What stands after `MDomain`, `<MDomain` or, inside a section, `MDMember`.
struct DomainNames {
  std::vector<model::DnsName> names;      ///< in the order given, without duplicates
  std::optional<model::Members> members;  ///< the last `auto` or `manual` among them
};
/// Empty words count for nothing; what is no DNS name is kept as it is.
DomainNames parse_domain_names(std::span<const std::string> words);

/// A managed domain as configured, before virtual hosts are looked at.
struct DomainDefinition {
  std::vector<model::DnsName> names;  ///< at least one: its first is its name
  model::Settings settings;           ///< its own, not merged with the server's
  model::ConfigPlace place;
};
/// Begins a definition: `MDomain` or the head of a section. No name in `words`: InvalidInput.
Result<DomainDefinition> parse_definition(std::span<const std::string> words,
                                          model::ConfigPlace place);
/// `<MDomain …>`: its first word is a name, whatever it is, also `auto`. Empty ones count for
/// nothing, unless all are: then the name is empty.
Result<DomainDefinition> parse_section(std::span<const std::string> words,
                                       model::ConfigPlace place);
/// MDMember(s) inside a section.
void add_names(std::span<const std::string> words, DomainDefinition& definition);

}  // namespace md::config
