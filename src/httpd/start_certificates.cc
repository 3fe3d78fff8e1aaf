// SPDX-License-Identifier: Apache-2.0
#include "httpd/start_certificates.h"

#include <fmt/format.h>

#include <memory>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "httpd/start_memory.h"
#include "renewal/decide.h"
#include "renewal/staged_set.h"
#include "renewal/static_set.h"
#include "status/md_status.h"
#include "store/trusted_file.h"

namespace md::httpd {
namespace {

// No chain of certificates is longer.
constexpr std::size_t kMostOfAFile = std::size_t{1024} * 1024;

// Of the store, for root alone: what the next start need not find out again.
constexpr std::string_view kKnownSetsFile = "known-sets";
constexpr std::size_t kMostOfKnownSets = std::size_t{256} * 1024 * 1024;

/// Of the run of the configuration before this one; at a start, of the server before.
std::string known_before(const Runtime& runtime) {
  if (const std::string_view retained = recall(runtime.server); !retained.empty()) {
    return std::string(retained);
  }
  auto kept = runtime.store->load_at_root(kKnownSetsFile, kMostOfKnownSets);
  return kept ? *std::move(kept) : std::string();
}

/// Nothing is lost without it but time.
void know_at_next_start(Runtime& runtime, std::string_view before, const std::string& now) {
  retain(runtime.server, now);
  if (now == before) {
    return;
  }
  const Status saved =
      runtime.store->save_at_root(kKnownSetsFile, now, 0600, store::Durability::Replaceable);
  if (!saved) {
    runtime.logger.debug(saved.error().message);
  }
}

class StartCertificates {
 public:
  StartCertificates(Runtime& runtime, Pass pass)
      : runtime_(runtime),
        pass_(pass),
        now_(runtime.clock.now()),
        known_(known_before(runtime)),
        files_(std::make_shared<CertificateFiles>(*runtime.store,
                                                  renewal::KnownSets::from_bytes(known_))) {}

  void load() {
    for (std::size_t i = 0; i < runtime_.domains.size(); ++i) {
      DomainRuntime& entry = *runtime_.domains[i];
      if (!entry.domain.is_static() || !load_static_files(entry)) {
        load_stored(entry, i);
      }
    }
    if (without_files_.empty()) {
      know_at_next_start(runtime_, known_, files_->found().to_bytes());
      return;
    }
    leave_fallbacks();
    // After the fallbacks, each of which adds to what is known.
    runtime_.side_work->add({[] { return Result<std::string>(""); },
                             [&runtime = runtime_, before = std::move(known_),
                              files = files_](const Result<std::string>&) {
                               know_at_next_start(runtime, before, files->found().to_bytes());
                             }});
  }

 private:
  void load_stored(DomainRuntime& entry, std::size_t number) {
    CertificateFiles::Choice chosen = files_->choose(entry.domain, now_);
    if (chosen.has_any_file && !chosen.facts.is_complete()) {
      runtime_.logger.warning(LogId{10173}, fmt::format("{}: {}; a renewal will follow",
                                                        entry.domain.name, chosen.facts.flaw));
    }
    note_state(entry, chosen.facts);
    auto chains = pass_ == Pass::Real && runtime_.stapling != nullptr
                      ? runtime_.stapling->load_chains(number, chosen.facts)
                      : std::vector<LiveSet::Chain>{};
    entry.live.set(LiveSet::at_start(chosen.facts, std::move(chains)));
    if (chosen.pairs.empty()) {
      without_files_.emplace(&entry, std::move(chosen));
    } else {
      entry.files = std::move(chosen.pairs);
    }
  }

  /// Those first that mod_ssl asks for first: it goes through the hosts as they hang together,
  /// which is the last of the configuration first.
  void leave_fallbacks() {
    for (const server_rec* host = runtime_.server; host != nullptr; host = host->next) {
      if (DomainRuntime* const entry = runtime_.find_by_host(host); entry != nullptr) {
        leave_fallback(*entry);
      }
    }
    for (const auto& entry : runtime_.domains) {
      leave_fallback(*entry);
    }
  }

  void leave_fallback(DomainRuntime& entry) {
    const auto found = without_files_.find(&entry);
    if (found == without_files_.end()) {
      return;
    }
    CertificateFiles::Choice chosen = std::move(found->second);
    without_files_.erase(found);
    files_->prepare_fallbacks(entry.domain);
    entry.files_task =
        runtime_.side_work->add({[files = files_, &entry, chosen = std::move(chosen), now = now_] {
                                   return files->make_fallbacks(entry.domain, chosen, now);
                                 },
                                 [files = files_, &entry, &runtime = runtime_,
                                  now = now_](const Result<std::string>& made) {
                                   if (!made) {
                                     runtime.report(entry.domain, made.error().message);
                                   }
                                   entry.files = files->take_fallbacks(entry.domain, made, now);
                                 }});
  }

  /// Are the administrator's own files what is to be served? If not, it is what the store has.
  bool load_static_files(DomainRuntime& entry) {
    const model::ManagedDomain& domain = entry.domain;
    auto set = renewal::load_static_set(
        domain, [](const std::string& path) { return store::read_trusted(path, kMostOfAFile); });
    const std::string warning = renewal::warning_of(domain, set.facts, now_);
    if (pass_ == Pass::Real) {
      for (const std::string& complaint : set.complaints) {
        runtime_.report(domain, complaint);
      }
      if (!warning.empty()) {
        runtime_.logger.warning(LogId{10085}, warning);
      }
    }
    const bool may_be_renewed = domain.settings.renew_mode == model::RenewMode::Always;
    if (set.files.empty() ||
        (may_be_renewed &&
         renewal::is_stored_set_newer(set.facts,
                                      renewal::load_set(*runtime_.store, store::Group::Domains,
                                                        domain, runtime_.store->key())
                                          .facts(),
                                      now_))) {
      return false;
    }
    note_state(entry, set.facts);
    entry.live.set(LiveSet::at_start(std::move(set.facts)));
    entry.files = std::move(set.files);
    return true;
  }

  void note_state(DomainRuntime& entry, const renewal::CertificateSetFacts& live) {
    const auto [state, description] = status::documented_state_of(entry.domain, live);
    if (entry.record.state == state && entry.record.state_description == description) {
      return;
    }
    entry.record.state = state;
    entry.record.state_description = description;
    if (entry.storing == store::Storing::Done) {
      entry.storing = store::Storing::Due;
    }
  }

  Runtime& runtime_;
  Pass pass_;
  TimePoint now_;
  std::string known_;
  std::shared_ptr<CertificateFiles> files_;
  std::unordered_map<const DomainRuntime*, CertificateFiles::Choice> without_files_;
};

}  // namespace

void load_certificates(Runtime& runtime, Pass pass) {
  StartCertificates(runtime, pass).load();
}

}  // namespace md::httpd
