// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>

#include "base/clock.h"
#include "httpd/apache.h"

namespace md::httpd {

/// What one run of the configuration leaves to the next one in the same process: bytes, nothing
/// that points into this module, which httpd unloads in between, nor into a pool of that run.
/// Parent only.
std::string_view recall(const server_rec* server);
void retain(const server_rec* server, std::string_view bytes);

/// When this server was started, reloads not counted: noted by the parent's first call, and known
/// to the children that it forks.
TimePoint full_start(const server_rec* server, const Clock& clock);

}  // namespace md::httpd
