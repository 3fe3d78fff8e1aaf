// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/command.h"
#include "base/logger.h"
#include "base/result.h"
#include "base/waiter.h"
#include "model/job.h"
#include "model/managed_domain.h"

namespace md::renewal {

/// Tells the administrator's commands what happens (spec/monitoring.md, "Events"): MDMessageCmd of
/// every event, MDNotifyCmd of renewals.
/// Limits are kept over restarts through the job's log. Thread-safe.
class Events {
 public:
  Events(CommandRunner& commands, const Clock& clock, const Waiter& waiter, Logger& logger)
      : commands_(commands), clock_(clock), waiter_(waiter), logger_(logger) {}

  /// Runs `MDMessageCmd args… <event> <md>`. Fine where none is configured. A failing command:
  /// Rejected with problem `urn:org:apache:httpd:log:AH10109:`, exit code and output in the
  /// message. Successful ones are noted in `job`'s log as "message-<event>".
  Status send(const model::ManagedDomain& domain, std::string_view event, model::Job& job);

  /// Runs `MDNotifyCmd args… <md>`. The same, with problem `urn:org:apache:httpd:log:AH10108:` and
  /// entry "notified".
  Status notify(const model::ManagedDomain& domain, model::Job& job);

  /// As `send`, at most once per `interval` for this domain (by the job's log); a failure is
  /// logged, not returned.
  void send_at_most(const model::ManagedDomain& domain, std::string_view event, Duration interval,
                    model::Job& job);

 private:
  Status run(const std::vector<std::string>& argv, const std::string& attempted,
             std::string_view problem_type);

  CommandRunner& commands_;
  const Clock& clock_;
  const Waiter& waiter_;
  Logger& logger_;
};

}  // namespace md::renewal
