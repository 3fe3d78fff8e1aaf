// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <bit>
#include <chrono>
#include <unordered_map>

#include "base/growing_delay.h"
#include "base/random.h"

namespace md {

/// When to try again what failed, each key for itself: delays that grow with each failure in a row,
/// by the steady clock, which nobody sets. The caller says what time it is. Thread-compatible.
template <class Key>
class RetryDelays {
 public:
  using Time = std::chrono::steady_clock::time_point;

  RetryDelays(std::chrono::milliseconds first, std::chrono::milliseconds cap, RandomSource& random)
      : first_(first), cap_(cap), random_(random) {}

  /// Is it too early to try?
  [[nodiscard]] bool is_waiting(const Key& key, Time now) const {
    const auto found = entries_.find(key);
    return found != entries_.end() && now < found->second.retry;
  }
  /// Returns how long to wait.
  std::chrono::milliseconds failed(const Key& key, Time now) {
    Entry& entry = entries_[key];
    const auto delay = growing_delay(first_, ++entry.failures, cap_, random_.uniform());
    entry.retry = now + delay;
    return delay;
  }
  void succeeded(const Key& key) { entries_.erase(key); }
  /// Not a failure: it cannot be done yet.
  void postpone(const Key& key, Time until) { entries_[key].retry = until; }

  /// Is the last failure worth an error in the log? The first is, and then ever fewer.
  [[nodiscard]] bool is_worth_telling(const Key& key) const {
    const auto found = entries_.find(key);
    return found != entries_.end() && std::has_single_bit(found->second.failures);
  }

 private:
  struct Entry {
    unsigned failures{0};  // in a row
    Time retry;
  };
  std::chrono::milliseconds first_;
  std::chrono::milliseconds cap_;
  RandomSource& random_;
  std::unordered_map<Key, Entry> entries_;
};

}  // namespace md
