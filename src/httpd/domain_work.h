// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>

#include "httpd/runtime.h"

namespace md::httpd {

/// What status pages know of a domain's renewal, as the store has it now: a few files, most of
/// which are there only while there is a renewal. Any thread of a child.
std::shared_ptr<const DomainWork> load_work(const Runtime& runtime, const DomainRuntime& domain);

}  // namespace md::httpd
