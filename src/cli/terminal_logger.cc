// SPDX-License-Identifier: Apache-2.0
#include "cli/terminal_logger.h"

#include <fmt/format.h>

#include <cstdio>
#include <tuple>

#include "base/text.h"

namespace md::cli {
namespace {

constexpr std::size_t kMessageLimit = 2000;

}  // namespace

bool TerminalLogger::is_enabled(LogLevel level) const {
  return static_cast<int>(level) <= static_cast<int>(LogLevel::Warning) + verbosity_;
}

void TerminalLogger::log(LogLevel level, LogId /*id*/, std::string_view message) {
  if (is_enabled(level)) {
    const std::string line = fmt::format("a2md: {}\n", printable(message, kMessageLimit));
    std::ignore = std::fputs(line.c_str(), stderr);
  }
}

}  // namespace md::cli
