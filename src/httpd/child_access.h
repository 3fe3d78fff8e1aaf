// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "httpd/runtime.h"

namespace md::httpd {

/// Says in the log which of the files that the administrator names, and that are read while the
/// server runs, the children's user cannot read, and why: otherwise that shows when a certificate
/// is due. In the parent, at a start as root; tried by a process that becomes that user.
void report_files_that_children_cannot_read(const Runtime& runtime);

}  // namespace md::httpd
