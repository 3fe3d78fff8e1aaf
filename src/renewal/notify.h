// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>

#include "base/clock.h"
#include "model/managed_domain.h"
#include "renewal/events.h"
#include "renewal/job_journal.h"
#include "renewal/world.h"

namespace md::renewal {

/// Tells of a finished renewal: the `renewed` event (MDMessageCmd), then MDNotifyCmd. Each is told
/// once, and again with back-off while its command fails; what was told stays told over restarts,
/// and the renewal itself is fine either way (spec/monitoring.md, "Events"). Thread-compatible.
class RenewalNotices {
 public:
  RenewalNotices(const World& world, Events& events, const model::ManagedDomain& domain,
                 JobJournal& journal)
      : world_(world), events_(events), domain_(domain), journal_(journal) {}

  /// The renewal is finished and nobody knows: from now on they are owed.
  void expect();
  /// Tells what is owed and due. When to go on; nullopt: all is told.
  std::optional<TimePoint> deliver();

 private:
  struct Notice;

  std::optional<TimePoint> deliver(const Notice& notice);
  std::optional<TimePoint> failed(const Notice& notice, const Error& error, unsigned failures);
  void save();

  const World& world_;
  Events& events_;
  const model::ManagedDomain& domain_;
  JobJournal& journal_;
};

}  // namespace md::renewal
