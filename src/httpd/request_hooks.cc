// SPDX-License-Identifier: Apache-2.0
#include "httpd/request_hooks.h"

#include <fmt/format.h>

#include <algorithm>
#include <string>
#include <string_view>

#include "httpd/certificate_status.h"
#include "httpd/challenges.h"
#include "httpd/guard.h"
#include "httpd/requests.h"
#include "httpd/runtime.h"
#include "httpd/status_documents.h"

namespace md::httpd {
namespace {

constexpr std::string_view kChallengePath = "/.well-known/acme-challenge/";  // RFC 8555 §8.3

bool has_name(const model::ManagedDomain& domain, std::string_view host) {
  const auto name = model::DnsName::parse(host);
  return name && std::find(domain.names.begin(), domain.names.end(), *name) != domain.names.end();
}

/// Would this host answer http-01 challenges, if there was one? Then an unknown token is a 404 of
/// ours; otherwise other handlers may know the path (an ACME client in the back-end, say). A
/// wildcard is validated by dns-01 alone, so the names that only it covers have no challenge.
bool answers_http01(const DomainRuntime* found, const request_rec* request) {
  if (found == nullptr || found->domain.is_static() ||
      found->domain.settings.renew_mode == model::RenewMode::Manual ||
      !has_name(found->domain, host_of(request))) {
    return false;
  }
  const model::ChallengeList& challenges = found->domain.settings.challenges;
  return challenges.empty() || challenges.has(model::ChallengeType::Http01);
}

int answer_http01(const Runtime& runtime, request_rec* request, std::string_view token) {
  auto answer = load_http_answer(runtime, host_of(request), token);
  if (!answer) {
    ap_log_rerror(APLOG_MARK, APLOG_ERR, 0, request, "AH10081: http-01 challenge for %s: %s",
                  request->hostname, answer.error().message.c_str());
    return HTTP_INTERNAL_SERVER_ERROR;
  }
  if (!*answer && !answers_http01(domain_asked_for(runtime, request), request)) {
    return DECLINED;
  }
  if (!is_read_method(request)) {
    return refuse_method(request);
  }
  if (!*answer) {
    return HTTP_NOT_FOUND;
  }
  return send_document(request, "text/plain", **answer);
}

/// Is the name that is asked for one of the virtual host's? Else it is there as the default host.
bool is_of_its_host(request_rec* request) {
  return request->hostname != nullptr &&
         ap_matches_request_vhost(request, request->hostname, request->server->port) != 0;
}

/// A host whose certificate has not arrived: TLS works with a fallback, but nothing is served that
/// a client could take for the real site. Who asks for another name does not ask for that site.
bool waits_for_certificate(const Runtime& runtime, request_rec* request) {
  if (request->prev != nullptr || request->main != nullptr ||
      ap_ssl_conn_is_ssl(request->connection) == 0) {
    return false;
  }
  return runtime.depends_on_domain(request->server) && is_of_its_host(request) &&
         !runtime.current_set(*runtime.find_by_host(request->server))->has_certificate();
}

/// Quick handlers run before any module maps, rewrites, proxies or authorises a request.
int answer_first(request_rec* request, int lookup) noexcept {
  return guarded(DECLINED, [&] {
    const Runtime* const runtime = current_runtime();
    if (lookup != 0 || runtime == nullptr || request->uri == nullptr) {
      return DECLINED;
    }
    const std::string_view path(request->uri);
    if (path.starts_with(kChallengePath)) {
      return answer_http01(*runtime, request, path.substr(kChallengePath.size()));
    }
    if (asks_for_certificate_status(request)) {
      return DECLINED;
    }
    return waits_for_certificate(*runtime, request) ? HTTP_SERVICE_UNAVAILABLE : DECLINED;
  });
}

int md_status(request_rec* request) noexcept {
  return guarded(HTTP_INTERNAL_SERVER_ERROR, [&] {
    if (request->handler == nullptr || std::string_view(request->handler) != "md-status") {
      return DECLINED;
    }
    if (!is_read_method(request)) {
      return refuse_method(request);
    }
    const Runtime* const runtime = current_runtime();
    std::string_view name(request->path_info == nullptr ? "" : request->path_info);
    name.remove_prefix(std::min(name.find_first_not_of('/'), name.size()));
    const auto document = md_status_document(runtime, name);
    if (!document) {
      request->status = HTTP_NOT_FOUND;
      return send_document(request, "application/json", document.error().message);
    }
    return send_document(request, "application/json", *document);
  });
}

}  // namespace

void register_request_hooks() {
  ap_hook_quick_handler(answer_first, nullptr, nullptr, APR_HOOK_REALLY_FIRST);
  ap_hook_handler(md_status, nullptr, nullptr, APR_HOOK_MIDDLE);
}

}  // namespace md::httpd
