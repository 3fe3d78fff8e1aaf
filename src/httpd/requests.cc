// SPDX-License-Identifier: Apache-2.0
#include "httpd/requests.h"

namespace md::httpd {

std::string_view host_of(const request_rec* request) {
  return request->hostname == nullptr ? std::string_view() : request->hostname;
}

DomainRuntime* domain_asked_for(const Runtime& runtime, const request_rec* request) {
  const auto name = model::DnsName::parse(host_of(request));
  return name ? runtime.find_by_name(*name) : nullptr;
}

bool is_read_method(const request_rec* request) {
  return request->method_number == M_GET;  // HEAD is a GET with header_only
}

int refuse_method(request_rec* request) {
  ap_allow_standard_methods(request, REPLACE_ALLOW, M_GET, -1);
  return HTTP_METHOD_NOT_ALLOWED;
}

int send_document(request_rec* request, const char* content_type, const std::string& body) {
  ap_set_content_type(request, content_type);
  ap_set_content_length(request, static_cast<apr_off_t>(body.size()));
  if (request->header_only == 0) {
    ap_rwrite(body.data(), static_cast<int>(body.size()), request);
  }
  return OK;
}

}  // namespace md::httpd
