// SPDX-License-Identifier: Apache-2.0
#include "httpd/require_https.h"

#include <fmt/format.h>

#include <string>
#include <string_view>

#include "httpd/certificate_status.h"
#include "httpd/directive_adapter.h"
#include "httpd/guard.h"
#include "httpd/runtime.h"

namespace md::httpd {
namespace {

using model::RequireHttps;

// What lies below is for machines that look for it by http (RFC 8615), a CA among them.
constexpr std::string_view kWellKnown = "/.well-known/";
constexpr const char* kTransportSecurity = "Strict-Transport-Security";  // RFC 6797 §6.1
// Half a year, as mod_md announces it: what a host has once said cannot be taken back sooner.
constexpr const char* kHalfAYear = "max-age=15768000";
constexpr const char* kAddFilter = "MD_ADD_TRANSPORT_SECURITY";
constexpr const char* kDropFilter = "MD_DROP_TRANSPORT_SECURITY";

std::string_view host_of(const request_rec* request) {
  const char* const host =
      request->hostname != nullptr ? request->hostname : request->server->server_hostname;
  return host == nullptr ? std::string_view() : host;
}

/// What holds for this request: the host's managed domain says it, `<If>` knows better. A name that
/// has no domain is left alone, on whatever host it arrives: its https could not be trusted.
RequireHttps requirement_for(const request_rec* request) {
  const Runtime* const runtime = current_runtime();
  const auto name = model::DnsName::parse(host_of(request));
  const DomainRuntime* const domain =
      runtime != nullptr && name ? runtime->find_by_name(*name) : nullptr;
  if (domain == nullptr) {
    return RequireHttps::Off;
  }
  return condition_of(request).require_https.value_or(domain->domain.settings.require_https);
}

bool is_tls(const request_rec* request) {
  return ap_ssl_conn_is_ssl(request->connection) != 0;
}

/// Path and query as the client sent them: nothing is decoded on the way to its next request.
/// Empty for what has none (`*`, CONNECT).
std::string_view target_of(const request_rec* request) {
  std::string_view target(request->unparsed_uri == nullptr ? "" : request->unparsed_uri);
  if (const auto scheme = target.find("://");
      scheme != std::string_view::npos && !target.starts_with('/')) {
    const auto path = target.find('/', scheme + 3);
    target = path == std::string_view::npos ? "/" : target.substr(path);
  }
  while (target.starts_with("//")) {
    target.remove_prefix(1);  // httpd reads several as one
  }
  return target.starts_with('/') ? target : std::string_view();
}

/// Methods but GET and HEAD must not turn into a GET on the way (RFC 9110 §15.4).
int redirect_status(RequireHttps requirement, const request_rec* request) {
  const bool is_read = request->method_number == M_GET;  // HEAD is one with header_only
  if (requirement == RequireHttps::Permanent) {
    return is_read ? HTTP_MOVED_PERMANENTLY : HTTP_PERMANENT_REDIRECT;
  }
  return is_read ? HTTP_MOVED_TEMPORARILY : HTTP_TEMPORARY_REDIRECT;
}

/// Without a port: https is reached at 443, whatever local port that arrives at (MDPortMap).
int redirect(request_rec* request) noexcept {
  return guarded(DECLINED, [&] {
    if (ap_is_initial_req(request) == 0 || is_tls(request)) {
      return DECLINED;
    }
    const std::string_view target = target_of(request);
    if (target.empty() || target.starts_with(kWellKnown) || asks_for_certificate_status(request)) {
      return DECLINED;
    }
    const RequireHttps requirement = requirement_for(request);
    if (requirement == RequireHttps::Off) {
      return DECLINED;
    }
    const std::string location = fmt::format("https://{}{}", host_of(request), target);
    apr_table_set(request->headers_out, "Location", location.c_str());
    return redirect_status(requirement, request);
  });
}

bool has_field(const apr_table_t* table) {
  return apr_table_get(table, kTransportSecurity) != nullptr;
}

/// Before mod_headers' filter, so that `Header set` and `Header unset` have the last word; whatever
/// else made the answer, a back-end say, has said by now what it has to say.
apr_status_t add_transport_security(ap_filter_t* filter, apr_bucket_brigade* brigade) noexcept {
  guarded([&] {
    if (!has_field(filter->r->headers_out) && !has_field(filter->r->err_headers_out)) {
      apr_table_setn(filter->r->headers_out, kTransportSecurity, kHalfAYear);
    }
    ap_remove_output_filter(filter);
  });
  return ap_pass_brigade(filter->next, brigade);
}

/// After mod_headers' filter: `Header always set` writes to another table, and both are sent.
apr_status_t drop_duplicate(ap_filter_t* filter, apr_bucket_brigade* brigade) noexcept {
  guarded([&] {
    if (has_field(filter->r->err_headers_out)) {
      apr_table_unset(filter->r->headers_out, kTransportSecurity);
    }
    ap_remove_output_filter(filter);
  });
  return ap_pass_brigade(filter->next, brigade);
}

void insert_filters(request_rec* request) noexcept {
  guarded([&] {
    if (request->main == nullptr && is_tls(request) &&
        requirement_for(request) == RequireHttps::Permanent) {
      ap_add_output_filter(kAddFilter, nullptr, request, request->connection);
      ap_add_output_filter(kDropFilter, nullptr, request, request->connection);
    }
  });
}

}  // namespace

void register_require_https_hooks() {
  // httpd has merged the `<If>` sections of the host by then, and no module has mapped, rewritten
  // or proxied the request; those inside `<Directory>` are known at the second.
  ap_hook_translate_name(redirect, nullptr, nullptr, APR_HOOK_REALLY_FIRST);
  ap_hook_post_perdir_config(redirect, nullptr, nullptr, APR_HOOK_REALLY_FIRST);
  constexpr auto kBefore = static_cast<ap_filter_type>(AP_FTYPE_CONTENT_SET - 1);
  constexpr auto kAfter = static_cast<ap_filter_type>(AP_FTYPE_CONTENT_SET + 1);
  ap_register_output_filter(kAddFilter, add_transport_security, nullptr, kBefore);
  ap_register_output_filter(kDropFilter, drop_duplicate, nullptr, kAfter);
  // Errors of httpd's own go without, as `Header set` does not reach them either: what it sets on
  // other answers would be contradicted.
  ap_hook_insert_filter(insert_filters, nullptr, nullptr, APR_HOOK_LAST);
}

}  // namespace md::httpd
