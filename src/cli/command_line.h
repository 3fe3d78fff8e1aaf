// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <string>
#include <variant>
#include <vector>

#include "cli/session.h"

namespace md::cli {

/// A command line that has been understood.
struct Invocation {
  Options options;
  std::function<Result<Answer>(Session&)> run;
  bool makes_store{false};        ///< where there is something else
  bool may_be_first{false};       ///< the store need not be there
  Detail detail{Detail::Always};  ///< of failures
};

/// What to do, or what to say right away: help, version, or what is wrong with the line.
///
/// Commands that mod_md's tool has, too, end as they do there: help is on standard error with exit
/// code 2, an option that is none ends with 2, words that make no command with 1; none of it has a
/// JSON frame, but for unknown commands. Our own commands have help on standard output with 0; all
/// else is 1 (their 2 says something), in the frame where -j is among the arguments.
std::variant<Invocation, Rendered> parse_command_line(std::vector<std::string> arguments,
                                                      const std::string& version);

/// The version of mod_md's tool that -V answers: scripts ask it what they may expect.
inline constexpr const char* kStandsInFor = "2.6.11-git";

/// All commands: "add", "store list", …, sorted. The documentation is checked against it.
std::vector<std::string> command_names();

}  // namespace md::cli
