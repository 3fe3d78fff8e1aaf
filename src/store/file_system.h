// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sys/types.h>

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "store/store.h"

namespace md::store {

inline constexpr char kEndOfStamp = ';';  ///< see FileSystem::stamps

/// The few operations of the operating system that the file store is made of, so that tests can
/// make each of them fail, or "lose power" after it. Thread-safe. Errors carry path and errno.
///
/// Root works in folders that the child user owns: neither the last component of a path nor the
/// folder that holds it is followed if it is a link. A folder that is trusted, and may be reached
/// through one, is written with a trailing "/." (`<root>/./md_store.json`): behind the last of
/// these none is followed.
class FileSystem {
 public:
  using Path = std::filesystem::path;
  struct Owner {
    uid_t uid;
    gid_t gid;
  };
  struct Entry {
    std::string name;
    bool is_directory;  ///< a real one: not a link to one
    bool is_regular;
    bool is_readable;  ///< directories only: may this process list it?
  };

  virtual ~FileSystem() = default;
  /// At most `limit` bytes; more: Corrupt. Refuses what is no regular file.
  virtual Result<std::string> read(const Path& path, std::size_t limit) = 0;
  /// Writes a new file with exactly that mode and owner (nullptr: unchanged); synced if asked.
  /// Never follows a link, never overwrites: Conflict.
  virtual Status write_new(const Path& path, std::string_view content, mode_t mode,
                           const Owner* owner, Durability durability) = 0;
  virtual Status rename(const Path& from, const Path& to) = 0;
  /// Fails with Conflict if `to` exists (renameat2 RENAME_NOREPLACE, or a check where unsupported).
  virtual Status rename_new(const Path& from, const Path& to) = 0;
  virtual Status sync_directory(const Path& path) = 0;
  virtual Status make_directory(const Path& path, mode_t mode, const Owner* owner) = 0;
  /// Sets mode and owner of a directory that exists, where they differ.
  virtual Status adjust_directory(const Path& path, mode_t mode, const Owner* owner) = 0;
  /// The same for a regular file.
  virtual Status adjust_file(const Path& path, mode_t mode, const Owner* owner) = 0;
  /// Absent is fine.
  virtual Status remove_file(const Path& path) = 0;
  /// With all in it; links in it are removed, not followed. Absent is fine.
  virtual Status remove_tree(const Path& path) = 0;
  virtual Result<std::vector<Entry>> list(const Path& path) = 0;
  /// One text for what these files of a folder are: another one whenever one of them was written,
  /// replaced, made or removed. Never fails: what cannot be seen counts as absent. Cheap.
  /// A stamp for each of them in turn, kEndOfStamp after each.
  virtual std::string stamps(const Path& folder, const std::vector<std::string>& files) = 0;
  /// When each of these was last changed (its content, or a folder's entries), in nanoseconds since
  /// 1970; 0 if it is absent. Of the names in one folder; never fails. Cheap.
  virtual std::vector<std::int64_t> change_times(const Path& folder,
                                                 const std::vector<std::string>& names) = 0;
  /// Time since it was last written, by the machine's clock.
  virtual Result<std::chrono::seconds> age(const Path& path) = 0;
  virtual bool exists(const Path& path) = 0;  ///< anything by that name, a dead link too
  virtual bool is_file(const Path& path) = 0;
  virtual bool is_directory(const Path& path) = 0;  ///< follows links (the store's root may be one)
};

/// The real one.
class PosixFileSystem final : public FileSystem {
 public:
  Result<std::string> read(const Path& path, std::size_t limit) override;
  Status write_new(const Path& path, std::string_view content, mode_t mode, const Owner* owner,
                   Durability durability) override;
  Status rename(const Path& from, const Path& to) override;
  Status rename_new(const Path& from, const Path& to) override;
  Status sync_directory(const Path& path) override;
  Status make_directory(const Path& path, mode_t mode, const Owner* owner) override;
  Status adjust_directory(const Path& path, mode_t mode, const Owner* owner) override;
  Status adjust_file(const Path& path, mode_t mode, const Owner* owner) override;
  Status remove_file(const Path& path) override;
  Status remove_tree(const Path& path) override;
  Result<std::vector<Entry>> list(const Path& path) override;
  std::string stamps(const Path& folder, const std::vector<std::string>& files) override;
  std::vector<std::int64_t> change_times(const Path& folder,
                                         const std::vector<std::string>& names) override;
  Result<std::chrono::seconds> age(const Path& path) override;
  bool exists(const Path& path) override;
  bool is_file(const Path& path) override;
  bool is_directory(const Path& path) override;
};

}  // namespace md::store
