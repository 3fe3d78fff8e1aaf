// SPDX-License-Identifier: Apache-2.0
#include "httpd/certificate_loader.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/signals_blocked.h"
#include "httpd/guard.h"
#include "httpd/thread_setup.h"

namespace md::httpd {
namespace {

// How soon children notice an activation. A look costs one read of shared memory.
constexpr std::chrono::milliseconds kLookInterval{100};
// What could not be loaded (no descriptor left, say) is tried again.
constexpr std::chrono::seconds kRetryInterval{10};

}  // namespace

void CertificateLoader::start() {
  if (runtime_.generations == nullptr) {
    return;
  }
  load_changed();
  const SignalsBlocked blocked;
  thread_ = std::thread([this] {
    prepare_thread("md-loader");
    guarded([this] { watch(); });
  });
}

void CertificateLoader::join() {
  if (thread_.joinable()) {
    thread_.join();
  }
}

void CertificateLoader::watch() {
  while (stop_.wait_for(kLookInterval)) {
    guarded([this] { load_changed(); });
  }
}

void CertificateLoader::load_changed() {
  // Read before the slots: a bump in between is seen again at the next look.
  const std::uint64_t epoch = runtime_.generations->epoch();
  if (epoch == epoch_) {
    return;
  }
  if (runtime_.clock.now() < not_before_) {
    return;
  }
  bool all = true;
  for (std::size_t slot = 0; slot < runtime_.domains.size(); ++slot) {
    const std::uint64_t generation = runtime_.generations->generation(slot);
    if (generation != runtime_.domains[slot]->live.get()->generation()) {
      all = load(slot, generation) && all;
    }
  }
  if (all) {
    epoch_ = epoch;
  } else {
    not_before_ = runtime_.clock.now() + kRetryInterval;
  }
}

Result<std::shared_ptr<const LiveSet>> CertificateLoader::open(const std::string& file,
                                                               const std::string& name,
                                                               std::size_t slot,
                                                               std::uint64_t generation) const {
  MD_ASSIGN_OR_RETURN(const std::string sealed, runtime_.store->load_at_root(file));
  MD_ASSIGN_OR_RETURN(auto set, store::open_bundle(as_bytes(sealed), name, runtime_.bundle_key));
  return LiveSet::activated(std::move(set), generation, runtime_.generations->activated_at(slot));
}

bool CertificateLoader::load(std::size_t slot, std::uint64_t generation) {
  DomainRuntime& domain = *runtime_.domains[slot];
  const std::string& name = domain.domain.name;
  const std::string file = fmt::format("served/{}.bundle", name);
  auto live = open(file, name, slot, generation);
  if (live && !std::ranges::all_of(domain.tls_hosts,
                                   [&](const auto& host) { return (*live)->fits(*host); })) {
    live = fail(ErrorKind::Crypto, "the TLS settings of a host do not allow these certificates");
  }
  if (!live) {
    runtime_.logger.error(
        {}, fmt::format("load the certificates of {} that went live, {}: {}; those before are "
                        "served for now",
                        name, file, live.error().message));
    return false;
  }
  domain.live.set(std::move(*live));
  runtime_.logger.debug(fmt::format("{}: generation {} is served now", name, generation));
  return true;
}

}  // namespace md::httpd
