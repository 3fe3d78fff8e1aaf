// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <chrono>
#include <functional>
#include <optional>
#include <string>
#include <utility>

#include "acme/client.h"
#include "base/result.h"

/// Asking a CA again and again until it has made up its mind.
namespace md::acme {

constexpr std::chrono::milliseconds kFirstPause{250};
constexpr std::chrono::milliseconds kLongestPause{5000};

/// Decides how long to pause between polls, and when to give up.
class PollPlan {
 public:
  PollPlan(TimePoint now, std::chrono::milliseconds patience)
      : deadline_(now + patience), pause_(kFirstPause) {}

  /// What the CA asked for, or growing pauses; the last one ends at the deadline. Nullopt: give up,
  /// also where the CA asks to come back after the deadline.
  std::optional<std::chrono::milliseconds> next(TimePoint now,
                                                std::optional<std::chrono::seconds> asked);
  /// May a poll that failed like that be followed by another? Few in a row are forgiven.
  bool forgives(const Error& error);
  void poll_succeeded() { failures_ = 0; }

 private:
  TimePoint deadline_;
  std::chrono::milliseconds pause_;
  unsigned failures_{0};
};

/// What to poll, and what its states mean.
template <class Resource>
struct Poll {
  std::string what;
  std::function<Result<Resource>()> fetch;
  std::function<bool(const Resource&)> is_settled;
  std::function<Error(const Resource&)> still_waiting;  ///< Timeout with state and words
};

/// Pauses as the server's stop allows.
Status pause_for(Connection& connection, std::chrono::milliseconds pause, const std::string& what);

template <class Resource>
Result<Resource> run_poll(Connection& connection, const Poll<Resource>& poll,
                          std::chrono::milliseconds patience) {
  PollPlan plan(connection.clock.now(), patience);
  while (true) {
    Result<Resource> resource = poll.fetch();
    if (resource) {
      plan.poll_succeeded();
    }
    const bool settled = resource ? poll.is_settled(*resource) : !plan.forgives(resource.error());
    if (settled) {
      return resource;
    }
    const auto asked = resource ? resource->retry_after : resource.error().retry_after;
    const auto pause = plan.next(connection.clock.now(), asked);
    if (!pause) {
      Error error = resource ? poll.still_waiting(*resource) : std::move(resource).error();
      error.retry_after = asked;
      return error;
    }
    MD_TRY(pause_for(connection, *pause, poll.what));
  }
}

}  // namespace md::acme
