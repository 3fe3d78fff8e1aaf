// SPDX-License-Identifier: Apache-2.0
#include "base/side_work.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cstdint>
#include <limits>
#include <utility>

#include "base/signals_blocked.h"

namespace md {
namespace {

// Below that, a process costs more than it spares.
constexpr std::size_t kWorthAProcess = 16;
// Answers wait there: the process is to run ahead of us, and no more than the system lets anybody
// have.
constexpr int kPipeSize = 1024 * 1024;

// In front of an answer: how long it is, or that the task failed.
using AnswerSize = std::uint32_t;
constexpr AnswerSize kFailed = std::numeric_limits<AnswerSize>::max();
// Longer than any; a program that shares the pipe by a fork might have taken a part of an answer.
constexpr AnswerSize kLongestAnswer = 64 * 1024 * 1024;

std::string as_message(const Result<std::string>& answer) {
  const AnswerSize size = answer ? static_cast<AnswerSize>(answer->size()) : kFailed;
  std::string message(reinterpret_cast<const char*>(&size), sizeof(size));
  return answer ? message + *answer : message;
}

/// The end of the process waits for that of a task, which leaves nothing half done.
std::string do_undisturbed(const SideWork::Task& task) {
  const SignalsBlocked blocked;
  return as_message(task.work());
}

}  // namespace

SideWork::~SideWork() {
  if (process_ != 0 && owner_ == ::getpid()) {
    answers_.close();
    (void)::kill(process_, SIGTERM);
    await_end();
  }
}

std::size_t SideWork::add(Task task) {
  tasks_.push_back(std::move(task));
  return tasks_.size() - 1;
}

void SideWork::begin() {
  std::array<int, 2> ends{-1, -1};
  if (tasks_.size() < kWorthAProcess || ::pipe2(ends.data(), O_CLOEXEC) != 0) {
    return;
  }
  Descriptor reading(ends[0]);
  const Descriptor writing(ends[1]);
  (void)::fcntl(writing.get(), F_SETPIPE_SZ, kPipeSize);
  const pid_t process = ::fork();
  if (process == 0) {
    reading.close();
    work_through(writing.get());
  }
  if (process > 0) {
    process_ = process;
    owner_ = ::getpid();
    answers_ = std::move(reading);
  }
}

void SideWork::work_through(int answers) noexcept {
  try {
    on_begin_();
    for (const Task& task : tasks_) {
      if (!write_all(answers, do_undisturbed(task))) {
        ::_exit(1);
      }
    }
  } catch (...) {
    ::_exit(1);  // memory is short: the tasks that are left are done where there may be some
  }
  ::_exit(0);
}

void SideWork::complete(std::size_t number) {
  while (next_ <= number && next_ < tasks_.size()) {
    complete_next();
  }
}

void SideWork::complete_all() {
  complete(tasks_.size());
  await_end();
}

void SideWork::complete_next() {
  const Task task = std::exchange(tasks_[next_], {});
  ++next_;
  auto answer = next_answer();
  task.conclude(answer ? Result<std::string>(*std::move(answer)) : task.work());
}

/// nullopt: the process has failed to do the task, or to live that long.
std::optional<std::string> SideWork::next_answer() {
  AnswerSize size = 0;
  if (!read_exactly(&size, sizeof(size)) || size == kFailed) {
    return std::nullopt;
  }
  if (size > kLongestAnswer) {
    answers_.close();
    return std::nullopt;
  }
  std::string answer(size, '\0');
  return read_exactly(answer.data(), answer.size()) ? std::optional(std::move(answer))
                                                    : std::nullopt;
}

bool SideWork::read_exactly(void* bytes, std::size_t size) {
  auto* place = static_cast<char*>(bytes);
  while (answers_.is_open() && size > 0) {
    const ssize_t count = uninterrupted([&] { return ::read(answers_.get(), place, size); });
    if (count <= 0) {
      answers_.close();
      break;
    }
    place += count;
    size -= static_cast<std::size_t>(count);
  }
  return size == 0;
}

void SideWork::await_end() {
  if (process_ != 0) {
    (void)uninterrupted([&] { return ::waitpid(process_, nullptr, 0); });
    process_ = 0;
  }
}

}  // namespace md
