// SPDX-License-Identifier: Apache-2.0
#include "base/command.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>

extern char** environ;

namespace md {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

constexpr std::size_t kOutputLimit = 4096;
// How often a stop of the server and the time-out are looked at while a command runs.
constexpr milliseconds kPollInterval{50};

class FileDescriptor {
 public:
  explicit FileDescriptor(int fd = -1) : fd_(fd) {}
  FileDescriptor(const FileDescriptor&) = delete;
  FileDescriptor& operator=(const FileDescriptor&) = delete;
  ~FileDescriptor() { reset(); }
  [[nodiscard]] int get() const { return fd_; }
  void reset(int fd = -1) {
    if (fd_ >= 0) {
      ::close(fd_);
    }
    fd_ = fd;
  }

 private:
  int fd_;
};

/// posix_spawn's attributes: a process group of its own, so that all it starts can be ended, and
/// none of the signal masks of our worker threads.
class SpawnAttributes {
 public:
  SpawnAttributes() {
    posix_spawnattr_init(&attributes_);
    posix_spawn_file_actions_init(&actions_);
    sigset_t none;
    sigemptyset(&none);
    posix_spawnattr_setsigmask(&attributes_, &none);
    sigset_t reset;
    sigemptyset(&reset);
    for (const int signal_number : {SIGPIPE, SIGTERM, SIGHUP, SIGUSR1, SIGINT, SIGCHLD}) {
      sigaddset(&reset, signal_number);
    }
    posix_spawnattr_setsigdefault(&attributes_, &reset);
    posix_spawnattr_setpgroup(&attributes_, 0);
    posix_spawnattr_setflags(
        &attributes_, POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
  }
  SpawnAttributes(const SpawnAttributes&) = delete;
  SpawnAttributes& operator=(const SpawnAttributes&) = delete;
  ~SpawnAttributes() {
    posix_spawn_file_actions_destroy(&actions_);
    posix_spawnattr_destroy(&attributes_);
  }

  void send_output_to(int fd) {
    posix_spawn_file_actions_addopen(&actions_, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
    posix_spawn_file_actions_adddup2(&actions_, fd, STDOUT_FILENO);
    posix_spawn_file_actions_adddup2(&actions_, fd, STDERR_FILENO);
  }

  posix_spawnattr_t* attributes() { return &attributes_; }
  posix_spawn_file_actions_t* actions() { return &actions_; }

 private:
  posix_spawnattr_t attributes_{};
  posix_spawn_file_actions_t actions_{};
};

/// Reads what has arrived; false at the end of the stream.
bool read_available(int fd, std::string& output) {
  std::array<char, 1024> buffer{};
  const ssize_t count = ::read(fd, buffer.data(), buffer.size());
  if (count < 0) {
    return errno == EAGAIN || errno == EINTR;
  }
  const auto room = kOutputLimit - std::min(output.size(), kOutputLimit);
  output.append(buffer.data(), std::min(room, static_cast<std::size_t>(count)));
  return count > 0;
}

int exit_code_of(int wait_status) {
  return WIFSIGNALED(wait_status) ? 128 + WTERMSIG(wait_status) : WEXITSTATUS(wait_status);
}

/// Waits for the process itself, not for the end of its output: a daemon that it left behind may
/// keep the pipe open for good.
Result<int> await(pid_t pid, int output_fd, std::string& output, milliseconds timeout,
                  const Waiter& waiter) {
  const auto deadline = steady_clock::now() + timeout;
  bool open = true;
  while (true) {
    int wait_status = 0;
    const pid_t ended = ::waitpid(pid, &wait_status, WNOHANG);
    if (ended == pid) {
      if (open) {
        read_available(output_fd, output);
      }
      return exit_code_of(wait_status);
    }
    if (ended < 0 && errno != EINTR) {
      return fail_errno(errno, "wait for the command");
    }
    if (waiter.stopped()) {
      return fail(ErrorKind::Stopped, "ended because the server stops");
    }
    if (steady_clock::now() >= deadline) {
      return fail(ErrorKind::Timeout,
                  fmt::format("still running after {} ms, ended", timeout.count()));
    }
    pollfd poll_entry{open ? output_fd : -1, POLLIN, 0};
    if (::poll(&poll_entry, 1, static_cast<int>(kPollInterval.count())) > 0) {
      open = read_available(output_fd, output);
    }
  }
}

}  // namespace

Result<CommandOutcome> PosixCommandRunner::run(const std::vector<std::string>& argv,
                                               milliseconds timeout, const Waiter& waiter) {
  if (argv.empty()) {
    return fail(ErrorKind::InvalidInput, "no command given");
  }
  std::array<int, 2> ends{};
  if (::pipe2(ends.data(), O_CLOEXEC | O_NONBLOCK) != 0) {
    return fail_errno(errno, fmt::format("run '{}'", argv.front()));
  }
  const FileDescriptor reader(ends[0]);
  FileDescriptor writer(ends[1]);

  SpawnAttributes spawn;
  spawn.send_output_to(writer.get());
  std::vector<char*> arguments;
  for (const std::string& argument : argv) {
    arguments.push_back(const_cast<char*>(argument.c_str()));
  }
  arguments.push_back(nullptr);
  pid_t pid = 0;
  const int error = ::posix_spawnp(&pid, arguments.front(), spawn.actions(), spawn.attributes(),
                                   arguments.data(), environ);
  writer.reset();
  if (error != 0) {
    return fail_errno(error, fmt::format("run '{}'", argv.front()));
  }

  CommandOutcome outcome;
  auto exit_code = await(pid, reader.get(), outcome.output, timeout, waiter);
  if (!exit_code) {
    ::kill(-pid, SIGKILL);
    ::waitpid(pid, nullptr, 0);
    return with_context(std::move(exit_code).error(), fmt::format("run '{}'", argv.front()));
  }
  outcome.exit_code = *exit_code;
  return outcome;
}

}  // namespace md
