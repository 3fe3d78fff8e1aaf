// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"
#include "httpd/runtime.h"
#include "status/overview.h"

namespace md::httpd {

/// The md-status document: of all domains, or of the one that `name` names (its name, any of its
/// names, or a name that its wildcard covers). One domain is shown as the store has it now. An
/// unknown name: NotFound, the message is the JSON document to answer with. `runtime` may be
/// nullptr: nothing is managed.
Result<std::string> md_status_document(const Runtime* runtime, std::string_view name);

/// How everything stands in this process, from memory alone: for server-status and metrics.
std::vector<status::DomainStatus> domain_statuses(const Runtime& runtime);
std::vector<status::StaplingStatus> stapling_statuses(const Runtime& runtime);

/// The public /.httpd/certificate-status of a managed host.
std::string certificate_status_document(const Runtime& runtime, DomainRuntime& domain);

}  // namespace md::httpd
