// SPDX-License-Identifier: Apache-2.0
#include "httpd/stapling_loader.h"

#include "base/signals_blocked.h"
#include "httpd/guard.h"
#include "httpd/thread_setup.h"

namespace md::httpd {
namespace {

// How soon children notice. A look costs two reads of shared memory.
constexpr std::chrono::milliseconds kLookInterval{100};
constexpr std::chrono::seconds kRetryInterval{10};

}  // namespace

void StaplingLoader::start() {
  if (runtime_.stapling == nullptr) {
    return;
  }
  loaded_.resize(runtime_.stapling->slots().size());
  load_changed();
  const SignalsBlocked blocked;
  thread_ = std::thread([this] {
    prepare_thread("md-stapling");
    guarded([this] { watch(); });
  });
}

void StaplingLoader::join() {
  if (thread_.joinable()) {
    thread_.join();
  }
}

void StaplingLoader::watch() {
  while (stop_.wait_for(kLookInterval)) {
    guarded([this] { load_changed(); });
  }
}

std::uint64_t StaplingLoader::live_epoch() const {
  return runtime_.generations != nullptr ? runtime_.generations->epoch() : 0;
}

void StaplingLoader::load_changed() {
  // Read before the slots: a change in between is seen again at the next look.
  const std::uint64_t epoch = runtime_.stapling->changes().epoch();
  const std::uint64_t live = live_epoch();
  if ((epoch == epoch_ && live == live_epoch_) || runtime_.clock.now() < not_before_) {
    return;
  }
  disk_works_ = true;
  bool any = false;
  for (std::size_t slot = 0; slot < loaded_.size(); ++slot) {
    const std::uint64_t generation = runtime_.stapling->changes().generation(slot);
    if (has_changed(slot, generation)) {
      load(slot, generation);
      any = true;
    }
  }
  if (any) {
    runtime_.stapling->publish();
  }
  if (!disk_works_) {
    not_before_ = runtime_.clock.now() + kRetryInterval;
    return;
  }
  epoch_ = epoch;
  if (follows_all_live_sets()) {
    live_epoch_ = live;
  }
}

bool StaplingLoader::has_changed(std::size_t slot, std::uint64_t generation) const {
  const StapleSlot& place = *runtime_.stapling->slots()[slot];
  if (generation != loaded_[slot]) {
    return true;
  }
  return place.domain && runtime_.domains[*place.domain]->live.get()->generation() !=
                             place.state.get()->live_generation;
}

/// The certificate loader is another thread, and may come after us.
bool StaplingLoader::follows_all_live_sets() const {
  for (std::size_t i = 0; runtime_.generations != nullptr && i < runtime_.domains.size(); ++i) {
    if (runtime_.domains[i]->live.get()->generation() != runtime_.generations->generation(i)) {
      return false;
    }
  }
  return true;
}

void StaplingLoader::load(std::size_t slot, std::uint64_t generation) {
  StapleSlot& place = *runtime_.stapling->slots()[slot];
  const auto before = place.state.get();
  if (!runtime_.stapling->load(place)) {
    disk_works_ = false;
    return;
  }
  loaded_[slot] = generation;
  on_change_(slot, *before);
}

}  // namespace md::httpd
