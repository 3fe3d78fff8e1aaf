// SPDX-License-Identifier: Apache-2.0
#pragma once

namespace md::httpd {

/// Our sections in mod_status' page, and the md-metrics handler. To be called from register_hooks.
void register_server_status_hooks();

}  // namespace md::httpd
