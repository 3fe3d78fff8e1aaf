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
  bool makes_store{false};  ///< where there is none
};

/// What to do, or what to say right away: help, version, or what is wrong with the line (exit code
/// 1, in the JSON frame where -j is among the arguments).
std::variant<Invocation, Rendered> parse_command_line(std::vector<std::string> arguments,
                                                      const std::string& version);

/// All commands: "add", "store list", …, sorted. The documentation is checked against it.
std::vector<std::string> command_names();

}  // namespace md::cli
