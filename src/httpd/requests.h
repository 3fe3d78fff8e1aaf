// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

#include "httpd/runtime.h"

/// What our handlers have in common.
namespace md::httpd {

/// The name that is asked for; empty if the request has none.
std::string_view host_of(const request_rec* request);
/// The domain that has that name, whichever host answers.
DomainRuntime* domain_asked_for(const Runtime& runtime, const request_rec* request);

/// GET or HEAD.
bool is_read_method(const request_rec* request);
/// 405, with the methods that are allowed: GET and HEAD.
int refuse_method(request_rec* request);
/// 200, or what `request->status` says.
int send_document(request_rec* request, const char* content_type, const std::string& body);

}  // namespace md::httpd
