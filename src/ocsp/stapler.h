// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>

#include "base/clock.h"
#include "base/logger.h"
#include "base/random.h"
#include "base/waiter.h"
#include "http/client.h"
#include "model/job.h"
#include "ocsp/staple_cache.h"
#include "ocsp/subject.h"
#include "store/store.h"

namespace md::ocsp {

/// What the stapler works with. All references outlive it.
struct StaplerWorld {
  store::Store& store;
  const Clock& clock;
  RandomSource& random;
  Waiter& waiter;
  Logger& logger;
  http::Route route;           ///< to responders
  model::Window renew_window;  ///< MDStaplingRenewWindow
  /// Told of each new answer and of each failure, for events; what it adds to the job is saved.
  std::function<void(const Subject&, const Result<StaplePtr>&, model::Job&)> report;
  /// A new answer, or what has become of an attempt, lies in the store: every process may load it.
  std::function<void(const Subject&)> publish;
  /// Told of the answer that is kept and needs no refreshing: other processes may have fetched it.
  std::function<void(const Subject&, const StaplePtr&)> seen;
};

/// The worker's part: keeps the answer of each certificate in the store fresh. An answer is only
/// ever replaced by one that was checked. Thread-safe; one check of a certificate at a time.
class Stapler {
 public:
  explicit Stapler(StaplerWorld world) : world_(std::move(world)) {}

  /// Asks the responder if it is time to. When to look again.
  TimePoint check(const Subject& subject, http::Client& client);

 private:
  TimePoint succeed(const Subject& subject, const StaplePtr& staple, model::Job job);
  TimePoint fail_with(const Subject& subject, const Error& error, const StaplePtr& kept,
                      model::Job job);
  [[nodiscard]] StaplePtr kept_answer(const Subject& subject) const;
  void save_job(const Subject& subject, const model::Job& job);

  const StaplerWorld world_;
};

}  // namespace md::ocsp
