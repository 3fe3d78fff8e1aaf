// SPDX-License-Identifier: Apache-2.0
#include "httpd/certificate_loader.h"

#include <fmt/format.h>

#include "httpd/guard.h"
#include "httpd/thread_setup.h"

namespace md::httpd {
namespace {

// How soon children notice an activation. A look costs one read of shared memory.
constexpr std::chrono::milliseconds kLookInterval{100};

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
    load_changed();
  }
}

void CertificateLoader::load_changed() {
  // Read before the slots: a bump in between is seen again at the next look.
  const std::uint64_t epoch = runtime_.generations->epoch();
  if (epoch == epoch_) {
    return;
  }
  for (std::size_t slot = 0; slot < runtime_.domains.size(); ++slot) {
    const std::uint64_t generation = runtime_.generations->generation(slot);
    if (generation != runtime_.domains[slot]->live.get()->generation()) {
      load(slot, generation);
    }
  }
  epoch_ = epoch;
}

void CertificateLoader::load(std::size_t slot, std::uint64_t generation) {
  DomainRuntime& domain = *runtime_.domains[slot];
  const std::string file = fmt::format("served/{}.bundle", domain.domain.name);
  auto sealed = runtime_.store->load_at_root(file);
  if (!sealed) {
    runtime_.logger.error({}, fmt::format("load the certificates of {} that went live: {}; the "
                                          "ones before are served until the next reload",
                                          domain.domain.name, sealed.error().message));
    return;
  }
  auto set = store::open_bundle(as_bytes(*sealed), domain.domain.name, runtime_.bundle_key);
  if (!set) {
    runtime_.logger.error({}, fmt::format("open '{}' of {}: {}; the certificates before are "
                                          "served until the next reload",
                                          file, domain.domain.name, set.error().message));
    return;
  }
  domain.live.set(
      LiveSet::activated(std::move(*set), generation, runtime_.generations->activated_at(slot)));
  runtime_.logger.debug(
      fmt::format("{}: generation {} is served now", domain.domain.name, generation));
}

}  // namespace md::httpd
