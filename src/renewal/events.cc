// SPDX-License-Identifier: Apache-2.0
#include "renewal/events.h"

#include <fmt/format.h>

#include "base/text.h"

namespace md::renewal {
namespace {

// A command that hangs must not hold its domain for long: most send a mail or copy files. Renewals
// of other domains, and a stop of the server, do not wait for it.
constexpr std::chrono::milliseconds kTimeout = std::chrono::seconds(60);
constexpr std::string_view kProblemType = "urn:org:apache:httpd:log:AH10109:";
constexpr LogId kCommandFailed{10109};

std::string log_type(std::string_view event) {
  return fmt::format("message-{}", event);
}

Error command_failed(std::string message) {
  Error error = fail(ErrorKind::Rejected, std::move(message));
  error.problem = Problem{std::string(kProblemType), error.message, 0, {}};
  return error;
}

std::string describe(const CommandOutcome& outcome) {
  const std::string output = printable(trim(outcome.output));
  return fmt::format("exit code {}{}{}", outcome.exit_code, output.empty() ? "" : ": ", output);
}

}  // namespace

Status Events::send(const model::ManagedDomain& domain, std::string_view event, model::Job& job) {
  std::vector<std::string> argv = split_words(domain.settings.message_command);
  if (argv.empty()) {
    return {};
  }
  const std::string attempted =
      fmt::format("MDMessageCmd {}, event {} of {}", argv.front(), event, domain.name);
  argv.emplace_back(event);
  argv.push_back(domain.name);
  auto outcome = commands_.run(argv, kTimeout, waiter_);
  if (!outcome) {
    if (outcome.error().kind == ErrorKind::Stopped) {
      return with_context(std::move(outcome).error(), attempted);
    }
    return command_failed(fmt::format("{}: {}", attempted, outcome.error().message));
  }
  if (!outcome->succeeded()) {
    return command_failed(fmt::format("{}: {}", attempted, describe(*outcome)));
  }
  job.add_log({clock_.now(), log_type(event), "", ""});
  return {};
}

void Events::send_at_most(const model::ManagedDomain& domain, std::string_view event,
                          Duration interval, model::Job& job) {
  const TimePoint now = clock_.now();
  const auto last = job.last_logged(log_type(event));
  // An entry from the future is of a clock that was set back: it limits nothing.
  if (last && *last <= now && now - *last < interval) {
    return;
  }
  if (const Status sent = send(domain, event, job);
      !sent && sent.error().kind != ErrorKind::Stopped) {
    logger_.error(kCommandFailed, sent.error().message);
  }
}

}  // namespace md::renewal
