// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <tuple>

namespace md::fuzz {

inline std::chrono::nanoseconds time_of_this_thread() {
  timespec now{};
  std::ignore = ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return std::chrono::seconds(now.tv_sec) + std::chrono::nanoseconds(now.tv_nsec);
}

/// Runs `target` on an input of that many bytes. What takes longer than `fixed` and a time that
/// grows with the bytes alone is a finding, as a crash is: of several runs the shortest counts,
/// since a machine may have other things to do. The bounds are those of an instrumented build.
template <class Target>
void run_in_linear_time(std::size_t size, std::chrono::nanoseconds fixed, Target target) {
  constexpr std::chrono::nanoseconds kPerByte{5000};
  constexpr int kRuns = 4;
  const std::chrono::nanoseconds limit = fixed + kPerByte * static_cast<long>(size);
  auto shortest = std::chrono::nanoseconds::max();
  for (int run = 0; run < kRuns && shortest > limit; ++run) {
    const auto begun = time_of_this_thread();
    target();
    shortest = std::min(shortest, time_of_this_thread() - begun);
  }
  if (shortest > limit) {
    std::ignore = std::fprintf(stderr, "ERROR: %zu bytes took %lld us, the limit is %lld us\n",
                               size, static_cast<long long>(shortest.count() / 1000),
                               static_cast<long long>(limit.count() / 1000));
    std::abort();
  }
}

}  // namespace md::fuzz
