// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/logger.h"

namespace md::cli {

/// Messages on standard error. `verbosity` 0: warnings and errors; each one more shows a level
/// more, each one less a level less.
class TerminalLogger final : public Logger {
 public:
  explicit TerminalLogger(int verbosity) : verbosity_(verbosity) {}
  void log(LogLevel level, LogId id, std::string_view message) override;
  [[nodiscard]] bool is_enabled(LogLevel level) const override;

 private:
  int verbosity_;
};

}  // namespace md::cli
