// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/logger.h"
#include "httpd/apache.h"

namespace md::httpd {

/// Writes to httpd's error log, as the module `md`, with the id in front ("AH10059: …").
class ApacheLogger final : public Logger {
 public:
  explicit ApacheLogger(const server_rec* server) : server_(server) {}
  void log(LogLevel level, LogId id, std::string_view message) override;
  [[nodiscard]] bool is_enabled(LogLevel level) const override;

 private:
  const server_rec* server_;
};

}  // namespace md::httpd
