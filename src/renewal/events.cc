// SPDX-License-Identifier: Apache-2.0
#include "renewal/events.h"

#include <fmt/format.h>

#include "base/text.h"

namespace md::renewal {
namespace {

// A command that hangs must not hold its domain for long: most send a mail or copy files. Renewals
// of other domains, and a stop of the server, do not wait for it.
constexpr std::chrono::milliseconds kTimeout = std::chrono::seconds(60);
constexpr int kMessageFailed = 10109;
constexpr int kNotifyFailed = 10108;

std::string log_type(std::string_view event) {
  return fmt::format("message-{}", event);
}

Error command_failed(std::string message, int log_id) {
  Error error = fail(ErrorKind::Rejected, std::move(message));
  error.problem =
      Problem{fmt::format("urn:org:apache:httpd:log:AH{}:", log_id), error.message, 0, {}};
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
  MD_TRY(run(argv, attempted, kMessageFailed));
  job.add_log({clock_.now(), log_type(event), "", ""});
  return {};
}

Status Events::notify(const model::ManagedDomain& domain, model::Job& job) {
  std::vector<std::string> argv = split_words(domain.settings.notify_command);
  if (argv.empty()) {
    return {};
  }
  const std::string attempted = fmt::format("MDNotifyCmd {} of {}", argv.front(), domain.name);
  argv.push_back(domain.name);
  MD_TRY(run(argv, attempted, kNotifyFailed));
  job.add_log({clock_.now(), "notified", "", ""});
  return {};
}

Status Events::run(const std::vector<std::string>& argv, const std::string& attempted, int log_id) {
  auto outcome = commands_.run(argv, kTimeout, waiter_);
  if (!outcome) {
    if (outcome.error().kind == ErrorKind::Stopped) {
      return with_context(std::move(outcome).error(), attempted);
    }
    return command_failed(fmt::format("{}: {}", attempted, outcome.error().message), log_id);
  }
  if (!outcome->succeeded()) {
    return command_failed(fmt::format("{}: {}", attempted, describe(*outcome)), log_id);
  }
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
    logger_.error(LogId{kMessageFailed}, sent.error().message);
  }
}

}  // namespace md::renewal
