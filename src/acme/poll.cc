// SPDX-License-Identifier: Apache-2.0
#include "acme/poll.h"

namespace md::acme {
namespace {

constexpr unsigned kForgivenFailures = 2;

}  // namespace

std::optional<std::chrono::milliseconds> PollPlan::next(TimePoint now,
                                                        std::optional<std::chrono::seconds> asked) {
  const auto left = std::chrono::floor<std::chrono::milliseconds>(deadline_ - now);
  if (left.count() <= 0) {
    return std::nullopt;
  }
  if (asked && asked->count() > 0) {
    return *asked <= left ? std::optional<std::chrono::milliseconds>(*asked) : std::nullopt;
  }
  const auto pause = std::min(pause_, left);
  pause_ = std::min(pause_ * 3 / 2, kLongestPause);
  return pause;
}

bool PollPlan::forgives(const Error& error) {
  const bool may_pass = error.kind == ErrorKind::Network || error.kind == ErrorKind::Timeout ||
                        error.kind == ErrorKind::RateLimited ||
                        (error.problem && error.problem->status >= 500);
  return may_pass && ++failures_ <= kForgivenFailures;
}

Status pause_for(Connection& connection, std::chrono::milliseconds pause, const std::string& what) {
  if (!connection.waiter.wait_for(pause)) {
    return fail(ErrorKind::Stopped, what + ": the server is stopping");
  }
  return {};
}

}  // namespace md::acme
