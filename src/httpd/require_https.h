// SPDX-License-Identifier: Apache-2.0
#pragma once

namespace md::httpd {

/// MDRequireHttps: redirects from http to https before any other module acts on the request, and
/// Strict-Transport-Security on https answers where the redirect is for good. To be called from
/// register_hooks.
void register_require_https_hooks();

}  // namespace md::httpd
