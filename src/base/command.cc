// SPDX-License-Identifier: Apache-2.0
#include "base/command.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <optional>

#include "base/descriptor.h"

extern char** environ;

namespace md {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

constexpr std::size_t kOutputLimit = 4096;
// How often the end of a command, a stop of the server and the time-out are looked at.
constexpr milliseconds kFirstPause{1};
constexpr milliseconds kLongestPause{50};

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
    // The server's pipes and sockets are none of a command's business, least of all if it outlives
    // us.
    posix_spawn_file_actions_addclosefrom_np(&actions_, STDERR_FILENO + 1);
  }

  posix_spawnattr_t* attributes() { return &attributes_; }
  posix_spawn_file_actions_t* actions() { return &actions_; }

 private:
  posix_spawnattr_t attributes_{};
  posix_spawn_file_actions_t actions_{};
};

/// What the command has written so far, up to the limit.
std::string read_output(int fd) {
  std::string output(kOutputLimit, '\0');
  const ssize_t count = ::pread(fd, output.data(), output.size(), 0);
  output.resize(count > 0 ? static_cast<std::size_t>(count) : 0);
  return output;
}

int exit_code_of(int wait_status) {
  return WIFSIGNALED(wait_status) ? 128 + WTERMSIG(wait_status) : WEXITSTATUS(wait_status);
}

/// nullopt: the server stops, and the command goes on by itself.
Result<std::optional<int>> await(pid_t pid, milliseconds timeout, const Waiter& waiter) {
  const auto deadline = steady_clock::now() + timeout;
  milliseconds pause = kFirstPause;
  while (true) {
    int wait_status = 0;
    const pid_t ended = ::waitpid(pid, &wait_status, WNOHANG);
    if (ended == pid) {
      return std::optional(exit_code_of(wait_status));
    }
    if (ended < 0 && errno != EINTR) {
      return fail_errno(errno, "wait for the command");
    }
    if (waiter.stopped()) {
      return std::optional<int>();
    }
    if (steady_clock::now() >= deadline) {
      return fail(ErrorKind::Timeout,
                  fmt::format("still running after {} ms, ended", timeout.count()));
    }
    ::poll(nullptr, 0, static_cast<int>(pause.count()));
    pause = std::min(pause * 2, kLongestPause);
  }
}

}  // namespace

Result<CommandOutcome> PosixCommandRunner::run(const std::vector<std::string>& argv,
                                               milliseconds timeout, const Waiter& waiter) {
  if (argv.empty()) {
    return fail(ErrorKind::InvalidInput, "no command given");
  }
  // A file in memory and no pipe: a command that outlives us must not break on its next word.
  const Descriptor output(::memfd_create("command-output", MFD_CLOEXEC));
  if (!output.is_open()) {
    return fail_errno(errno, fmt::format("run '{}'", argv.front()));
  }
  SpawnAttributes spawn;
  spawn.send_output_to(output.get());
  std::vector<char*> arguments;
  arguments.reserve(argv.size() + 1);
  for (const std::string& argument : argv) {
    arguments.push_back(const_cast<char*>(argument.c_str()));
  }
  arguments.push_back(nullptr);
  pid_t pid = 0;
  const int error = ::posix_spawnp(&pid, arguments.front(), spawn.actions(), spawn.attributes(),
                                   arguments.data(), environ);
  if (error != 0) {
    return fail_errno(error, fmt::format("run '{}'", argv.front()));
  }
  auto exit_code = await(pid, timeout, waiter);
  if (!exit_code) {
    ::kill(-pid, SIGKILL);
    ::waitpid(pid, nullptr, 0);
    return with_context(std::move(exit_code).error(), fmt::format("run '{}'", argv.front()));
  }
  CommandOutcome outcome;
  outcome.goes_on = !exit_code->has_value();
  outcome.exit_code = exit_code->value_or(0);
  outcome.output = read_output(output.get());
  return outcome;
}

}  // namespace md
