// SPDX-License-Identifier: Apache-2.0
#include "http/curl_error.h"

#include <fmt/format.h>

#include "base/text.h"
#include "http/url.h"

namespace md::http {
namespace {

/// CURLE_TOO_LARGE, since libcurl 8.6: a header line beyond its bounds, where older ones have no
/// memory left, without a word; or, with words, more lines than it takes.
constexpr int kTooLarge = 100;

std::string_view name_of(Request::Method method) {
  switch (method) {
    case Request::Method::Get:
      return "GET";
    case Request::Method::Head:
      return "HEAD";
    case Request::Method::Post:
      return "POST";
  }
  return "";
}

/// " by proxy <host:port>"; empty: there is none. Not the whole URL of it: it may hold a password.
std::string describe_detour(const Request& request) {
  if (request.route.proxy.empty()) {
    return "";
  }
  const auto proxy = parse_url(request.route.proxy);
  return fmt::format(" by proxy {}", proxy ? proxy->authority() : "as configured");
}

std::string describe_peer(const Request& request, const std::string& url) {
  if (!request.route.unix_socket.empty()) {
    return request.route.unix_socket;
  }
  const auto target = parse_url(url);
  return (target ? target->authority() : printable(url)) + describe_detour(request);
}

/// What libcurl says, in one line. A proxy's URL that it cannot use it quotes, with the password.
std::string words_of(std::string_view words, CURLcode code, const Route& route) {
  const bool may_quote_password =
      route.proxy.find('@') != std::string::npos && words.find('\'') != std::string_view::npos;
  if (may_quote_password) {
    return "the URL of the proxy cannot be used";
  }
  return words.empty() ? curl_easy_strerror(code) : printable(words);
}

/// libcurl's code for a transfer that failed, as an error of ours.
class Diagnosis {
 public:
  Diagnosis(const Request& request, CURL* easy, CURLcode code, std::string_view words)
      : request_(request),
        easy_(easy),
        code_(code),
        url_(url_in_use(easy)),
        words_(words_of(words, code, request.route)),
        is_too_large_(static_cast<int>(code) == kTooLarge),
        has_own_words_(!words.empty()) {}

  [[nodiscard]] Error error() const {
    if (is_too_large_ && has_own_words_) {
      return fail(ErrorKind::InvalidInput,
                  fmt::format("{}: the header is longer than libcurl takes: {}", describe(request_),
                              words_));
    }
    switch (code_) {
      case CURLE_COULDNT_RESOLVE_HOST:
      case CURLE_COULDNT_RESOLVE_PROXY:
        return network(fmt::format("look up {}: {}", describe_peer(request_, url_), words_));
      case CURLE_COULDNT_CONNECT:
        return could_not_connect();
      case CURLE_OPERATION_TIMEDOUT:
        return fail(ErrorKind::Timeout, fmt::format("{}{}: {}", describe(request_),
                                                    describe_detour(request_), time_out()));
      case CURLE_SSL_CONNECT_ERROR:
      case CURLE_SSL_CERTPROBLEM:
      case CURLE_SSL_CIPHER:
      case CURLE_SSL_ISSUER_ERROR:
      case CURLE_PEER_FAILED_VERIFICATION:
        return network(fmt::format("TLS with {}: {}", describe_peer(request_, url_), words_));
      case CURLE_SSL_CACERT_BADFILE:
        return fail(ErrorKind::InvalidInput,
                    fmt::format("TLS with {}: {}{}", describe_peer(request_, url_), words_,
                                request_.route.ca_certificate_file.empty()
                                    ? "; the system's trust roots are not installed (on Debian: "
                                      "package ca-certificates)"
                                    : ""));
      case CURLE_FAILED_INIT:
      case CURLE_BAD_FUNCTION_ARGUMENT:
      case CURLE_UNKNOWN_OPTION:
      case CURLE_NOT_BUILT_IN:
        return fail(ErrorKind::Internal, fmt::format("{}: {}", describe(request_), words_));
      default:
        return network(
            fmt::format("{}{}: {}", describe(request_), describe_detour(request_), other_reason()));
    }
  }

 private:
  static Error network(std::string message) { return fail(ErrorKind::Network, std::move(message)); }
  // The system's word for a connection that failed is clearer than libcurl's.
  [[nodiscard]] Error could_not_connect() const {
    const std::string attempted = fmt::format("connect to {}", describe_peer(request_, url_));
    long os_error = 0;
    if (curl_easy_getinfo(easy_, CURLINFO_OS_ERRNO, &os_error) != CURLE_OK || os_error == 0) {
      return network(fmt::format("{}: {}", attempted, words_));
    }
    Error error = fail_errno(static_cast<int>(os_error), attempted);
    const bool is_file = !request_.route.unix_socket.empty() &&
                         (error.kind == ErrorKind::NotFound || error.kind == ErrorKind::Denied);
    error.kind = is_file ? error.kind : ErrorKind::Network;
    return error;
  }
  // Of a stall libcurl says how fast the answer came, but not how much of it.
  [[nodiscard]] std::string time_out() const {
    curl_off_t came = 0;
    const bool told = words_.find("received") != std::string::npos ||
                      curl_easy_getinfo(easy_, CURLINFO_SIZE_DOWNLOAD_T, &came) != CURLE_OK;
    return told ? words_ : fmt::format("{}; {} bytes of the answer had come", words_, came);
  }
  [[nodiscard]] std::string other_reason() const {
    const bool redirected = url_ != request_.url;
    if (code_ == CURLE_TOO_MANY_REDIRECTS) {
      return fmt::format("more than {} redirects, the last one to {}", kMaxRedirects,
                         printable(url_));
    }
    if (redirected && (code_ == CURLE_UNSUPPORTED_PROTOCOL || code_ == CURLE_URL_MALFORMAT)) {
      return fmt::format("a redirect to {} is not followed", printable(url_));
    }
    if (code_ == CURLE_OUT_OF_MEMORY || is_too_large_) {
      return "a header line without end, or no memory left";
    }
    return words_;
  }

  const Request& request_;
  CURL* easy_;
  CURLcode code_;
  std::string url_;
  std::string words_;
  bool is_too_large_;
  bool has_own_words_;
};

}  // namespace

std::string describe(const Request& request) {
  return fmt::format("{} {}", name_of(request.method), printable(request.url));
}

std::string url_in_use(CURL* easy) {
  const char* url = nullptr;
  const CURLcode code = curl_easy_getinfo(easy, CURLINFO_EFFECTIVE_URL, &url);
  return code == CURLE_OK && url != nullptr ? url : "";
}

Error curl_error(const Request& request, CURL* easy, CURLcode code, std::string_view words) {
  return Diagnosis(request, easy, code, words).error();
}

}  // namespace md::http
