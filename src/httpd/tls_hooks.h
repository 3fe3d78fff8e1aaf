// SPDX-License-Identifier: Apache-2.0
#pragma once

namespace md::httpd {

/// What ties us to mod_ssl: certificate files at start, live certificates per handshake, and the
/// answers to tls-alpn-01 challenges. To be called from register_hooks.
void register_tls_hooks();

}  // namespace md::httpd
