// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sys/types.h>

#include <cstddef>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "base/descriptor.h"
#include "base/result.h"

namespace md {

/// Work that can wait for a while. A process beside this one does it meanwhile, for a program that
/// has to stay single-threaded. What the process does not come to, because it cannot be made, dies
/// or fails, is done here when it is asked for. Not thread-safe.
class SideWork {
 public:
  /// Tasks depend on none of the others, and may be done twice, or once and a half.
  struct Task {
    /// Called in the process, and here if nothing came of that: all that we learn is the text.
    std::function<Result<std::string>()> work;
    /// Called here, once, in the order of the tasks.
    std::function<void(Result<std::string>)> conclude;
  };

  /// `on_begin`: called first in the process, which SIGTERM has to end.
  explicit SideWork(std::function<void()> on_begin) : on_begin_(std::move(on_begin)) {}
  SideWork(const SideWork&) = delete;
  SideWork& operator=(const SideWork&) = delete;
  /// Ends the process, when it is done with the task that it is at: others are done or not.
  ~SideWork();

  /// Returns the number of the task, from 0 in the order of being added.
  std::size_t add(Task task);
  /// Starts the process, if there is enough to do. None is added afterwards.
  void begin();
  /// Returns when the task and those before it are concluded.
  void complete(std::size_t number);
  void complete_all();

 private:
  [[noreturn]] void work_through(int answers) noexcept;
  void complete_next();
  std::optional<std::string> next_answer();
  bool read_exactly(void* bytes, std::size_t size);
  void await_end();

  std::function<void()> on_begin_;
  std::vector<Task> tasks_;
  std::size_t next_{0};  // to be concluded
  pid_t process_{0};     // 0: there is none
  pid_t owner_{0};       // who started it: a copy of us in a fork has no business with it
  Descriptor answers_;   // of the process, one after the other
};

}  // namespace md
