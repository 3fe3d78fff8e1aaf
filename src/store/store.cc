// SPDX-License-Identifier: Apache-2.0
#include "store/store.h"

#include <fmt/format.h>

#include "base/text.h"

namespace md::store {
namespace {

constexpr std::size_t kMaxNameLength = 255;  // NAME_MAX of every file system in use

}  // namespace

std::string_view name_of(Group group) {
  switch (group) {
    case Group::Accounts:
      return "accounts";
    case Group::Archive:
      return "archive";
    case Group::Challenges:
      return "challenges";
    case Group::Domains:
      return "domains";
    case Group::Ocsp:
      return "ocsp";
    case Group::Staging:
      return "staging";
    case Group::Tmp:
      return "tmp";
  }
  return "";
}

Status check_name(std::string_view name) {
  const bool has_separator = name.find_first_of(std::string_view("/\0", 2)) != name.npos;
  if (name.empty() || name == "." || name == ".." || has_separator ||
      name.size() > kMaxNameLength) {
    return fail(ErrorKind::InvalidInput,
                fmt::format("'{}' cannot be the name of a file", printable(name, 80)));
  }
  return {};
}

}  // namespace md::store
