// SPDX-License-Identifier: Apache-2.0
#include "store/file_store.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>

#include "base/text.h"
#include "store/layout.h"

namespace md::store {
namespace {

// Names that another process with our pid (another host, another life) may have left in the way.
constexpr int kMaxTemporaryAttempts = 100;

bool is_temporary(std::string_view name) {
  return name.starts_with(kTemporaryPrefix);
}

const FileSystem::Owner* pointer_to(const std::optional<FileSystem::Owner>& owner) {
  return owner ? &*owner : nullptr;
}

Status check_names(std::initializer_list<std::string_view> names) {
  for (const std::string_view name : names) {
    MD_TRY(check_name(name));
  }
  return {};
}

/// What could not be loaded again is not to be saved.
Status check_size(std::string_view content) {
  return content.size() <= kMaxFileSize
             ? Status()
             : fail(ErrorKind::InvalidInput,
                    fmt::format("{} bytes are more than can be read again", content.size()));
}

/// One component or several, each of which is a name.
Status check_path(std::string_view path) {
  for (const std::string& name : split(path, '/')) {
    MD_TRY(check_name(name));
  }
  return {};
}

}  // namespace

FileStore::FileStore(Options options, FileSystem& files, Logger& logger)
    : options_(std::move(options)), files_(files), logger_(logger) {}

FileStore::Path FileStore::path_of(std::string_view name) const {
  return options_.root / name;
}

FileStore::Path FileStore::group_path(Group group) const {
  const Path group_folder = trusted_root() / name_of(group);
  return is_private_ ? group_folder / "." : group_folder;
}

FileStore::Path FileStore::folder_path(Group group, std::string_view folder) const {
  return group_path(group) / folder;
}

FileStore::Path FileStore::file_path(Group group, std::string_view folder,
                                     std::string_view file) const {
  return group_path(group) / folder / file;
}

std::string FileStore::path(Group group, std::string_view folder, std::string_view file) const {
  return (options_.root / name_of(group) / folder / file).string();
}

std::optional<FileStore::Owner> FileStore::root_owner() const {
  return options_.child_user ? std::optional(Owner{0, 0}) : std::nullopt;
}

std::optional<FileStore::Owner> FileStore::owner_of(Group group) const {
  const GroupLayout& layout = layout_of(group);
  if (options_.child_user && layout.for_child_user) {
    return Owner{options_.child_user->uid, options_.child_user->gid};
  }
  if (options_.child_user && layout.for_child_group) {
    return Owner{0, options_.child_user->gid};
  }
  return root_owner();
}

std::string FileStore::stamps(Group group, std::string_view folder,
                              const std::vector<std::string>& files) const {
  return check_name(folder) ? files_.stamps(folder_path(group, folder), files) : std::string();
}

std::vector<std::int64_t> FileStore::change_times(Group group,
                                                  const std::vector<std::string>& folders) const {
  return files_.change_times(group_path(group), folders);
}

std::string FileStore::stamps_at_root(const std::vector<std::string>& files) const {
  return files_.stamps(trusted_root(), files);
}

Result<std::string> FileStore::load(Group group, std::string_view folder,
                                    std::string_view file) const {
  MD_TRY(check_names({folder, file}));
  return files_.read(file_path(group, folder, file), kMaxFileSize);
}

Status FileStore::save(Group group, std::string_view folder, std::string_view file,
                       std::string_view content, Durability durability) {
  MD_TRY(check_names({folder, file}));
  MD_TRY_CONTEXT(check_size(content), "save " + path(group, folder, file));
  const Path target = file_path(group, folder, file);
  const NewFile new_file{content, mode_of_file(layout_of(group), file), owner_of(group),
                         durability};
  Status saved = replace(target, new_file);
  if (!saved && saved.error().kind == ErrorKind::NotFound) {
    MD_TRY_CONTEXT(make_folder(group, folder), "save " + path(group, folder, file));
    saved = replace(target, new_file);
  }
  if (saved && durability == Durability::Synced) {
    saved = sync_group_if_changed(group);
  }
  MD_TRY_CONTEXT(saved, "save " + path(group, folder, file));
  return {};
}

Status FileStore::replace(const Path& target, const NewFile& file) {
  MD_ASSIGN_OR_RETURN(const Path temporary, write_temporary(target.parent_path(), file));
  if (Status renamed = files_.rename(temporary, target); !renamed) {
    (void)files_.remove_file(temporary);
    return renamed;
  }
  if (file.durability == Durability::Synced) {
    return files_.sync_directory(target.parent_path());
  }
  return {};
}

Result<FileStore::Path> FileStore::write_temporary(const Path& folder, const NewFile& file) {
  Status written;
  for (int attempt = 0; attempt < kMaxTemporaryAttempts; ++attempt) {
    const std::uint64_t number = next_temporary_.fetch_add(1, std::memory_order_relaxed);
    Path temporary = folder / fmt::format("{}{}-{}", kTemporaryPrefix, ::getpid(), number);
    written = files_.write_new(temporary, file.content, file.mode, pointer_to(file.owner),
                               file.durability);
    if (written) {
      return temporary;
    }
    if (written.error().kind != ErrorKind::Conflict) {
      break;
    }
  }
  return std::move(written).error();
}

Status FileStore::make_group(Group group) {
  const std::optional<Owner> owner = owner_of(group);
  const Status made = files_.make_directory(trusted_root() / name_of(group),
                                            layout_of(group).folder_mode, pointer_to(owner));
  // Somebody else was faster: as good.
  return !made && made.error().kind == ErrorKind::Conflict ? Status() : made;
}

Status FileStore::make_folder(Group group, std::string_view folder) {
  const GroupLayout& layout = layout_of(group);
  const std::optional<Owner> owner = owner_of(group);
  const auto make = [&] {
    return files_.make_directory(folder_path(group, folder), layout.folder_mode, pointer_to(owner));
  };
  Status made = make();
  if (!made && made.error().kind == ErrorKind::NotFound) {
    MD_TRY(make_group(group));
    MD_TRY(files_.sync_directory(trusted_root()));
    made = make();
  }
  if (!made && made.error().kind != ErrorKind::Conflict) {
    return made;
  }
  group_changed_[index_of(group)] = true;
  return {};
}

Status FileStore::sync_group_if_changed(Group group) {
  std::atomic<bool>& changed = group_changed_[index_of(group)];
  if (!changed.exchange(false)) {
    return {};
  }
  Status synced = files_.sync_directory(group_path(group));
  if (!synced) {
    changed = true;
  }
  return synced;
}

Status FileStore::remove_file(Group group, std::string_view folder, std::string_view file) {
  MD_TRY(check_names({folder, file}));
  return files_.remove_file(file_path(group, folder, file));
}

Status FileStore::remove_folder(Group group, std::string_view folder) {
  MD_TRY(check_name(folder));
  return files_.remove_tree(folder_path(group, folder));
}

Status FileStore::move_folder(Group from, std::string_view folder, Group to,
                              std::string_view new_folder) {
  MD_TRY(check_names({folder, new_folder}));
  const auto move = [&] {
    return files_.rename_new(folder_path(from, folder), folder_path(to, new_folder));
  };
  Status moved = move();
  if (!moved && moved.error().kind == ErrorKind::NotFound && folder_exists(from, folder)) {
    MD_TRY(make_group(to));
    moved = move();
  }
  MD_TRY(moved);
  if (layout_of(from).for_child_user != layout_of(to).for_child_user) {
    MD_TRY(take_over_folder(to, new_folder));
  }
  MD_TRY(files_.sync_directory(group_path(to)));
  if (from != to) {
    MD_TRY(files_.sync_directory(group_path(from)));
  }
  return {};
}

/// Gives a folder that was another user's the owner and modes of its new group. What that user
/// planted in it goes away: a link in place of the folder, and all that is no file.
Status FileStore::take_over_folder(Group group, std::string_view folder) {
  const GroupLayout& layout = layout_of(group);
  const Path where = folder_path(group, folder);
  const std::optional<Owner> owner = owner_of(group);
  Status adjusted = files_.adjust_directory(where, layout.folder_mode, pointer_to(owner));
  if (!adjusted) {
    (void)files_.remove_tree(where);
    return adjusted;
  }
  MD_ASSIGN_OR_RETURN(const auto entries, files_.list(where));
  for (const FileSystem::Entry& entry : entries) {
    MD_TRY(entry.is_regular
               ? files_.adjust_file(where / entry.name, mode_of_file(layout, entry.name),
                                    pointer_to(owner))
               : files_.remove_tree(where / entry.name));
  }
  return {};
}

Result<std::vector<std::string>> FileStore::folders(Group group) const {
  auto entries = files_.list(group_path(group));
  std::vector<std::string> names;
  if (!entries) {
    return entries.error().kind == ErrorKind::NotFound
               ? Result<std::vector<std::string>>(std::move(names))
               : std::move(entries).error();
  }
  for (FileSystem::Entry& entry : *entries) {
    if (entry.is_directory && entry.is_readable) {
      names.push_back(std::move(entry.name));
    } else if (!is_temporary(entry.name)) {
      logger_.debug(fmt::format("{}: skipped, it is no folder that can be read",
                                (options_.root / name_of(group) / entry.name).string()));
    }
  }
  std::ranges::sort(names);
  return names;
}

Result<std::vector<std::string>> FileStore::files(Group group, std::string_view folder) const {
  MD_TRY(check_name(folder));
  return files_in(folder_path(group, folder));
}

Result<std::vector<std::string>> FileStore::files_at_root(std::string_view folder) const {
  MD_TRY(check_name(folder));
  return files_in(trusted_root() / folder);
}

Result<std::vector<std::string>> FileStore::files_in(const Path& folder) const {
  auto entries = files_.list(folder);
  std::vector<std::string> names;
  if (!entries) {
    return entries.error().kind == ErrorKind::NotFound
               ? Result<std::vector<std::string>>(std::move(names))
               : std::move(entries).error();
  }
  for (FileSystem::Entry& entry : *entries) {
    if (is_temporary(entry.name)) {
      continue;
    }
    if (entry.is_regular) {
      names.push_back(std::move(entry.name));
    } else {
      logger_.debug(fmt::format("{}: skipped, it is no file",
                                (folder / entry.name).lexically_normal().string()));
    }
  }
  std::ranges::sort(names);
  return names;
}

bool FileStore::folder_exists(Group group, std::string_view folder) const {
  return check_name(folder) && files_.exists(folder_path(group, folder));
}

bool FileStore::exists(Group group, std::string_view folder, std::string_view file) const {
  return check_names({folder, file}) && files_.is_file(file_path(group, folder, file));
}

Status FileStore::ensure_folder(std::string_view name, mode_t mode, bool for_child_user) {
  MD_TRY(check_path(name));
  std::optional<Owner> owner = root_owner();
  if (for_child_user && options_.child_user) {
    owner = Owner{options_.child_user->uid, options_.child_user->gid};
  }
  const Path where = trusted_root() / name;
  Status made = files_.make_directory(where, mode, pointer_to(owner));
  if (!made && made.error().kind == ErrorKind::Conflict) {
    made = is_private_ ? files_.adjust_directory(where, mode, pointer_to(owner)) : Status();
    remove_stale(where);
  }
  return made;
}

Status FileStore::save_at_root(std::string_view name, std::string_view content, mode_t mode,
                               Durability durability) {
  MD_TRY(check_path(name));
  MD_TRY_CONTEXT(replace(trusted_root() / name, {content, mode, std::nullopt, durability}),
                 "save " + path_of(name).string());
  return {};
}

Result<std::string> FileStore::load_at_root(std::string_view name, std::size_t limit) const {
  MD_TRY(check_path(name));
  return files_.read(trusted_root() / name, limit);
}

Status FileStore::remove_at_root(std::string_view name) {
  MD_TRY(check_path(name));
  return files_.remove_file(trusted_root() / name);
}

}  // namespace md::store
