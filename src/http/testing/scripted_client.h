// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <deque>
#include <functional>
#include <mutex>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "http/client.h"

namespace md::http::testing {

/// A response in one line: `a_response(200, "{}", {{"Content-Type", "application/json"}})`.
inline Response a_response(int status, std::string body = {},
                           const std::vector<std::pair<std::string, std::string>>& headers = {}) {
  Response response;
  response.status = status;
  response.body = std::move(body);
  for (const auto& [name, value] : headers) {
    response.headers.add(name, value);
  }
  return response;
}

/// Answers from a list, then as `answer` says; keeps the requests. A request that nothing is left
/// for is a Network error. A stopped waiter gets Stopped. Thread-safe, but for `answer`, which is
/// to be set before.
class ScriptedClient final : public Client {
 public:
  Result<Response> send(const Request& request, const Waiter& waiter) override {
    const std::lock_guard lock(mutex_);
    if (waiter.stopped()) {
      return fail(ErrorKind::Stopped, request.url + ": stopped");
    }
    requests_.push_back(request);
    Result<Response> result = next(request);
    if (result && result->url.empty()) {
      result->url = request.url;
    }
    return result;
  }

  /// Appends to the list of answers.
  ScriptedClient& then(Result<Response> response) {
    const std::lock_guard lock(mutex_);
    script_.push_back(std::move(response));
    return *this;
  }

  [[nodiscard]] std::vector<Request> requests() const {
    const std::lock_guard lock(mutex_);
    return requests_;
  }
  [[nodiscard]] std::size_t unused() const {
    const std::lock_guard lock(mutex_);
    return script_.size();
  }

  std::function<Result<Response>(const Request&)> answer;

 private:
  Result<Response> next(const Request& request) {
    if (!script_.empty()) {
      Result<Response> response = std::move(script_.front());
      script_.pop_front();
      return response;
    }
    if (answer) {
      return answer(request);
    }
    return fail(ErrorKind::Network, "connect to " + request.url + ": nothing scripted");
  }

  mutable std::mutex mutex_;
  std::deque<Result<Response>> script_;  // guarded by mutex_
  std::vector<Request> requests_;        // guarded by mutex_
};

}  // namespace md::http::testing
