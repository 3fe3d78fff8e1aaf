// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "cli/session.h"
#include "model/managed_domain.h"

/// Which managed domains there are, and what they say: `list`, `add`, `update`, `store …`.
namespace md::cli {

/// The domains with these names, in their order, each as md.json has it, with the state that its
/// certificates have now, and whether it is to be renewed; without names: all.
Result<Answer> list(Session& session, const std::vector<std::string>& names);

/// md.json of all, as it is.
Result<Answer> list_files(Session& session);

/// What a command is about: domains that are managed, or what the store's files say and no more.
enum class Scope { Domains, Files };

/// A new domain of these names, at the CA of -a.
Result<Answer> add(Session& session, const std::vector<std::string>& names, Scope scope);

/// What is to change of a domain: `aspect` is one of kAspects, or empty for nothing.
struct Change {
  std::string name;
  std::string aspect;
  std::vector<std::string> values;
};
inline constexpr const char* kAspects = "domains, ca, account, contacts, agreement";
Result<Answer> update(Session& session, const Change& change, Scope scope);

/// Out of `domains/`; what has keys or certificates goes to the archive. An unknown name is an
/// error, unless `missing` says not.
enum class Missing { IsAnError, IsFine };
Result<Answer> remove(Session& session, const std::vector<std::string>& names, Missing missing);

}  // namespace md::cli
