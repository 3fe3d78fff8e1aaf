// SPDX-License-Identifier: Apache-2.0
#include "httpd/work_watcher.h"

#include <algorithm>
#include <chrono>
#include <string_view>
#include <utility>

#include "base/signals_blocked.h"
#include "httpd/guard.h"
#include "httpd/thread_setup.h"
#include "renewal/staged_set.h"

namespace md::httpd {
namespace {

using std::chrono::milliseconds;
using store::Group;

constexpr milliseconds kLookInterval{500};
// A look costs a system call for each domain: this many times as long as it took, none follows.
constexpr int kRestFactor = 100;
// What was changed so short a time ago may change again within one tick of the file system's clock.
constexpr std::chrono::nanoseconds kTick = milliseconds(100);

template <class Parse>
auto load_document(const Result<std::string>& text, std::string_view what, Parse parse) {
  auto document = text ? json::Value::parse(*text, what) : Result<json::Value>(text.error());
  return document ? std::optional(parse(*document)) : std::nullopt;
}

/// Of the certificates alone: their keys are nobody's business here.
renewal::CertificateSetFacts staged_facts(const store::FileStore& store,
                                          const model::ManagedDomain& domain,
                                          const renewal::CertificateSetFacts& live) {
  renewal::CertificateSetFacts facts;
  if (!renewal::has_all_files(store, Group::Staging, domain)) {
    return facts;
  }
  for (const model::KeySpec& spec : domain.settings.effective_key_specs()) {
    const auto pem = store.load(Group::Staging, domain.name, store::certificate_file(spec));
    const renewal::CertificateFacts* const stays = live.find(spec);
    if (!pem && stays != nullptr) {
      facts.certificates.push_back(*stays);
      continue;
    }
    const auto chain = pem ? crypto::Certificate::chain_from_pem(*pem)
                           : Result<std::vector<crypto::Certificate>>(pem.error());
    if (!chain) {
      return {};
    }
    facts.certificates.push_back(renewal::facts_of(spec, chain->front()));
    facts.certificates.back().timestamps = chain->front().timestamps();
  }
  return facts;
}

}  // namespace

void WorkWatcher::start() {
  for (const auto& domain : runtime_.domains) {
    folders_.push_back(domain->domain.name);
  }
  change_times_.assign(folders_.size(), 0);
  const SignalsBlocked blocked;
  thread_ = std::thread([this] {
    prepare_thread("md-status");
    guarded([this] { watch(); });
  });
}

void WorkWatcher::join() {
  if (thread_.joinable()) {
    thread_.join();
  }
}

void WorkWatcher::watch() {
  milliseconds pause{0};
  while (stop_.wait_for(pause)) {
    const auto begun = std::chrono::steady_clock::now();
    guarded([this] { look(); });
    const auto took = std::chrono::steady_clock::now() - begun;
    pause = std::max(kLookInterval, std::chrono::ceil<milliseconds>(took * kRestFactor));
  }
}

void WorkWatcher::look() {
  const std::string advice_stamp =
      runtime_.store->stamps_at_root({std::string(renewal::kAdviceFolder)});
  const bool is_advised_anew = advice_stamp != std::exchange(advice_stamp_, advice_stamp);
  const auto times = runtime_.store->change_times(Group::Staging, folders_);
  const auto settled = std::chrono::duration_cast<std::chrono::nanoseconds>(
                           runtime_.clock.now().time_since_epoch() - kTick)
                           .count();
  for (std::size_t i = 0; i < folders_.size() && i < times.size(); ++i) {
    if (is_advised_anew || times[i] != change_times_[i]) {
      load(*runtime_.domains[i]);
      change_times_[i] = times[i] < settled ? times[i] : -1;
    }
  }
}

void WorkWatcher::load(DomainRuntime& domain) const {
  const store::FileStore& store = *runtime_.store;
  const std::string& name = domain.domain.name;
  auto work = std::make_shared<DomainWork>();
  work->job = load_document(store.load(Group::Staging, name, store::kJobFile), store::kJobFile,
                            store::parse_job);
  work->staged = staged_facts(store, domain.domain, domain.live.get()->facts());
  if (const auto text = store.load_at_root(renewal::advice_path(name))) {
    const auto book = renewal::parse_advice_book(*text, renewal::kAdviceFolder);
    work->advices = book ? book->advices() : renewal::CaAdvices{};
  }
  domain.work.set(std::move(work));
}

}  // namespace md::httpd
