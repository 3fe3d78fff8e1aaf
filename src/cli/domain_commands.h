// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "cli/session.h"
#include "model/managed_domain.h"

/// Which managed domains there are, and what they say: `list`, `add`, `update`, `store …`.
namespace md::cli {

Result<Answer> list(Session& session);

/// A new domain of these names; `state` goes into its md.json. With -a, -C, -t: what they say.
Result<Answer> add(Session& session, const std::vector<std::string>& names,
                   model::DomainState state);

/// What is to change of a domain: `aspect` is one of kAspects, or empty for what the options say.
struct Change {
  std::string name;
  std::string aspect;
  std::vector<std::string> values;
};
inline constexpr const char* kAspects = "domains, ca, account, contacts, agreement";
Result<Answer> update(Session& session, const Change& change);

/// Out of `domains/`, into the archive. An unknown name is an error, unless `missing` says not.
enum class Missing { IsAnError, IsFine };
Result<Answer> remove(Session& session, const std::vector<std::string>& names, Missing missing);

}  // namespace md::cli
