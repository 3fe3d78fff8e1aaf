// SPDX-License-Identifier: Apache-2.0
#include "httpd/apache_logger.h"

#include "base/text.h"
#include "httpd/guard.h"

namespace md::httpd {
namespace {

// Longer than any message of ours, shorter than httpd's line limit (8 KiB).
constexpr std::size_t kMaxMessage = 4096;

int apache_level(LogLevel level) {
  switch (level) {
    case LogLevel::Error:
      return APLOG_ERR;
    case LogLevel::Warning:
      return APLOG_WARNING;
    case LogLevel::Notice:
      return APLOG_NOTICE;
    case LogLevel::Info:
      return APLOG_INFO;
    case LogLevel::Debug:
      return APLOG_DEBUG;
    case LogLevel::Trace:
      return APLOG_TRACE1;
  }
  return APLOG_ERR;
}

}  // namespace

void ApacheLogger::log(LogLevel level, LogId id, std::string_view message) {
  const std::string text = printable(message, kMaxMessage);
  if (id.number != 0) {
    ap_log_error(APLOG_MARK, apache_level(level), 0, server_, "AH%05d: %s", id.number,
                 text.c_str());
  } else {
    ap_log_error(APLOG_MARK, apache_level(level), 0, server_, "%s", text.c_str());
  }
}

bool ApacheLogger::is_enabled(LogLevel level) const {
  return APLOG_IS_LEVEL(server_, apache_level(level));
}

void log_escaped_exception(const char* what) noexcept {
  ap_log_error(APLOG_MARK, APLOG_CRIT, 0, nullptr, "mod_md: a defect: exception in a callback: %s",
               what);
}

}  // namespace md::httpd
