// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "httpd/runtime.h"
#include "httpd/startup.h"

namespace md::httpd {

/// Finds out what the store has of each domain's certificates, and which files mod_ssl is given.
/// Fallbacks that have to be made for it are left to the side work. Parent, in post_config.
void load_certificates(Runtime& runtime, Pass pass);

}  // namespace md::httpd
