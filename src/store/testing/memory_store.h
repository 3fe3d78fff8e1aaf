// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "store/store.h"

namespace md::testing {

/// A store in memory. Counts what is done to it, and fails where `fault` says so. Thread-safe.
class MemoryStore final : public store::Store {
 public:
  using Group = store::Group;
  using Durability = store::Durability;

  /// Asked before each operation that reads or changes: "load", "save", "remove_file",
  /// "remove_folder", "move_folder", "folders", "files". Set before threads share the store.
  std::function<std::optional<Error>(std::string_view operation, Group group,
                                     std::string_view folder, std::string_view file)>
      fault;

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

  /// "save domains/example.org/md.json" and so on, in order.
  [[nodiscard]] std::vector<std::string> operations() const;
  [[nodiscard]] std::size_t count(std::string_view operation) const;
  void forget_operations();

 private:
  using Files = std::map<std::string, std::string, std::less<>>;
  using Folders = std::map<std::string, Files, std::less<>>;

  std::optional<Error> begin(std::string_view operation, Group group, std::string_view folder,
                             std::string_view file) const;
  [[nodiscard]] const Files* find(Group group, std::string_view folder) const;

  mutable std::mutex mutex_;
  std::map<Group, Folders> groups_;              // guarded by mutex_
  mutable std::vector<std::string> operations_;  // guarded by mutex_
};

}  // namespace md::testing
