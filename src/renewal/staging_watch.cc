// SPDX-License-Identifier: Apache-2.0
#include "renewal/staging_watch.h"

namespace md::renewal {
namespace {

using std::chrono::nanoseconds;
using std::chrono::seconds;

// File systems tell times in steps of up to this.
constexpr seconds kCoarsest{2};
constexpr seconds kFullLookInterval{60};

}  // namespace

std::vector<std::size_t> StagingWatch::changed(TimePoint now) {
  const bool is_full = !last_full_look_ || now - *last_full_look_ >= kFullLookInterval;
  if (is_full || now < *last_full_look_) {
    last_full_look_ = now;
  }
  const std::int64_t recent =
      std::chrono::duration_cast<nanoseconds>((now - kCoarsest).time_since_epoch()).count();
  const auto times = store_.change_times(store::Group::Staging, domains_);
  std::vector<std::size_t> changed;
  for (std::size_t i = 0; i < domains_.size(); ++i) {
    const bool is_there = times[i] != 0;
    if (is_there && (is_full || times[i] != seen_[i] || times[i] >= recent)) {
      changed.push_back(i);
    }
    seen_[i] = times[i];
  }
  return changed;
}

}  // namespace md::renewal
