// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "httpd/apache.h"

namespace md::httpd {

/// Forks the activator (design.md §2.4): a process of its own, still root where the server was
/// started as root, that makes complete staged sets live while the server runs. Respawned by the
/// parent if it dies, replaced at a reload, gone at a stop, and when the parent dies. Parent, in
/// the second configuration pass.
apr_status_t start_activator(apr_pool_t* pool, server_rec* server);

}  // namespace md::httpd
