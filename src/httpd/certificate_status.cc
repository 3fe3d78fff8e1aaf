// SPDX-License-Identifier: Apache-2.0
#include "httpd/certificate_status.h"

#include <string>
#include <string_view>

#include "httpd/guard.h"
#include "httpd/requests.h"
#include "httpd/runtime.h"
#include "httpd/status_documents.h"

namespace md::httpd {
namespace {

constexpr std::string_view kPath = "/.httpd/certificate-status";

/// No alias, rewrite rule or proxy takes the path away, and no file is behind it.
int claim(request_rec* request) noexcept {
  return guarded(DECLINED, [&] {
    if (!asks_for_certificate_status(request)) {
      return DECLINED;
    }
    request->filename = apr_pstrdup(request->pool, request->uri);
    // Nobody looks for another handler: mod_dir would for FallbackResource.
    request->handler = "md-certificate-status";
    return OK;
  });
}

/// Sections for directories and files do not concern what is no file.
int skip_directories(request_rec* request) noexcept {
  return guarded(DECLINED, [&] { return asks_for_certificate_status(request) ? OK : DECLINED; });
}

int answer(request_rec* request) noexcept {
  return guarded(HTTP_INTERNAL_SERVER_ERROR, [&] {
    if (!asks_for_certificate_status(request)) {
      return DECLINED;
    }
    if (!is_read_method(request)) {
      return HTTP_NOT_IMPLEMENTED;
    }
    const Runtime& runtime = *current_runtime();
    return send_document(request, "application/json",
                         certificate_status_document(runtime, *domain_asked_for(runtime, request)));
  });
}

}  // namespace

bool asks_for_certificate_status(const request_rec* request) {
  const Runtime* const runtime = current_runtime();
  if (runtime == nullptr || request->uri == nullptr || request->uri != kPath ||
      request->prev != nullptr || request->main != nullptr) {
    return false;
  }
  const DomainRuntime* const domain = domain_asked_for(*runtime, request);
  return domain != nullptr && domain->domain.settings.certificate_status == model::Switch::On;
}

void register_certificate_status_hooks() {
  ap_hook_translate_name(claim, nullptr, nullptr, APR_HOOK_REALLY_FIRST);
  ap_hook_map_to_storage(skip_directories, nullptr, nullptr, APR_HOOK_REALLY_FIRST);
  ap_hook_handler(answer, nullptr, nullptr, APR_HOOK_REALLY_FIRST);
}

}  // namespace md::httpd
