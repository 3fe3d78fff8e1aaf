// SPDX-License-Identifier: Apache-2.0
#include "store/testing/faulty_file_system.h"

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>

namespace md::testing {
namespace {

using Path = store::FileSystem::Path;

constexpr std::size_t kNoLimit = 64UL * 1024UL * 1024UL;
constexpr mode_t kMode = 0600;

/// One text for each file, however it is written ("a/./b", "a/b/.").
std::string key_of(const Path& path) {
  std::string text = path.lexically_normal().string();
  while (text.size() > 1 && text.ends_with('/')) {
    text.pop_back();
  }
  return text;
}

std::string directory_of(const Path& path) {
  return Path(key_of(path)).parent_path().string();
}

/// What `path` is called after `from` was renamed to `to`.
std::string renamed(const std::string& path, const std::string& from, const std::string& to) {
  if (path == from) {
    return to;
  }
  return path.starts_with(from + "/") ? to + path.substr(from.size()) : path;
}

std::set<std::string> renamed(const std::set<std::string>& paths, const std::string& from,
                              const std::string& to) {
  std::set<std::string> result;
  for (const std::string& path : paths) {
    result.insert(renamed(path, from, to));
  }
  return result;
}

}  // namespace

void FaultyFileSystem::fail_at(std::size_t operation, int error_number) {
  const std::lock_guard lock(mutex_);
  fail_at_ = operation;
  error_number_ = error_number;
}

void FaultyFileSystem::crash_at(std::size_t operation, Crash crash) {
  const std::lock_guard lock(mutex_);
  crash_at_ = operation;
  crash_ = crash;
}

std::size_t FaultyFileSystem::operations() const {
  const std::lock_guard lock(mutex_);
  return operations_;
}

bool FaultyFileSystem::has_crashed() const {
  const std::lock_guard lock(mutex_);
  return has_crashed_;
}

FaultyFileSystem::Turn FaultyFileSystem::begin() {
  if (has_crashed_) {
    return Turn::Fail;
  }
  ++operations_;
  if (operations_ == crash_at_) {
    has_crashed_ = true;
    return Turn::CrashNow;
  }
  return operations_ == fail_at_ ? Turn::Fail : Turn::Proceed;
}

Status FaultyFileSystem::pass(const Path& path) {
  const Turn turn = begin();
  if (turn == Turn::CrashNow) {
    cut_power();
  }
  return turn == Turn::Proceed ? Status() : failure(path);
}

Error FaultyFileSystem::failure(const Path& path) const {
  if (has_crashed_) {
    return fail(ErrorKind::Stopped, fmt::format("{}: crashed", path.string()));
  }
  return fail_errno(error_number_, fmt::format("fault at {}", path.string()));
}

std::optional<std::string> FaultyFileSystem::content_of(const Path& path) {
  auto content = inner_.read(path, kNoLimit);
  return content ? std::optional(*std::move(content)) : std::nullopt;
}

void FaultyFileSystem::cut_power() {
  if (crash_ == Crash::Kill) {
    return;
  }
  for (const std::string& path : unsynced_) {
    if (inner_.is_file(path)) {
      (void)inner_.remove_file(path);
      (void)inner_.write_new(path, "", kMode, nullptr, store::Durability::Replaceable);
    }
  }
  if (crash_ == Crash::AllDropped) {
    for (auto change = changes_.rbegin(); change != changes_.rend(); ++change) {
      undo(*change);
    }
  }
}

void FaultyFileSystem::undo(const Change& change) {
  switch (change.kind) {
    case Change::Kind::Made:
      (void)inner_.remove_tree(change.path);
      break;
    case Change::Kind::Renamed:
      (void)inner_.rename(change.path, change.from);
      break;
    case Change::Kind::Removed:
      break;
  }
  if (change.lost) {
    (void)inner_.write_new(change.path, *change.lost, kMode, nullptr,
                           store::Durability::Replaceable);
  }
}

void FaultyFileSystem::note_made(const Path& path) {
  changes_.push_back({Change::Kind::Made, key_of(path), "", std::nullopt, directory_of(path)});
}

void FaultyFileSystem::note_renamed(const Path& from, const Path& to,
                                    std::optional<std::string> lost) {
  const std::string old_name = key_of(from);
  const std::string new_name = key_of(to);
  unsynced_.erase(new_name);
  unsynced_ = renamed(unsynced_, old_name, new_name);
  // What happened inside a directory goes with it; what made it is undone under its old name.
  for (Change& change : changes_) {
    if (change.path != old_name) {
      change.path = renamed(change.path, old_name, new_name);
      change.from = renamed(change.from, old_name, new_name);
      change.directory = renamed(change.directory, old_name, new_name);
    }
  }
  changes_.push_back(
      {Change::Kind::Renamed, new_name, old_name, std::move(lost), directory_of(to)});
}

void FaultyFileSystem::forget_changes_in(const std::string& directory) {
  std::set<std::string> old_names;
  for (const Change& change : changes_) {
    if (change.kind == Change::Kind::Renamed && change.directory == directory) {
      old_names.insert(change.from);
    }
  }
  // What has its new name for good is there, whether or not its first name was ever synced.
  std::erase_if(changes_, [&](const Change& change) {
    return change.directory == directory ||
           (change.kind == Change::Kind::Made && old_names.contains(change.path));
  });
}

Result<std::string> FaultyFileSystem::read(const Path& path, std::size_t limit) {
  const std::lock_guard lock(mutex_);
  MD_TRY(pass(path));
  return inner_.read(path, limit);
}

Status FaultyFileSystem::write_new(const Path& path, std::string_view content, mode_t mode,
                                   const Owner* owner, store::Durability durability) {
  const std::lock_guard lock(mutex_);
  const Turn turn = begin();
  if (turn == Turn::Fail) {
    return failure(path);
  }
  if (turn == Turn::CrashNow) {
    content = content.substr(0, content.size() / 2);
    durability = store::Durability::Replaceable;
  }
  Status written = inner_.write_new(path, content, mode, owner, store::Durability::Replaceable);
  if (written) {
    note_made(path);
    if (durability == store::Durability::Replaceable) {
      unsynced_.insert(key_of(path));
    }
  }
  if (turn == Turn::CrashNow) {
    cut_power();
    return failure(path);
  }
  return written;
}

Status FaultyFileSystem::rename_with(const Path& from, const Path& to,
                                     Status (store::FileSystem::*operation)(const Path&,
                                                                            const Path&)) {
  const std::lock_guard lock(mutex_);
  MD_TRY(pass(to));
  auto lost = content_of(to);
  Status done = (inner_.*operation)(from, to);
  if (done) {
    note_renamed(from, to, std::move(lost));
  }
  return done;
}

Status FaultyFileSystem::rename(const Path& from, const Path& to) {
  return rename_with(from, to, &store::FileSystem::rename);
}

Status FaultyFileSystem::rename_new(const Path& from, const Path& to) {
  return rename_with(from, to, &store::FileSystem::rename_new);
}

Status FaultyFileSystem::sync_directory(const Path& path) {
  const std::lock_guard lock(mutex_);
  MD_TRY(pass(path));
  if (!inner_.is_directory(path)) {
    return fail_errno(ENOENT, fmt::format("sync {}", path.string()));
  }
  forget_changes_in(key_of(path));
  return {};
}

Status FaultyFileSystem::make_directory(const Path& path, mode_t mode, const Owner* owner) {
  const std::lock_guard lock(mutex_);
  const Turn turn = begin();
  if (turn == Turn::Fail) {
    return failure(path);
  }
  if (turn == Turn::CrashNow) {
    (void)inner_.make_directory(path, 0700, nullptr);
    note_made(path);
    cut_power();
    return failure(path);
  }
  Status made = inner_.make_directory(path, mode, owner);
  if (made) {
    note_made(path);
  }
  return made;
}

Status FaultyFileSystem::adjust_directory(const Path& path, mode_t mode, const Owner* owner) {
  const std::lock_guard lock(mutex_);
  MD_TRY(pass(path));
  return inner_.adjust_directory(path, mode, owner);
}

Status FaultyFileSystem::adjust_file(const Path& path, mode_t mode, const Owner* owner) {
  const std::lock_guard lock(mutex_);
  MD_TRY(pass(path));
  return inner_.adjust_file(path, mode, owner);
}

Status FaultyFileSystem::remove_file(const Path& path) {
  const std::lock_guard lock(mutex_);
  MD_TRY(pass(path));
  auto lost = content_of(path);
  Status removed = inner_.remove_file(path);
  if (removed && lost) {
    unsynced_.erase(key_of(path));
    changes_.push_back(
        {Change::Kind::Removed, key_of(path), "", std::move(lost), directory_of(path)});
  }
  return removed;
}

Status FaultyFileSystem::remove_tree(const Path& path) {
  const std::lock_guard lock(mutex_);
  const Turn turn = begin();
  if (turn == Turn::Fail) {
    return failure(path);
  }
  if (turn == Turn::CrashNow) {
    auto entries = inner_.list(path);
    for (std::size_t i = 0; entries && i < entries->size() / 2; ++i) {
      (void)inner_.remove_tree(path / (*entries)[i].name);
    }
    cut_power();
    return failure(path);
  }
  return inner_.remove_tree(path);
}

Result<std::vector<store::FileSystem::Entry>> FaultyFileSystem::list(const Path& path) {
  const std::lock_guard lock(mutex_);
  MD_TRY(pass(path));
  return inner_.list(path);
}

std::string FaultyFileSystem::stamps(const Path& folder, const std::vector<std::string>& files) {
  const std::lock_guard lock(mutex_);
  return has_crashed_ ? std::string() : inner_.stamps(folder, files);
}

std::vector<std::int64_t> FaultyFileSystem::change_times(const Path& folder,
                                                         const std::vector<std::string>& names) {
  const std::lock_guard lock(mutex_);
  return has_crashed_ ? std::vector<std::int64_t>(names.size(), 0)
                      : inner_.change_times(folder, names);
}

Result<std::chrono::seconds> FaultyFileSystem::age(const Path& path) {
  const std::lock_guard lock(mutex_);
  MD_TRY(pass(path));
  return inner_.age(path);
}

bool FaultyFileSystem::exists(const Path& path) {
  const std::lock_guard lock(mutex_);
  return !has_crashed_ && inner_.exists(path);
}

bool FaultyFileSystem::is_file(const Path& path) {
  const std::lock_guard lock(mutex_);
  return !has_crashed_ && inner_.is_file(path);
}

bool FaultyFileSystem::is_directory(const Path& path) {
  const std::lock_guard lock(mutex_);
  return !has_crashed_ && inner_.is_directory(path);
}

}  // namespace md::testing
