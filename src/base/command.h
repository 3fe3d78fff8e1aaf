// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <string>
#include <vector>

#include "base/result.h"
#include "base/waiter.h"

namespace md {

/// How a command ended.
struct CommandOutcome {
  int exit_code{0};    ///< as a shell shows it: 128 + signal if a signal ended it
  std::string output;  ///< what it wrote to stdout and stderr, at most 4 KiB
  /// The server stops; the command was left to finish what it does, its exit code is not known.
  bool goes_on{false};

  [[nodiscard]] bool succeeded() const { return exit_code == 0; }
};

/// Runs the administrator's commands (MDMessageCmd, MDNotifyCmd, MDChallengeDns01). Thread-safe.
class CommandRunner {
 public:
  virtual ~CommandRunner() = default;
  /// Runs `argv` without a shell, in the server's environment, and waits for its end. After
  /// `timeout` the command and its children are killed: Timeout. When `waiter` stops, it goes on by
  /// itself: half a deployment is worse than one that nobody waits for. A command that cannot be
  /// started: NotFound, Denied, Io.
  virtual Result<CommandOutcome> run(const std::vector<std::string>& argv,
                                     std::chrono::milliseconds timeout, const Waiter& waiter) = 0;
};

/// Real processes.
class PosixCommandRunner final : public CommandRunner {
 public:
  Result<CommandOutcome> run(const std::vector<std::string>& argv,
                             std::chrono::milliseconds timeout, const Waiter& waiter) override;
};

}  // namespace md
