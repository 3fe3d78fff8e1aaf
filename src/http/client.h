// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "base/waiter.h"

namespace md::http {

/// Header fields in the order they came; names compare without case (RFC 9110 §5.1).
class Headers {
 public:
  void add(std::string name, std::string value);
  [[nodiscard]] std::optional<std::string> find(std::string_view name) const;
  [[nodiscard]] std::vector<std::string> find_all(std::string_view name) const;
  [[nodiscard]] const std::vector<std::pair<std::string, std::string>>& all() const {
    return fields_;
  }

 private:
  std::vector<std::pair<std::string, std::string>> fields_;
};

/// Limits of one request. A CA or responder that keeps within none of them is cut off.
struct Limits {
  std::chrono::milliseconds connect{std::chrono::seconds(30)};
  /// Fewer than 10 bytes a second for this long is a stall.
  std::chrono::seconds stall{30};
  std::chrono::milliseconds whole{std::chrono::minutes(2)};
  std::size_t body{std::size_t{1024} * 1024};
};

/// How to reach a peer and whom to trust. Empty strings: the system's way.
struct Route {
  std::string ca_certificate_file;        ///< trust roots of the peer's TLS
  std::string proxy;                      ///< forward proxy, http:// or https://
  std::string proxy_ca_certificate_file;  ///< trust roots of an https proxy
  std::string unix_socket;                ///< connect there instead (tailscale)
};

struct Request {
  enum class Method { Get, Head, Post };
  Method method{Method::Get};
  std::string url;
  Headers headers;
  std::string body;
  Route route;
  Limits limits;
};

struct Response {
  int status{0};
  Headers headers;
  std::string body;
  std::string url;  ///< where it came from, after redirects

  /// Media type without parameters, lower case; empty if none was sent.
  [[nodiscard]] std::string media_type() const;
  /// `Retry-After` as seconds from `now`, for both of its forms (RFC 9110 §10.2.3); never negative.
  [[nodiscard]] std::optional<std::chrono::seconds> retry_after(TimePoint now) const;
  /// Target of the first `Link` with that relation (RFC 8288), not resolved.
  [[nodiscard]] std::vector<std::string> links(std::string_view relation) const;
};

/// Sends requests. An answer of any HTTP status is a value; errors are for those that brought no
/// whole answer: Network (refused, reset, cut off, TLS: the message says which and names the host),
/// Timeout, InvalidInput (URL, body beyond its limit), Stopped; NotFound and Denied, where there is
/// no unix socket or it must not be used.
class Client {
 public:
  virtual ~Client() = default;
  /// Blocks; `waiter` interrupts within 200 ms.
  virtual Result<Response> send(const Request& request, const Waiter& waiter) = 0;
};

}  // namespace md::http
