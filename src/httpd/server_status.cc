// SPDX-License-Identifier: Apache-2.0
#include "httpd/server_status.h"

#include <string>
#include <string_view>

#include "httpd/apache.h"
// After httpd's own headers, which it leaves to others to include.
#include <mod_status.h>

#include "httpd/guard.h"
#include "httpd/requests.h"
#include "httpd/status_documents.h"
#include "status/metrics.h"
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

status::MetricFormat format_wanted_by(request_rec* request) {
  const char* const accept = apr_table_get(request->headers_in, "Accept");
  const bool is_open =
      accept != nullptr &&
      std::string_view(accept).find("application/openmetrics-text") != std::string_view::npos;
  return is_open ? status::MetricFormat::OpenMetrics : status::MetricFormat::Prometheus;
}

status::MetricFacts metric_facts(const Runtime& runtime) {
  status::MetricFacts facts{{domain_statuses(runtime), stapling_statuses(runtime)}, {}, {}};
  if (runtime.attempts != nullptr) {
    facts.attempts = runtime.attempts->counts();
  }
  for (const auto& domain : runtime.domains) {
    facts.generations.push_back(domain->live.get()->generation());
  }
  return facts;
}

int answer_metrics(request_rec* request) noexcept {
  return guarded(HTTP_INTERNAL_SERVER_ERROR, [&] {
    if (request->handler == nullptr || std::string_view(request->handler) != "md-metrics") {
      return DECLINED;
    }
    if (!is_read_method(request)) {
      return refuse_method(request);
    }
    const Runtime* const runtime = current_runtime();
    const status::MetricFormat format = format_wanted_by(request);
    const std::string body =
        runtime == nullptr ? status::metrics({}, format, TimePoint())
                           : status::metrics(metric_facts(*runtime), format, runtime->clock.now());
    return send_document(request, status::content_type_of(format).data(), body);
  });
}

}  // namespace

void register_server_status_hooks() {
  ap_hook_handler(answer_metrics, nullptr, nullptr, APR_HOOK_MIDDLE);
  APR_OPTIONAL_HOOK(ap, status_hook, add_sections, nullptr, nullptr, APR_HOOK_MIDDLE);
}

}  // namespace md::httpd
