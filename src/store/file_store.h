// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sys/types.h>

#include <array>
#include <atomic>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>

#include "base/logger.h"
#include "base/result.h"
#include "base/secret_bytes.h"
#include "store/file_system.h"
#include "store/header.h"
#include "store/store.h"

namespace md::store {

/// Below the root: what MDStoreLocks locks.
inline constexpr std::string_view kLockFile = "store.lock";

/// Bytes of the largest file of a domain.
inline constexpr std::size_t kMaxFileSize = std::size_t{1024} * 1024;

/// Who the child processes are. Set only where the server was started as root.
struct ChildUser {
  uid_t uid{0};
  gid_t gid{0};
};

struct GroupLayout;

/// The store on disk, in mod_md's layout 3.0 (spec/store.md). Opened by the parent before the
/// children are forked; the object, with the key in memory, goes on living in them. Thread-safe.
class FileStore final : public Store {
 public:
  /// Is what is in the groups put right, too, and not only the groups? It takes a look at every
  /// folder.
  enum class Tidying { No, Yes };
  struct Options {
    std::filesystem::path root;
    std::optional<ChildUser> child_user;  ///< nullopt: no chown is attempted
    Tidying tidying{Tidying::Yes};
  };

  /// Opens the store, or makes it: root folder, `md_store.json` with a new key, the group folders
  /// with their owners and modes (also set right where they differ). Migrates version 1.x. Removes
  /// temporary files that writers left behind an hour ago or more.
  /// A `md_store.json` that cannot be read or is broken: the error names the file, why, and how to
  /// recover; nothing is changed. A newer version than 3: refused, nothing is changed. The root may
  /// be reached through a symbolic link.
  static Result<std::unique_ptr<FileStore>> open(Options options, FileSystem& files,
                                                 Logger& logger);

  /// The 48 bytes that encrypt keys outside `domains/` (the pass phrase of their PKCS#8).
  [[nodiscard]] const SecretBytes& key() const { return key_; }
  [[nodiscard]] const std::filesystem::path& root() const { return options_.root; }
  /// `<root>/<name>`, for what lies outside the groups: locks, `served/`, `httpd.json`.
  [[nodiscard]] std::filesystem::path path_of(std::string_view name) const;
  /// Makes `<root>/<name>` a folder of the child user (or of root) with that mode; sets an existing
  /// one right, unless others may write to the store.
  Status ensure_folder(std::string_view name, mode_t mode, bool for_child_user);
  /// Atomic write of `<root>/<name>` (one component, or `folder/name`), owned by the caller.
  Status save_at_root(std::string_view name, std::string_view content, mode_t mode,
                      Durability durability);
  /// One of more than `limit` bytes is refused.
  [[nodiscard]] Result<std::string> load_at_root(std::string_view name,
                                                 std::size_t limit = kMaxFileSize) const;
  /// Absent is fine.
  Status remove_at_root(std::string_view name);
  /// Files of `<root>/<folder>`, sorted; empty if there is no such folder.
  [[nodiscard]] Result<std::vector<std::string>> files_at_root(std::string_view folder) const;

  /// What these files are now: see FileSystem::stamps.
  [[nodiscard]] std::string stamps(Group group, std::string_view folder,
                                   const std::vector<std::string>& files) const;
  /// Of folders of a group: see FileSystem::change_times.
  [[nodiscard]] std::vector<std::int64_t> change_times(
      Group group, const std::vector<std::string>& folders) const;
  [[nodiscard]] std::string stamps_at_root(const std::vector<std::string>& files) const;

  [[nodiscard]] Result<std::string> load(Group group, std::string_view folder,
                                         std::string_view file) const override;
  Status save(Group group, std::string_view folder, std::string_view file, std::string_view content,
              Durability durability) override;
  Status remove_file(Group group, std::string_view folder, std::string_view file) override;
  Status remove_folder(Group group, std::string_view folder) override;
  Status move_folder(Group from, std::string_view folder, Group to,
                     std::string_view new_folder) override;
  [[nodiscard]] Result<std::vector<std::string>> folders(Group group) const override;
  [[nodiscard]] Result<std::vector<std::string>> files(Group group,
                                                       std::string_view folder) const override;
  [[nodiscard]] bool folder_exists(Group group, std::string_view folder) const override;
  [[nodiscard]] bool exists(Group group, std::string_view folder,
                            std::string_view file) const override;
  [[nodiscard]] std::string path(Group group, std::string_view folder,
                                 std::string_view file) const override;

 private:
  using Path = std::filesystem::path;
  using Owner = FileSystem::Owner;
  struct NewFile {
    std::string_view content;
    mode_t mode;
    std::optional<Owner> owner;
    Durability durability;
  };

  FileStore(Options options, FileSystem& files, Logger& logger);

  // Steps of open().
  Status ensure_root();
  Status load_or_make_header();
  void look_who_may_write();
  [[nodiscard]] bool is_header_a_link() const;
  Result<std::string> read_header();
  Result<std::string> load_header();
  Status make_header();
  Status upgrade(const Header& header);
  void adjust_root();
  Status ensure_groups();
  void adjust_group(const GroupLayout& layout);
  void tidy_group(Group group);
  void adjust_folder(const Path& folder, const GroupLayout& layout, const Owner* owner);
  void remove_stale(const Path& folder);
  void warn_of(const Error& error);

  // Paths for the file system: "/." marks what is trusted (see FileSystem).
  [[nodiscard]] Path trusted_root() const { return options_.root / "."; }
  [[nodiscard]] Path group_path(Group group) const;
  [[nodiscard]] Path folder_path(Group group, std::string_view folder) const;
  [[nodiscard]] Path file_path(Group group, std::string_view folder, std::string_view file) const;
  [[nodiscard]] std::optional<Owner> owner_of(Group group) const;
  [[nodiscard]] std::optional<Owner> root_owner() const;

  [[nodiscard]] Result<std::vector<std::string>> files_in(const Path& folder) const;
  Status replace(const Path& target, const NewFile& file);
  Result<Path> write_temporary(const Path& folder, const NewFile& file);
  Status make_folder(Group group, std::string_view folder);
  Status make_group(Group group);
  Status sync_group_if_changed(Group group);
  Status take_over_folder(Group group, std::string_view folder);

  Options options_;
  FileSystem& files_;
  Logger& logger_;
  SecretBytes key_;
  // Nobody but root may write to what is root's: links in it are root's, too, and its owners and
  // modes are ours to set.
  bool is_private_{true};
  std::atomic<std::uint64_t> next_temporary_{0};
  // Folders were made in the group, and its directory has not been synced since.
  std::array<std::atomic<bool>, 7> group_changed_{};
};

}  // namespace md::store
