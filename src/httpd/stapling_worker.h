// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "base/waiter.h"
#include "http/client.h"
#include "httpd/runtime.h"
#include "ocsp/stapler.h"
#include "renewal/events.h"

namespace md::httpd {

/// The worker child's part of stapling: fetches answers, tells the other children and the
/// administrator. Thread-safe; one check of a slot at a time.
class StaplingWorker {
 public:
  StaplingWorker(Runtime& runtime, Waiter& waiter);
  StaplingWorker(const StaplingWorker&) = delete;
  StaplingWorker& operator=(const StaplingWorker&) = delete;

  /// When to look again. A slot without a certificate to staple waits for one to go live.
  TimePoint check(std::size_t slot, http::Client& client);

 private:
  using Outcome = Result<ocsp::StaplePtr>;

  void publish(const ocsp::Subject& subject);
  void take_up(const ocsp::Subject& subject, const ocsp::StaplePtr& kept);
  void report(const ocsp::Subject& subject, const Outcome& outcome, model::Job& job);
  void tell_of_revocation(const ocsp::Subject& subject);
  bool may_tell_of_error(const std::string& folder);
  model::Job folder_job(const std::string& folder);
  void note(std::size_t slot, const ocsp::StapleId& id);
  [[nodiscard]] std::vector<std::size_t> slots_with(const ocsp::StapleId& id);
  [[nodiscard]] const model::ManagedDomain& domain_of(const std::string& folder) const;

  Runtime& runtime_;
  // Thousands of certificates are asked for at a start: each finds its domain and its slots by an
  // index.
  std::unordered_map<std::string, const model::ManagedDomain*> domains_;
  const model::ManagedDomain others_;  // what events about certificates of no domain are sent by
  renewal::Events events_;
  ocsp::Stapler stapler_;
  std::mutex mutex_;
  std::map<std::string, TimePoint> errors_told_;  // by folder, guarded by mutex_
  // Which certificate was seen in each slot, and the other way round; guarded by mutex_.
  std::vector<std::optional<ocsp::StapleId>> seen_;
  std::unordered_multimap<ocsp::StapleId, std::size_t, ocsp::StapleIdHash> slots_;
};

}  // namespace md::httpd
