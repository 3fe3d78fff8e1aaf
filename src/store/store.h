// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/result.h"

namespace md::store {

/// The folders of the store (spec/store.md). Each has its owner and modes.
enum class Group { Accounts, Archive, Challenges, Domains, Ocsp, Staging, Tmp };
std::string_view name_of(Group group);

/// What the interface below says about names: InvalidInput unless it is one component of a path.
Status check_name(std::string_view name);

/// Does the loss of a file in a power cut lose something that cannot be made again?
enum class Durability {
  Replaceable,  ///< made again from the configuration: atomic, not synced
  Synced,       ///< file and directory are synced before the write counts
};

/// Files in folders in groups: `domains/example.org/pubcert.pem`. Every write is atomic: readers,
/// also in other processes, see the old file or the new one. Thread-safe; callers that read, change
/// and write back hold the domain's lock (store/lock.h). Names are names of one path component;
/// anything else (empty, "..", with '/' or NUL, longer than 255 bytes) is InvalidInput.
class Store {
 public:
  virtual ~Store() = default;

  /// NotFound if absent; Corrupt if larger than any file of ours (1 MiB); Denied, Io. The message
  /// names the path.
  [[nodiscard]] virtual Result<std::string> load(Group group, std::string_view folder,
                                                 std::string_view file) const = 0;
  /// Creates the folder where needed, with the group's owner and modes whatever the umask is.
  virtual Status save(Group group, std::string_view folder, std::string_view file,
                      std::string_view content, Durability durability) = 0;
  /// Absent files and folders are fine.
  virtual Status remove_file(Group group, std::string_view folder, std::string_view file) = 0;
  virtual Status remove_folder(Group group, std::string_view folder) = 0;
  /// Renames a folder, synced. Conflict if the target exists, NotFound if the source does not.
  virtual Status move_folder(Group from, std::string_view folder, Group to,
                             std::string_view new_folder) = 0;
  /// Folders of a group, sorted. Stray files, links and what cannot be read are left out.
  [[nodiscard]] virtual Result<std::vector<std::string>> folders(Group group) const = 0;
  /// Files of a folder, sorted; empty if there is no such folder. Temporary files are left out.
  [[nodiscard]] virtual Result<std::vector<std::string>> files(Group group,
                                                               std::string_view folder) const = 0;
  /// Is that name taken, by a folder or by anything else?
  [[nodiscard]] virtual bool folder_exists(Group group, std::string_view folder) const = 0;
  /// Is it there? Without opening it.
  [[nodiscard]] virtual bool exists(Group group, std::string_view folder,
                                    std::string_view file) const = 0;
  /// Where it lies: for messages, and for paths that mod_ssl is given.
  [[nodiscard]] virtual std::string path(Group group, std::string_view folder,
                                         std::string_view file) const = 0;
};

}  // namespace md::store
