// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <filesystem>

#include "base/result.h"
#include "base/waiter.h"

namespace md::store {

/// An exclusive lock of a file (flock), held while this lives and gone with its process, however
/// that ends. Movable. Two holders in one process exclude each other as well.
class FileLock {
 public:
  /// Busy if somebody holds it.
  static Result<FileLock> try_acquire(const std::filesystem::path& path);
  /// Waits at most `timeout`: then Timeout. Stopped if the waiter says so.
  static Result<FileLock> acquire(const std::filesystem::path& path,
                                  std::chrono::milliseconds timeout, Waiter& waiter);

  FileLock(FileLock&& other) noexcept;
  FileLock& operator=(FileLock&& other) noexcept;
  FileLock(const FileLock&) = delete;
  FileLock& operator=(const FileLock&) = delete;
  ~FileLock();

 private:
  explicit FileLock(int fd) : fd_(fd) {}
  int fd_{-1};
};

}  // namespace md::store
