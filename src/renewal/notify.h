// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string_view>

#include "base/clock.h"
#include "model/managed_domain.h"
#include "renewal/events.h"
#include "renewal/job_journal.h"
#include "renewal/world.h"

namespace md::renewal {

/// The entry in a job's log that says that MDMessageCmd has failed.
inline constexpr std::string_view kMessageErrorEntry = "message-error";

/// Does MDNotifyCmd or MDMessageCmd fail after a renewal, or where a certificate expires? The job
/// then has one error, and the time to run it again as `next_run`: those are of no attempt.
bool command_fails(const model::Job& job);
unsigned failed_attempts(const model::Job& job);
std::optional<TimePoint> next_attempt(const model::Job& job);
void forget_failing_command(model::Job& job);

/// Tells of a finished renewal: the `renewed` event (MDMessageCmd), then MDNotifyCmd; and of a
/// certificate that expires. Each is told once (the last one daily), and again after MDRetryDelay
/// while its command fails. The job counts that as an error; the renewal itself is fine. What was
/// told stays told over restarts. Thread-compatible.
class RenewalNotices {
 public:
  RenewalNotices(const World& world, Events& events, const model::ManagedDomain& domain,
                 JobJournal& journal)
      : world_(world), events_(events), domain_(domain), journal_(journal) {}

  /// The renewal is finished and nobody knows: from now on they are owed.
  void expect();
  /// Tells what is owed and due. When to go on; nullopt: all is told.
  std::optional<TimePoint> deliver(bool is_expiring = false);

 private:
  struct Notice;
  struct Round;

  Round tell_all(bool is_expiring);
  void failed(const Notice& notice, const Error& error);
  void count_failure(TimePoint again, const Round& round);
  [[nodiscard]] Duration retry_delay() const;
  void save();

  const World& world_;
  Events& events_;
  const model::ManagedDomain& domain_;
  JobJournal& journal_;
};

}  // namespace md::renewal
