// SPDX-License-Identifier: Apache-2.0
#include "renewal/ca_holds.h"

#include <algorithm>
#include <set>
#include <string_view>

#include "base/text.h"

namespace md::renewal {
namespace {

constexpr int kTooManyRequests = 429;
constexpr int kUnavailable = 503;
constexpr std::string_view kNameCharacters = "abcdefghijklmnopqrstuvwxyz0123456789-_.*";

/// The names and the domains that they belong to, without top level ones: rate limits go by
/// registered domains ("too many certificates already issued for \"example.org\"").
std::set<std::string> names_and_parents(const model::ManagedDomain& domain) {
  std::set<std::string> all;
  for (const model::DnsName& name : domain.names) {
    std::string rest = name.text();
    while (rest.find('.') != std::string::npos) {
      all.insert(rest);
      rest.erase(0, rest.find('.') + 1);
    }
  }
  return all;
}

bool mentions_one_of(std::string_view words, const std::set<std::string>& names) {
  const std::string lower = to_lower(words);
  std::size_t start = lower.find_first_of(kNameCharacters);
  while (start != std::string::npos) {
    const std::size_t end = std::min(lower.find_first_not_of(kNameCharacters, start), lower.size());
    std::string word = lower.substr(start, end - start);
    while (word.ends_with('.')) {
      word.pop_back();
    }
    if (names.contains(word)) {
      return true;
    }
    start = lower.find_first_of(kNameCharacters, end);
  }
  return false;
}

bool names_identifiers_of(const Problem& problem, const model::ManagedDomain& domain) {
  const std::set<std::string> names = names_and_parents(domain);
  return mentions_one_of(problem.detail, names) ||
         std::any_of(
             problem.subproblems.begin(), problem.subproblems.end(), [&](const Subproblem& one) {
               return mentions_one_of(one.identifier, names) || mentions_one_of(one.detail, names);
             });
}

}  // namespace

void CaHolds::note(const std::string& ca_url, TimePoint until, TimePoint now) {
  const TimePoint bounded = std::min<TimePoint>(until, now + kLongestHold);
  const std::lock_guard lock(mutex_);
  TimePoint& hold = holds_[ca_url];
  hold = std::max(hold, bounded);
}

std::optional<TimePoint> CaHolds::held_until(const std::string& ca_url, TimePoint now) {
  const std::lock_guard lock(mutex_);
  const auto found = holds_.find(ca_url);
  if (found == holds_.end()) {
    return std::nullopt;
  }
  // One too far away was noted before the clock was set back (PM-07).
  if (found->second <= now || found->second > now + kLongestHold) {
    holds_.erase(found);
    return std::nullopt;
  }
  return found->second;
}

std::optional<Duration> hold_for_all(const Error& error, const model::ManagedDomain& domain) {
  const int status = error.problem ? error.problem->status : 0;
  const bool is_of_the_ca =
      error.kind == ErrorKind::RateLimited || status == kTooManyRequests || status == kUnavailable;
  if (!is_of_the_ca || !error.retry_after || *error.retry_after <= Duration(0) ||
      (error.problem && names_identifiers_of(*error.problem, domain))) {
    return std::nullopt;
  }
  return std::min<Duration>(*error.retry_after, CaHolds::kLongestHold);
}

}  // namespace md::renewal
