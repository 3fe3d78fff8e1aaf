// SPDX-License-Identifier: Apache-2.0
#include "renewal/renewer.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "renewal/visit.h"
#include "store/domain_lock.h"

namespace md::renewal {
namespace {

// Somebody else is at work on the domain: another generation of children, most likely.
constexpr std::chrono::seconds kWhileBusy{1};
// There can be no lock (the folder is gone, the disk full): somebody has to do something about it.
constexpr std::chrono::minutes kWithoutLock{1};
// After a reload the old children finish their attempt; what lasts longer is worth a word.
constexpr std::chrono::minutes kLongBusy{1};

}  // namespace

Renewer::Renewer(World world)
    : world_(std::move(world)),
      events_(world_.commands, world_.clock, world_.waiter, world_.logger),
      accounts_(world_.store, world_.store.key(), world_.logger,
                world_.store.path_of(store::kLockFolder), world_.account_key_spec),
      challenge_keys_(world_.store.key()),
      requests_(world_.store, world_.logger),
      advice_(world_) {
  if (world_.external_kids) {
    accounts_.set_external_kids(*world_.external_kids);
  }
}

Renewer::~Renewer() = default;

TimePoint Renewer::check(const model::ManagedDomain& domain, http::Client& http_client) {
  const auto lock = store::try_lock_domain(world_.store, domain.name);
  if (!lock) {
    if (lock.error().kind == ErrorKind::Busy) {
      note_busy(domain.name);
      return world_.clock.now() + kWhileBusy;
    }
    world_.logger.error({}, fmt::format("{}: not looked after, since there is no lock: {}",
                                        domain.name, lock.error().message));
    return world_.clock.now() + kWithoutLock;
  }
  {
    const std::lock_guard guard(mutex_);
    busy_since_.erase(domain.name);
  }
  Visit visit(
      {world_, events_, accounts_, challenge_keys_, requests_, advice_, holds_, http_client,
       [this](const std::string& ca_url) -> acme::NoncePool& { return nonces_for(ca_url); }},
      domain, take_unsaved(domain.name));
  const TimePoint next = visit.run();
  if (auto job = visit.unsaved_job()) {
    const std::lock_guard guard(mutex_);
    unsaved_jobs_.insert_or_assign(domain.name, std::move(*job));
  }
  return next;
}

void Renewer::note_busy(const std::string& domain_name) {
  const TimePoint now = world_.clock.now();
  const std::lock_guard guard(mutex_);
  auto& since = busy_since_.try_emplace(domain_name, now).first->second;
  if (since && now - *since >= kLongBusy) {
    world_.logger.warning(
        {},
        fmt::format("{}: another process has held its lock for {} s, and it is not looked after "
                    "meanwhile: see who has {} open",
                    domain_name, std::chrono::floor<std::chrono::seconds>(now - *since).count(),
                    world_.store.path_of(store::kLockFolder).string()));
    since.reset();
  }
}

std::optional<model::Job> Renewer::take_unsaved(const std::string& domain_name) {
  const std::lock_guard guard(mutex_);
  const auto found = unsaved_jobs_.find(domain_name);
  if (found == unsaved_jobs_.end()) {
    return std::nullopt;
  }
  model::Job job = std::move(found->second);
  unsaved_jobs_.erase(found);
  return job;
}

acme::NoncePool& Renewer::nonces_for(const std::string& ca_url) {
  const std::lock_guard guard(mutex_);
  auto& pool = nonces_[ca_url];
  if (!pool) {
    pool = std::make_unique<acme::NoncePool>();
  }
  return *pool;
}

}  // namespace md::renewal
