// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "store/file_system.h"

namespace md::testing {

/// A file system in which any operation can be made to fail, or to be the last one. Passes the
/// rest on to a real one, which should be over a temporary directory. Operations count from 1,
/// reading ones included. Keeps account of what is synced and never waits for the real disk, so
/// that it is also the quick file system for tests. Thread-safe.
class FaultyFileSystem final : public store::FileSystem {
 public:
  /// What is left after a crash.
  enum class Crash {
    Kill,        ///< all that the operating system was told
    DataLost,    ///< power cut: files that were not synced are empty
    AllDropped,  ///< and names made, changed or removed since their directory was synced go back
  };
  explicit FaultyFileSystem(store::FileSystem& inner) : inner_(inner) {}

  void fail_at(std::size_t operation, int error_number);
  /// Operation `operation` is under way when it happens: a file half written, a tree half removed.
  /// It and all later ones fail with Stopped.
  void crash_at(std::size_t operation, Crash crash);
  [[nodiscard]] std::size_t operations() const;
  [[nodiscard]] bool has_crashed() const;

  Result<std::string> read(const Path& path, std::size_t limit) override;
  Status write_new(const Path& path, std::string_view content, mode_t mode, const Owner* owner,
                   store::Durability durability) override;
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

 private:
  /// A name that changed in a directory that has not been synced since.
  struct Change {
    enum class Kind { Made, Renamed, Removed };
    Kind kind;
    std::string path;
    std::string from;                 // Renamed
    std::optional<std::string> lost;  // content of what was replaced or removed
    std::string directory;
  };
  enum class Turn { Proceed, CrashNow, Fail };

  Turn begin();
  /// For operations that happen or do not: nothing in between.
  Status pass(const Path& path);
  Error failure(const Path& path) const;
  void cut_power();
  void undo(const Change& change);
  void forget_changes_in(const std::string& directory);
  void note_made(const Path& path);
  void note_renamed(const Path& from, const Path& to, std::optional<std::string> lost);
  std::optional<std::string> content_of(const Path& path);
  Status rename_with(const Path& from, const Path& to,
                     Status (store::FileSystem::*operation)(const Path&, const Path&));

  store::FileSystem& inner_;
  mutable std::recursive_mutex mutex_;
  std::size_t operations_{0};
  std::size_t fail_at_{0};
  int error_number_{0};
  std::size_t crash_at_{0};
  Crash crash_{Crash::Kill};
  bool has_crashed_{false};
  std::vector<Change> changes_;     // in order
  std::set<std::string> unsynced_;  // files whose content is not on the disk
};

}  // namespace md::testing
