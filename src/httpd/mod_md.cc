// SPDX-License-Identifier: Apache-2.0
// mod_md for Apache httpd: certificates over ACME, activated live. The module's record and hooks.

#include "httpd/apache.h"
#include "httpd/certificate_status.h"
#include "httpd/child.h"
#include "httpd/directive_adapter.h"
#include "httpd/request_hooks.h"
#include "httpd/require_https.h"
#include "httpd/server_status.h"
#include "httpd/stapling.h"
#include "httpd/startup.h"
#include "httpd/tls_hooks.h"

namespace {

void register_hooks(apr_pool_t* /*pool*/) {
  md::httpd::register_startup_hooks();
  md::httpd::register_child_hooks();
  md::httpd::register_tls_hooks();
  md::httpd::register_stapling_hooks();
  md::httpd::register_request_hooks();
  md::httpd::register_certificate_status_hooks();
  md::httpd::register_require_https_hooks();
  md::httpd::register_server_status_hooks();
}

}  // namespace

extern "C" {

// httpd derives the names for <IfModule> from here: "mod_md.c", as distributions' modules of that
// name report themselves, and "md_module" from the symbol.
module AP_MODULE_DECLARE_DATA md_module __attribute__((visibility("default"))) = {
    MODULE_MAGIC_NUMBER_MAJOR,
    MODULE_MAGIC_NUMBER_MINOR,
    -1,
    "mod_md.c",
    nullptr,
    nullptr,
    MODULE_MAGIC_COOKIE,
    nullptr,
    md::httpd::create_directory_config,
    md::httpd::merge_directory_configs,
    md::httpd::create_server_config,
    md::httpd::merge_server_configs,
    md::httpd::directive_commands(),
    register_hooks,
    0,
};
}
