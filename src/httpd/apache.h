// SPDX-License-Identifier: Apache-2.0
#pragma once

// The one door to httpd and APR. Sources outside this folder do not go through it.

#include <apr_optional.h>
#include <apr_optional_hooks.h>
#include <apr_strings.h>
#include <apr_thread_proc.h>
#include <httpd.h>
// httpd.h comes first: the others lean on it.
#include <ap_listen.h>
#include <ap_mpm.h>
#include <http_config.h>
#include <http_connection.h>
#include <http_core.h>
#include <http_log.h>
#include <http_protocol.h>
#include <http_request.h>
#include <http_ssl.h>
#include <http_vhost.h>
#include <mod_watchdog.h>
#include <mpm_common.h>
#include <unixd.h>

extern "C" {
/// The module, and the only symbol that the library exports.
extern module AP_MODULE_DECLARE_DATA md_module __attribute__((visibility("default")));
}

// Declares this source's own module index, so that `LogLevel md:debug` works in it.
APLOG_USE_MODULE(md);
