// SPDX-License-Identifier: Apache-2.0
#include "httpd/server_status.h"

#include <string>

#include "httpd/apache.h"
// After httpd's own headers, which it leaves to others to include.
#include <mod_status.h>

#include "httpd/guard.h"
#include "httpd/status_documents.h"
#include "status/server_status.h"

namespace md::httpd {
namespace {

int add_sections(request_rec* request, int flags) noexcept {
  return guarded(OK, [&] {
    const Runtime* const runtime = current_runtime();
    if (runtime == nullptr || runtime->settings.server_status == model::Switch::Off) {
      return OK;
    }
    const status::ServerStatus facts{domain_statuses(*runtime), stapling_statuses(*runtime)};
    const TimePoint now = runtime->clock.now();
    const bool is_for_scripts = (flags & AP_STATUS_SHORT) != 0;
    const std::string section = is_for_scripts ? status::server_status_text(facts, now)
                                               : status::server_status_html(facts, now);
    ap_rwrite(section.data(), static_cast<int>(section.size()), request);
    return OK;
  });
}

}  // namespace

void register_server_status_hooks() {
  APR_OPTIONAL_HOOK(ap, status_hook, add_sections, nullptr, nullptr, APR_HOOK_MIDDLE);
}

}  // namespace md::httpd
