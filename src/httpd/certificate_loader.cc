// SPDX-License-Identifier: Apache-2.0
#include "httpd/certificate_loader.h"

#include "httpd/guard.h"
#include "httpd/thread_setup.h"

namespace md::httpd {
namespace {

// How soon children notice an activation. A look costs one read of shared memory.
constexpr std::chrono::milliseconds kLookInterval{100};

}  // namespace

bool CertificateLoader::start() {
  if (runtime_.generations == nullptr || thread_.joinable()) {
    return true;
  }
  return start_thread(thread_, "md-loader", [this] {
    do {
      guarded([this] { follow_changed(); });
    } while (stop_.wait_for(kLookInterval));
  });
}

void CertificateLoader::join() {
  if (thread_.joinable()) {
    thread_.join();
  }
}

void CertificateLoader::follow_changed() {
  // Read before the slots: a bump in between is seen again at the next look.
  const std::uint64_t epoch = runtime_.generations->epoch();
  if (epoch != epoch_) {
    for (const auto& domain : runtime_.domains) {
      if (domain->live.get()->generation() != runtime_.generations->generation(domain->position)) {
        changed_.insert(domain.get());
      }
    }
    epoch_ = epoch;
  }
  std::erase_if(changed_, [this](DomainRuntime* domain) {
    return !stop_.stopped() && runtime_.live_sets.follow(*domain);
  });
}

}  // namespace md::httpd
