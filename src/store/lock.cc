// SPDX-License-Identifier: Apache-2.0
#include "store/lock.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <utility>

#include "base/descriptor.h"

namespace md::store {
namespace {

constexpr std::chrono::milliseconds kPause{50};
constexpr mode_t kMode = 0600;
constexpr int kFlags = O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK;

Error failed(const std::filesystem::path& path) {
  return fail_errno(errno, fmt::format("lock {}", path.string()));
}

/// The file of a lock in a folder of the child user is the child user's: on NFS a lock needs an
/// open for writing.
void give_to_owner_of_folder(int fd, const std::filesystem::path& path) {
  struct stat folder {};
  if (::geteuid() == 0 && ::stat(path.parent_path().c_str(), &folder) == 0 && folder.st_uid != 0) {
    (void)!::fchown(fd, folder.st_uid, folder.st_gid);
  }
}

/// One that another version has made: who may read a file may lock it, and hold up everybody.
void hide_from_others(int fd) {
  struct stat facts {};
  if (::fstat(fd, &facts) == 0 && (facts.st_mode & 07777U) != kMode &&
      (::geteuid() == 0 || ::geteuid() == facts.st_uid)) {
    (void)::fchmod(fd, kMode);
  }
}

/// Invalid, with errno, if it cannot be opened.
Descriptor open_file(const std::filesystem::path& path) {
  const auto open = [&](int flags) {
    return uninterrupted([&] { return ::open(path.c_str(), flags | kFlags, kMode); });
  };
  int fd = open(O_RDWR);
  if (fd >= 0) {
    hide_from_others(fd);
  } else if (errno == EACCES) {
    fd = open(O_RDONLY);  // enough for flock on a local disk
  }
  if (fd < 0 && errno == ENOENT) {
    fd = open(O_RDWR | O_CREAT | O_EXCL);
    if (fd >= 0) {
      (void)::fchmod(fd, kMode);
      give_to_owner_of_folder(fd, path);
    } else if (errno == EEXIST) {
      fd = open(O_RDWR);
    }
  }
  return Descriptor(fd);
}

/// Is what was locked still what others find under that name?
bool is_current(int fd, const std::filesystem::path& path) {
  struct stat locked {};
  struct stat named {};
  return ::fstat(fd, &locked) == 0 && ::lstat(path.c_str(), &named) == 0 &&
         locked.st_ino == named.st_ino && locked.st_dev == named.st_dev;
}

}  // namespace

Result<FileLock> FileLock::try_acquire(const std::filesystem::path& path) {
  constexpr int kAttempts = 3;
  for (int attempt = 0; attempt < kAttempts; ++attempt) {
    Descriptor file = open_file(path);
    if (!file.is_open()) {
      return failed(path);
    }
    if (uninterrupted([&] { return ::flock(file.get(), LOCK_EX | LOCK_NB); }) != 0) {
      return errno == EWOULDBLOCK
                 ? fail(ErrorKind::Busy, fmt::format("{} is locked", path.string()))
                 : failed(path);
    }
    if (is_current(file.get(), path)) {
      return FileLock(file.release());
    }
  }
  return fail(ErrorKind::Busy, fmt::format("{} is being replaced", path.string()));
}

Result<FileLock> FileLock::acquire(const std::filesystem::path& path,
                                   std::chrono::milliseconds timeout, Waiter& waiter) {
  auto left = timeout;
  while (true) {
    auto lock = try_acquire(path);
    if (lock || lock.error().kind != ErrorKind::Busy) {
      return lock;
    }
    if (left <= std::chrono::milliseconds(0)) {
      return fail(ErrorKind::Timeout, fmt::format("lock {}: another process has held it for {} ms",
                                                  path.string(), timeout.count()));
    }
    const auto pause = std::min(left, kPause);
    if (!waiter.wait_for(pause)) {
      return fail(ErrorKind::Stopped, fmt::format("lock {}: stopped", path.string()));
    }
    left -= pause;
  }
}

FileLock::FileLock(FileLock&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}

FileLock& FileLock::operator=(FileLock&& other) noexcept {
  if (this != &other) {
    const Descriptor old(std::exchange(fd_, std::exchange(other.fd_, -1)));
  }
  return *this;
}

FileLock::~FileLock() {
  const Descriptor last(fd_);
}

}  // namespace md::store
