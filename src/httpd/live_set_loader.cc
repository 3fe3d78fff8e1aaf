// SPDX-License-Identifier: Apache-2.0
#include "httpd/live_set_loader.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <utility>

#include "httpd/runtime.h"

namespace md::httpd {
namespace {

constexpr std::chrono::seconds kFirstRetry{1};
constexpr std::chrono::minutes kLongestRetry{1};
// Thousands of certificates have a few issuers. A CA that names a new one each time fills no
// memory.
constexpr std::size_t kMostIssuers = 64;

}  // namespace

LiveSetLoader::LiveSetLoader(Runtime& runtime)
    : runtime_(runtime), delays_(kFirstRetry, kLongestRetry, runtime.random) {}

bool LiveSetLoader::is_current(const DomainRuntime& domain, const LiveSet& live) const {
  return live.generation() == runtime_.generations->generation(domain.position);
}

std::shared_ptr<const LiveSet> LiveSetLoader::for_handshake(DomainRuntime& domain) {
  auto live = domain.live.get();
  const bool has_keys = live->has_keys();
  if (is_current(domain, *live) && (has_keys || live->generation() == 0)) {
    return live;
  }
  std::unique_lock lock(mutex_, std::defer_lock);
  // A handshake that has keys to go on with does not wait for another domain's file.
  if (has_keys ? !lock.try_lock() : (lock.lock(), false)) {
    return live;
  }
  load(domain, /*with_keys=*/true);
  return domain.live.get();
}

bool LiveSetLoader::follow(DomainRuntime& domain) {
  if (is_current(domain, *domain.live.get())) {
    return true;
  }
  const std::lock_guard lock(mutex_);
  load(domain, domain.live.get()->has_keys());
  return is_current(domain, *domain.live.get());
}

void LiveSetLoader::load(DomainRuntime& domain, bool with_keys) {
  const std::uint64_t generation = runtime_.generations->generation(domain.position);
  const auto before = domain.live.get();
  const bool has_all = before->generation() == generation && (before->has_keys() || !with_keys);
  if (const auto failed = failed_.find(&domain);
      failed != failed_.end() && failed->second != generation) {
    delays_.succeeded(&domain);  // it was another set that could not be loaded
  }
  if (has_all || delays_.is_waiting(&domain, std::chrono::steady_clock::now())) {
    return;
  }
  auto live = open(domain, generation);
  if (!live) {
    failed_[&domain] = generation;
    return note_failure(domain, live.error());
  }
  delays_.succeeded(&domain);
  failed_.erase(&domain);
  const bool is_stapled = runtime_.stapling != nullptr && runtime_.stapling->wants(domain);
  domain.live.set(with_keys ? *std::move(live) : (*live)->without_keys(is_stapled));
  runtime_.logger.debug(
      fmt::format("{}: generation {} is served now", domain.domain.name, generation));
}

Result<std::shared_ptr<const LiveSet>> LiveSetLoader::open(const DomainRuntime& domain,
                                                           std::uint64_t generation) {
  MD_ASSIGN_OR_RETURN(auto set, runtime_.bundles->load(domain.domain.name));
  share_issuers(set);
  MD_ASSIGN_OR_RETURN(auto live,
                      LiveSet::activated(std::move(set), generation,
                                         runtime_.generations->activated_at(domain.position)));
  if (!std::ranges::all_of(domain.tls_hosts, [&](const auto& host) { return live->fits(*host); })) {
    return fail(ErrorKind::Crypto, "the TLS settings of a host do not allow these certificates");
  }
  return live;
}

void LiveSetLoader::share_issuers(store::ServedSet& set) {
  if (issuers_.size() > kMostIssuers) {
    issuers_.clear();
  }
  for (store::KeyedChain& keyed : set) {
    for (std::size_t i = 1; i < keyed.chain.size(); ++i) {
      crypto::Certificate& issuer = keyed.chain[i];
      issuer = issuers_.try_emplace(issuer.sha256_fingerprint(), issuer).first->second;
    }
  }
}

void LiveSetLoader::note_failure(const DomainRuntime& domain, const Error& error) {
  const auto delay = delays_.failed(&domain, std::chrono::steady_clock::now());
  runtime_.logger.log(
      delays_.is_worth_telling(&domain) ? LogLevel::Error : LogLevel::Debug, {},
      fmt::format("{}: cannot load the new certificates from {}: {}; the previous ones are still "
                  "served, the next attempt follows in {} s",
                  domain.domain.name, runtime_.bundles->path_of(domain.domain.name), error.message,
                  std::chrono::ceil<std::chrono::seconds>(delay).count()));
}

}  // namespace md::httpd
