// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>

namespace md {

/// httpd's levels, by the meaning that httpd's manual gives them.
enum class LogLevel { Error, Warning, Notice, Info, Debug, Trace };

/// Number of a log message as in httpd's `APLOGNO` (`AH10059`); 0 for messages without one.
struct LogId {
  int number{0};
};

/// Where messages go. Thread-safe. Layers below `renewal` return errors and log nothing.
class Logger {
 public:
  virtual ~Logger() = default;
  virtual void log(LogLevel level, LogId id, std::string_view message) = 0;
  /// Would a message of this level be written? For messages that are costly to make.
  [[nodiscard]] virtual bool is_enabled(LogLevel level) const = 0;

  void error(LogId id, std::string_view message) { log(LogLevel::Error, id, message); }
  void warning(LogId id, std::string_view message) { log(LogLevel::Warning, id, message); }
  void notice(LogId id, std::string_view message) { log(LogLevel::Notice, id, message); }
  void info(LogId id, std::string_view message) { log(LogLevel::Info, id, message); }
  void debug(std::string_view message) { log(LogLevel::Debug, LogId{}, message); }
};

}  // namespace md
