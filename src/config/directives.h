// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <limits>
#include <span>
#include <string>
#include <string_view>

#include "base/result.h"
#include "config/arguments.h"
#include "model/settings.h"

namespace md::config {

/// Where a directive stands.
enum class Level {
  Server,       ///< the main server
  VirtualHost,  ///< inside `<VirtualHost>`
  Domain,       ///< inside `<MDomain>`
  Condition,    ///< inside `<If>`, at request time
};

/// Where a directive may stand.
enum class Scope {
  Global,            ///< main server and virtual hosts
  Domain,            ///< inside `<MDomain>` only
  GlobalAndDomain,   ///< both: outside as the default of all
  AlsoInConditions,  ///< both, and inside `<If>`
};

/// What running a directive means.
enum class DirectiveKind {
  Setting,  ///< `apply` does it
  Members,  ///< MDMember(s): `apply` outside of `<MDomain>`, `add_names` inside
  Domain,   ///< MDomain: `parse_definition`
  Section,  ///< `<MDomain>`: `parse_definition`, then what stands inside at Level::Domain
};

struct Arity {
  static constexpr std::size_t kAny = std::numeric_limits<std::size_t>::max();
  std::size_t at_least{1};
  std::size_t at_most{1};
};

/// One row of the directive table: all there is to know about a directive.
struct Directive {
  std::string_view name;  ///< as documented; `<MDomain` for a section
  Scope scope;
  Arity arity;
  Parser parse;                   ///< nullptr for Domain and Section
  std::string_view syntax;        ///< the arguments, for people
  std::string_view default_text;  ///< as it would be written; empty: none
  std::string_view help;          ///< one line, shown by `httpd -L` and after arity errors
  DirectiveKind kind{DirectiveKind::Setting};
};

/// Every directive of the module, in the order of docs/directives.md.
std::span<const Directive> all_directives();
/// By name in any case; nullptr if the module has none of that name.
const Directive* find_directive(std::string_view name);

/// May it stand there, with that many arguments? InvalidInput in httpd's words otherwise.
Status check_use(const Directive& directive, Level level, std::size_t argument_count);

/// Checks use and runs the directive: one member of `settings` is written, or none on error
/// (InvalidInput, with the text to show). A directive that may be repeated adds to what
/// `settings`, those of one level, already hold. Not for Domain and Section, nor for Members at
/// Level::Domain: Internal.
Status apply(const Directive& directive, Level level, std::span<const std::string> words,
             const ParseEnvironment& environment, model::Settings& settings);

/// "G", "M", "GM" or "GM, `<If>`": the scope as docs/directives.md has it.
std::string_view describe(Scope scope);

}  // namespace md::config
