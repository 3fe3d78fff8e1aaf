// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <mutex>
#include <string>
#include <vector>

#include "base/command.h"

namespace md::testing {

/// Records the commands it is given and answers as `answer` says. Thread-safe.
class FakeCommandRunner final : public CommandRunner {
 public:
  Result<CommandOutcome> run(const std::vector<std::string>& argv,
                             std::chrono::milliseconds /*timeout*/,
                             const Waiter& /*waiter*/) override {
    const std::lock_guard lock(mutex_);
    calls_.push_back(argv);
    return answer ? answer(argv) : Result<CommandOutcome>(CommandOutcome{});
  }
  [[nodiscard]] std::vector<std::vector<std::string>> calls() const {
    const std::lock_guard lock(mutex_);
    return calls_;
  }

  std::function<Result<CommandOutcome>(const std::vector<std::string>&)> answer;

 private:
  mutable std::mutex mutex_;
  std::vector<std::vector<std::string>> calls_;
};

}  // namespace md::testing
