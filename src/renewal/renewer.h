// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>

#include "acme/client.h"
#include "base/clock.h"
#include "http/client.h"
#include "model/job.h"
#include "model/managed_domain.h"
#include "renewal/account_book.h"
#include "renewal/advice_desk.h"
#include "renewal/ca_holds.h"
#include "renewal/challenge_setup.h"
#include "renewal/events.h"
#include "renewal/requests.h"
#include "renewal/world.h"

namespace md::renewal {

/// Looks after managed domains in the worker child: one call of `check` decides and, where an
/// attempt is due, makes it. Many threads may call it for different domains at the same time; the
/// same domain is protected by its lock file, over processes too (two generations of children
/// overlap at a reload). Thread-safe.
class Renewer {
 public:
  explicit Renewer(World world);
  ~Renewer();
  Renewer(const Renewer&) = delete;
  Renewer& operator=(const Renewer&) = delete;

  /// Returns when to look again. Never fails: failures are in the job, the log and the next time.
  /// `http_client` is the calling thread's.
  TimePoint check(const model::ManagedDomain& domain, http::Client& http_client);

 private:
  std::optional<model::Job> take_unsaved(const std::string& domain_name);
  acme::NoncePool& nonces_for(const std::string& ca_url);
  /// Another process has the domain's lock: that is told when it has lasted.
  void note_busy(const std::string& domain_name);

  World world_;
  Events events_;
  AccountBook accounts_;
  ChallengeKeys challenge_keys_;
  RequestBox requests_;
  AdviceDesk advice_;
  CaHolds holds_;
  std::mutex mutex_;
  std::map<std::string, std::unique_ptr<acme::NoncePool>> nonces_;  // by CA URL, guarded by mutex_
  /// Jobs that a full or unwritable disk did not take, so that they back off all the same.
  std::map<std::string, model::Job> unsaved_jobs_;  // by domain, guarded by mutex_
  /// Since when domains have been busy; those that were told of have none.
  std::map<std::string, std::optional<TimePoint>> busy_since_;  // by domain, guarded by mutex_
};

}  // namespace md::renewal
