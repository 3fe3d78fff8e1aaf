// SPDX-License-Identifier: Apache-2.0
#pragma once

namespace md::httpd {

/// What we do with requests: challenge answers and 503 before every other module, and the status
/// handlers. To be called from register_hooks.
void register_request_hooks();

}  // namespace md::httpd
