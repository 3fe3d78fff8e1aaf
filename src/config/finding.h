// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "base/logger.h"

namespace md::config {

/// Something that is to be said about the configuration.
struct Finding {
  LogLevel level{LogLevel::Error};
  LogId id;
  std::string message;
  /// The server must not start. Other errors concern one virtual host alone: the start goes on, a
  /// configuration test reports them.
  bool is_fatal{false};
};

}  // namespace md::config
