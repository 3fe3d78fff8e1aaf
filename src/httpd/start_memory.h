// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>

#include "httpd/apache.h"

namespace md::httpd {

/// What one run of the configuration leaves to the next one in the same process: bytes, nothing
/// that points into this module, which httpd unloads in between, nor into a pool of that run.
/// Parent only.
std::string_view recall(const server_rec* server);
void retain(const server_rec* server, std::string_view bytes);

}  // namespace md::httpd
