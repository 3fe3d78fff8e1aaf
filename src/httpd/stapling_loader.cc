// SPDX-License-Identifier: Apache-2.0
#include "httpd/stapling_loader.h"

#include "httpd/guard.h"
#include "httpd/thread_setup.h"

namespace md::httpd {
namespace {

// How soon children notice. A look costs two reads of shared memory.
constexpr std::chrono::milliseconds kLookInterval{100};
constexpr std::chrono::seconds kFirstRetry{1};
constexpr std::chrono::minutes kLongestRetry{1};
// A new child serves after this time, whatever is left.
constexpr std::chrono::milliseconds kLongestFirstLook{500};

}  // namespace

StaplingLoader::StaplingLoader(Runtime& runtime, StopSignal& stop, OnChange on_change)
    : runtime_(runtime),
      stop_(stop),
      on_change_(std::move(on_change)),
      delays_(kFirstRetry, kLongestRetry, runtime.random) {}

bool StaplingLoader::start() {
  if (runtime_.stapling == nullptr || thread_.joinable()) {
    return true;
  }
  loaded_.resize(runtime_.stapling->slots().size());
  load_changed(std::chrono::steady_clock::now() + kLongestFirstLook);
  return start_thread(thread_, "md-stapling", [this] {
    do {
      guarded([this] { load_changed(SteadyTime::max()); });
    } while (stop_.wait_for(kLookInterval));
  });
}

void StaplingLoader::join() {
  if (thread_.joinable()) {
    thread_.join();
  }
}

std::uint64_t StaplingLoader::live_epoch() const {
  return runtime_.generations != nullptr ? runtime_.generations->epoch() : 0;
}

/// Of the set that the slot's certificate ought to be of.
std::uint64_t StaplingLoader::live_generation(const StapleSlot& place) const {
  return place.domain && runtime_.generations != nullptr
             ? runtime_.generations->generation(*place.domain)
             : 0;
}

void StaplingLoader::load_changed(SteadyTime until) {
  note_changed();
  bool any = false;
  std::erase_if(changed_, [&](std::size_t slot) {
    const SteadyTime now = std::chrono::steady_clock::now();
    any = (now < until && !stop_.stopped() && !delays_.is_waiting(slot, now) && load(slot)) || any;
    return is_current(slot);
  });
  if (any) {
    runtime_.stapling->publish();
  }
}

void StaplingLoader::note_changed() {
  // Read before the slots: a change in between is seen again at the next look.
  const std::uint64_t epoch = runtime_.stapling->changes().epoch();
  const std::uint64_t live = live_epoch();
  if (epoch == epoch_ && live == live_epoch_) {
    return;
  }
  for (std::size_t slot = 0; slot < loaded_.size(); ++slot) {
    if (!is_current(slot)) {
      changed_.insert(slot);
    }
  }
  epoch_ = epoch;
  live_epoch_ = live;
}

bool StaplingLoader::is_current(std::size_t slot) const {
  const StapleSlot& place = *runtime_.stapling->slots()[slot];
  return runtime_.stapling->changes().generation(slot) == loaded_[slot] &&
         live_generation(place) == place.state.get()->live_generation;
}

/// Is anything new known?
bool StaplingLoader::load(std::size_t slot) {
  StapleSlot& place = *runtime_.stapling->slots()[slot];
  const std::uint64_t generation = runtime_.stapling->changes().generation(slot);
  const auto before = place.state.get();
  const std::uint64_t live =
      place.domain ? runtime_.current_set(*runtime_.domains[*place.domain])->generation() : 0;
  if (generation == loaded_[slot] && live == before->live_generation) {
    return false;  // the set that went live cannot be loaded
  }
  if (!runtime_.stapling->load(place)) {
    delays_.failed(slot, std::chrono::steady_clock::now());
    return false;
  }
  delays_.succeeded(slot);
  loaded_[slot] = generation;
  on_change_(slot, *before);
  return true;
}

}  // namespace md::httpd
