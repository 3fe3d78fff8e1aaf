// SPDX-License-Identifier: Apache-2.0
#include "store/testing/memory_store.h"

#include <fmt/format.h>

#include <algorithm>

#include "store/file_store.h"

namespace md::testing {

using store::check_name;

std::optional<Error> MemoryStore::begin(std::string_view operation, Group group,
                                        std::string_view folder, std::string_view file) const {
  std::string line = fmt::format("{} {}", operation, store::name_of(group));
  for (const std::string_view part : {folder, file}) {
    if (!part.empty()) {
      line += fmt::format("/{}", part);
    }
  }
  {
    const std::lock_guard lock(mutex_);
    operations_.push_back(std::move(line));
  }
  return fault ? fault(operation, group, folder, file) : std::nullopt;
}

const MemoryStore::Files* MemoryStore::find(Group group, std::string_view folder) const {
  const auto folders = groups_.find(group);
  if (folders == groups_.end()) {
    return nullptr;
  }
  const auto files = folders->second.find(folder);
  return files == folders->second.end() ? nullptr : &files->second;
}

Result<std::string> MemoryStore::load(Group group, std::string_view folder,
                                      std::string_view file) const {
  MD_TRY(check_name(folder));
  MD_TRY(check_name(file));
  if (auto error = begin("load", group, folder, file)) {
    return *std::move(error);
  }
  const std::lock_guard lock(mutex_);
  if (const Files* const files = find(group, folder)) {
    if (const auto found = files->find(file); found != files->end()) {
      return found->second;
    }
  }
  return fail(ErrorKind::NotFound, fmt::format("read {}: no such file", path(group, folder, file)));
}

Status MemoryStore::save(Group group, std::string_view folder, std::string_view file,
                         std::string_view content, Durability /*durability*/) {
  MD_TRY(check_name(folder));
  MD_TRY(check_name(file));
  if (content.size() > store::kMaxFileSize) {
    return fail(ErrorKind::InvalidInput, "too large to be loaded again");
  }
  if (auto error = begin("save", group, folder, file)) {
    return *std::move(error);
  }
  const std::lock_guard lock(mutex_);
  groups_[group][std::string(folder)][std::string(file)] = std::string(content);
  return {};
}

Status MemoryStore::remove_file(Group group, std::string_view folder, std::string_view file) {
  MD_TRY(check_name(folder));
  MD_TRY(check_name(file));
  if (auto error = begin("remove_file", group, folder, file)) {
    return *std::move(error);
  }
  const std::lock_guard lock(mutex_);
  if (find(group, folder) != nullptr) {
    groups_[group][std::string(folder)].erase(std::string(file));
  }
  return {};
}

Status MemoryStore::remove_folder(Group group, std::string_view folder) {
  MD_TRY(check_name(folder));
  if (auto error = begin("remove_folder", group, folder, "")) {
    return *std::move(error);
  }
  const std::lock_guard lock(mutex_);
  groups_[group].erase(std::string(folder));
  return {};
}

Status MemoryStore::move_folder(Group from, std::string_view folder, Group to,
                                std::string_view new_folder) {
  MD_TRY(check_name(folder));
  MD_TRY(check_name(new_folder));
  if (auto error = begin("move_folder", from, folder, "")) {
    return *std::move(error);
  }
  const std::lock_guard lock(mutex_);
  if (find(from, folder) == nullptr) {
    return fail(ErrorKind::NotFound,
                fmt::format("rename {}: no such folder", path(from, folder, "")));
  }
  if (find(to, new_folder) != nullptr) {
    return fail(ErrorKind::Conflict, fmt::format("rename {} to {}: it exists",
                                                 path(from, folder, ""), path(to, new_folder, "")));
  }
  auto node = groups_[from].extract(std::string(folder));
  node.key() = std::string(new_folder);
  groups_[to].insert(std::move(node));
  return {};
}

Result<std::vector<std::string>> MemoryStore::folders(Group group) const {
  if (auto error = begin("folders", group, "", "")) {
    return *std::move(error);
  }
  const std::lock_guard lock(mutex_);
  std::vector<std::string> names;
  if (const auto found = groups_.find(group); found != groups_.end()) {
    for (const auto& [name, files] : found->second) {
      names.push_back(name);
    }
  }
  return names;
}

Result<std::vector<std::string>> MemoryStore::files(Group group, std::string_view folder) const {
  MD_TRY(check_name(folder));
  if (auto error = begin("files", group, folder, "")) {
    return *std::move(error);
  }
  const std::lock_guard lock(mutex_);
  std::vector<std::string> names;
  if (const Files* const found = find(group, folder)) {
    for (const auto& [name, content] : *found) {
      names.push_back(name);
    }
  }
  return names;
}

bool MemoryStore::folder_exists(Group group, std::string_view folder) const {
  const std::lock_guard lock(mutex_);
  return find(group, folder) != nullptr;
}

bool MemoryStore::exists(Group group, std::string_view folder, std::string_view file) const {
  const std::lock_guard lock(mutex_);
  const Files* const files = find(group, folder);
  return files != nullptr && files->find(file) != files->end();
}

std::string MemoryStore::path(Group group, std::string_view folder, std::string_view file) const {
  return fmt::format("memory/{}/{}/{}", store::name_of(group), folder, file);
}

std::vector<std::string> MemoryStore::operations() const {
  const std::lock_guard lock(mutex_);
  return operations_;
}

std::size_t MemoryStore::count(std::string_view operation) const {
  const std::lock_guard lock(mutex_);
  return static_cast<std::size_t>(std::ranges::count_if(operations_, [&](const std::string& line) {
    return line.starts_with(operation) &&
           (line.size() == operation.size() || line[operation.size()] == ' ');
  }));
}

void MemoryStore::forget_operations() {
  const std::lock_guard lock(mutex_);
  operations_.clear();
}

}  // namespace md::testing
