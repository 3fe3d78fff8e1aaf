// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string>

#include "http/client.h"

namespace md::http {

/// libcurl, initialised for the process. Make one before any thread starts (curl_global_init).
class CurlGlobal {
 public:
  CurlGlobal();
  CurlGlobal(const CurlGlobal&) = delete;
  CurlGlobal& operator=(const CurlGlobal&) = delete;
  ~CurlGlobal();
};

/// The HttpClient over libcurl: TLS is verified, redirects are followed within https only and at
/// most three, connections are kept for the next request to the same host. No option of one
/// request leaks into the next. Thread-compatible: each thread has its own; while it sends, only
/// its waiter may interrupt it.
class CurlClient final : public Client {
 public:
  explicit CurlClient(std::string user_agent);
  CurlClient(const CurlClient&) = delete;
  CurlClient& operator=(const CurlClient&) = delete;
  ~CurlClient() override;

  Result<Response> send(const Request& request, const Waiter& waiter) override;

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace md::http
