// SPDX-License-Identifier: Apache-2.0
#include "renewal/events.h"

#include <fmt/format.h>

#include "base/text.h"
#include "renewal/failure.h"

namespace md::renewal {
namespace {

// A command that hangs must not hold its domain for long: most send a mail or copy files. Renewals
// of other domains, and a stop of the server, do not wait for it.
constexpr std::chrono::milliseconds kTimeout = std::chrono::seconds(60);
constexpr LogId kMessageFailed{10109};

std::string log_type(std::string_view event) {
  return fmt::format("message-{}", event);
}

// Of a command that cannot be started, as shells have it.
constexpr int kNotStarted = 255;

Error command_failed(ErrorKind kind, std::string message, std::string detail,
                     std::string_view problem_type) {
  Error error = fail(kind, std::move(message));
  error.problem = Problem{std::string(problem_type), std::move(detail), 0, {}};
  return error;
}

/// mod_md's words, which scripts look for; what was run stands before them.
std::string failed_with(int exit_code) {
  return fmt::format("failed with exit code {}.", exit_code);
}

Status of_command(Status ran, std::string_view directive, const std::string& command) {
  if (ran || !ran.error().problem) {
    return ran;
  }
  Error error = std::move(ran).error();
  error.problem->detail =
      fmt::format("{} {} {}", directive, printable(command), error.problem->detail);
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
  MD_TRY(of_command(run(argv, attempted, kMessageProblem), "MDMessageCmd",
                    domain.settings.message_command));
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
  MD_TRY(of_command(run(argv, attempted, kNotifyProblem), "MDNotifyCmd",
                    domain.settings.notify_command));
  job.add_log({clock_.now(), "notified", "", ""});
  return {};
}

Status Events::run(const std::vector<std::string>& argv, const std::string& attempted,
                   std::string_view problem_type) {
  auto outcome = commands_.run(argv, kTimeout, waiter_);
  if (!outcome) {
    if (outcome.error().kind == ErrorKind::Stopped) {
      return with_context(std::move(outcome).error(), attempted);
    }
    std::string detail = outcome.error().kind == ErrorKind::Timeout
                             ? "failed: " + outcome.error().message
                             : failed_with(kNotStarted);
    const bool is_missing = outcome.error().kind == ErrorKind::NotFound;
    return command_failed(is_missing ? ErrorKind::NotFound : ErrorKind::Rejected,
                          fmt::format("{}: {}", attempted, outcome.error().message),
                          std::move(detail), problem_type);
  }
  if (!outcome->succeeded()) {
    return command_failed(ErrorKind::Rejected, fmt::format("{}: {}", attempted, describe(*outcome)),
                          failed_with(outcome->exit_code), problem_type);
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
    logger_.error(kMessageFailed, sent.error().message);
  }
}

}  // namespace md::renewal
