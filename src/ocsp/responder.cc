// SPDX-License-Identifier: Apache-2.0
#include "ocsp/responder.h"

#include <fmt/format.h>

#include <string>

#include "base/base64.h"
#include "base/text.h"

namespace md::ocsp {
namespace {

using http::Request;

// RFC 5019 §5: longer ones are not worth a cache's while.
constexpr std::size_t kLongestGet = 255;

http::Limits limits() {
  http::Limits limits;
  limits.connect = std::chrono::seconds(10);
  limits.stall = std::chrono::seconds(10);
  limits.whole = std::chrono::seconds(30);
  limits.body = crypto::kMaxOcspAnswer;
  return limits;
}

/// What base64 has beside letters and digits means something else in a URL (RFC 6960 §A.1).
std::string url_with(const std::string& responder, const Bytes& question) {
  std::string url = responder;
  if (!url.ends_with('/')) {
    url += '/';
  }
  for (const char c : encode_base64(question)) {
    switch (c) {
      case '+':
        url += "%2B";
        break;
      case '/':
        url += "%2F";
        break;
      case '=':
        url += "%3D";
        break;
      default:
        url += c;
    }
  }
  return url;
}

Request post(const std::string& responder, const Bytes& question) {
  Request request;
  request.method = Request::Method::Post;
  request.url = responder;
  request.headers.add("Content-Type", "application/ocsp-request");
  request.body.assign(question.begin(), question.end());
  return request;
}

bool refuses_get(const http::Response& response) {
  return response.status == 400 || response.status == 404 || response.status == 405 ||
         response.status == 414 || response.status == 501;
}

Result<http::Response> send(const std::string& responder, const Bytes& question,
                            http::Client& client, const http::Route& route, const Waiter& waiter) {
  Request request;
  request.url = url_with(responder, question);
  const bool can_get = request.url.size() <= kLongestGet;
  if (!can_get) {
    request = post(responder, question);
  }
  request.route = route;
  request.limits = limits();
  request.headers.add("Accept", "application/ocsp-response");
  auto response = client.send(request, waiter);
  if (!can_get || !response || !refuses_get(*response)) {
    return response;
  }
  Request again = post(responder, question);
  again.route = route;
  again.limits = limits();
  again.headers.add("Accept", "application/ocsp-response");
  return client.send(again, waiter);
}

Result<crypto::OcspAnswer> ask(const Subject& subject, http::Client& client,
                               const http::Route& route, const Clock& clock, const Waiter& waiter) {
  MD_ASSIGN_OR_RETURN(const Bytes question,
                      crypto::make_ocsp_request(subject.certificate, subject.issuer));
  MD_ASSIGN_OR_RETURN(const http::Response response,
                      send(subject.responder_url, question, client, route, waiter));
  const TimePoint now = clock.now();
  if (response.status != 200) {
    Error error = fail(ErrorKind::Rejected, fmt::format("it answers {}: {}", response.status,
                                                        printable(response.body, 200)));
    error.retry_after = response.retry_after(now);
    return error;
  }
  return crypto::check_ocsp_answer(as_bytes(response.body), subject.certificate, subject.issuer,
                                   now);
}

}  // namespace

Result<crypto::OcspAnswer> ask_responder(const Subject& subject, http::Client& client,
                                         const http::Route& route, const Clock& clock,
                                         const Waiter& waiter) {
  MD_ASSIGN_OR_RETURN_CONTEXT(
      crypto::OcspAnswer answer, ask(subject, client, route, clock, waiter),
      fmt::format("ask the OCSP responder {}", printable(subject.responder_url)));
  return answer;
}

}  // namespace md::ocsp
