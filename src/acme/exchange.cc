// SPDX-License-Identifier: Apache-2.0
#include "acme/exchange.h"

#include <fmt/format.h>

#include "acme/jws.h"
#include "base/text.h"
#include "http/url.h"

namespace md::acme {
namespace {

constexpr unsigned kMaxBadNonces = 9;
constexpr std::string_view kErrorPrefix = "urn:ietf:params:acme:error:";
constexpr std::size_t kExcerpt = 160;

bool is_success(int status) {
  return status >= 200 && status <= 299;
}

bool is_type(const Problem& problem, std::string_view name) {
  return std::string_view(problem.type).starts_with(kErrorPrefix) &&
         std::string_view(problem.type).substr(kErrorPrefix.size()) == name;
}

// Whatever the content type says: a body that is a JSON object is taken for a problem document.
Problem problem_of(const http::Response& response) {
  const std::string_view body = trim(response.body);
  if (body.starts_with('{')) {
    if (const auto document = json::Value::parse(body, "problem")) {
      return parse_problem(*document, response.status);
    }
  }
  Problem problem;
  problem.type = "about:blank";
  problem.detail = printable(body, kExcerpt);
  problem.status = response.status;
  return problem;
}

ErrorKind kind_of(const Problem& problem) {
  if (problem.status == 429 || is_type(problem, "rateLimited")) {
    return ErrorKind::RateLimited;
  }
  if (is_type(problem, "accountDoesNotExist") || is_type(problem, "unauthorized")) {
    return ErrorKind::Denied;
  }
  if (problem.status == 404 || problem.status == 410) {
    return ErrorKind::NotFound;
  }
  if (problem.status < 500 && (is_permanent(problem) || problem.status == 413)) {
    return ErrorKind::Permanent;
  }
  const bool has_acme_type = std::string_view(problem.type).starts_with(kErrorPrefix);
  if ((problem.status == 401 || problem.status == 403) && !has_acme_type) {
    return ErrorKind::Denied;
  }
  return ErrorKind::Rejected;
}

std::string describe(const Problem& problem) {
  std::string text = fmt::format("HTTP status {}", problem.status);
  if (problem.type != "about:blank") {
    text += fmt::format(", {}", problem.type);
  }
  if (!problem.detail.empty()) {
    text += fmt::format(": {}", problem.detail);
  }
  for (const Subproblem& one : problem.subproblems) {
    text += fmt::format("; {} {}: {} ({})", one.identifier_type, one.identifier, one.detail,
                        one.type.empty() ? "no type" : one.type);
  }
  return text;
}

// RFC 8555 §6.5.1: characters of base64url, anything else is to be ignored.
std::optional<std::string> nonce_of(const http::Response& response) {
  constexpr std::string_view kAlphabet =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
  auto nonce = response.headers.find("Replay-Nonce");
  const bool usable =
      nonce && !nonce->empty() && nonce->find_first_not_of(kAlphabet) == std::string::npos;
  return usable ? nonce : std::nullopt;
}

void keep_nonce(Connection& connection, const http::Response& response) {
  if (auto nonce = nonce_of(response)) {
    connection.nonces.put(*std::move(nonce));
  }
}

http::Request a_request(const Connection& connection, http::Request::Method method,
                        const std::string& url) {
  http::Request request;
  request.method = method;
  request.url = url;
  request.route = connection.route;
  return request;
}

Result<http::Response> send(Connection& connection, const http::Request& request) {
  auto response = connection.http.send(request, connection.waiter);
  if (response && response->url.empty()) {
    response->url = request.url;
  }
  return response;
}

Result<std::string> fetch_nonce(Connection& connection, const Directory& directory) {
  const auto request = a_request(connection, http::Request::Method::Head, directory.new_nonce);
  MD_ASSIGN_OR_RETURN_CONTEXT(const http::Response response, send(connection, request),
                              "fetch a nonce");
  if (!is_success(response.status)) {
    return with_context(error_of(response, connection.clock.now()), "fetch a nonce");
  }
  if (auto nonce = nonce_of(response)) {
    return *std::move(nonce);
  }
  return fail(ErrorKind::Corrupt,
              fmt::format("fetch a nonce: {} answers without a Replay-Nonce", directory.new_nonce));
}

Result<std::string> take_nonce(Connection& connection, const Directory& directory) {
  if (auto kept = connection.nonces.take()) {
    return *std::move(kept);
  }
  return fetch_nonce(connection, directory);
}

Error error_with(Problem problem, const http::Response& response, TimePoint now) {
  Error error = fail(kind_of(problem),
                     fmt::format("{} answers {}", printable(response.url), describe(problem)));
  error.problem = std::move(problem);
  error.retry_after = response.retry_after(now);
  return error;
}

}  // namespace

void NoncePool::put(std::string nonce) {
  const std::lock_guard lock(mutex_);
  if (nonces_.size() >= kMaxKept) {
    nonces_.erase(nonces_.begin());
  }
  nonces_.push_back(std::move(nonce));
}

std::optional<std::string> NoncePool::take() {
  const std::lock_guard lock(mutex_);
  if (nonces_.empty()) {
    return std::nullopt;
  }
  std::string newest = std::move(nonces_.back());
  nonces_.pop_back();
  return newest;
}

Error error_of(const http::Response& response, TimePoint now) {
  return error_with(problem_of(response), response, now);
}

Result<http::Response> fetch_plain(Connection& connection, const std::string& url) {
  const auto request = a_request(connection, http::Request::Method::Get, url);
  MD_ASSIGN_OR_RETURN(http::Response response, send(connection, request));
  keep_nonce(connection, response);
  if (!is_success(response.status)) {
    return error_of(response, connection.clock.now());
  }
  return response;
}

Result<http::Response> post_signed(Connection& connection, const Directory& directory,
                                   const Signer& signer, const std::string& url,
                                   std::string_view payload) {
  http::Request request = a_request(connection, http::Request::Method::Post, url);
  request.headers.add("Content-Type", "application/jose+json");
  std::optional<std::string> fresh_nonce;
  for (unsigned bad_nonces = 0;; ++bad_nonces) {
    if (!fresh_nonce) {
      MD_ASSIGN_OR_RETURN(fresh_nonce, take_nonce(connection, directory));
    }
    MD_ASSIGN_OR_RETURN(request.body, make_jws(signer.key, signer.kid, *fresh_nonce, url, payload));
    MD_ASSIGN_OR_RETURN(http::Response response, send(connection, request));
    if (is_success(response.status)) {
      keep_nonce(connection, response);
      return response;
    }
    Problem problem = problem_of(response);
    if (!is_type(problem, "badNonce") || bad_nonces >= kMaxBadNonces) {
      keep_nonce(connection, response);
      return error_with(std::move(problem), response, connection.clock.now());
    }
    // The nonce that came with it, not one from the pool: those may all be as stale.
    fresh_nonce = nonce_of(response);
  }
}

Result<json::Value> json_body(const http::Response& response) {
  return json::Value::parse(response.body,
                            fmt::format("the answer of {}", printable(response.url)));
}

Result<std::string> location_of(const http::Response& response) {
  const auto location = response.headers.find("Location");
  auto url = location ? http::resolve_url(response.url, *location) : std::nullopt;
  if (!url) {
    return fail(ErrorKind::Corrupt, fmt::format("{} answers {} without a Location that is a URL",
                                                printable(response.url), response.status));
  }
  return *std::move(url);
}

}  // namespace md::acme
