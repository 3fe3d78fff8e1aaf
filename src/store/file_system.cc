// SPDX-License-Identifier: Apache-2.0
#include "store/file_system.h"

#include <dirent.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <stdio.h>
#include <sys/stat.h>

#include <algorithm>
#include <memory>
#include <optional>

#include "base/clock.h"
#include "base/descriptor.h"
#include "base/secret_bytes.h"
#include "base/text.h"

namespace md::store {
namespace {

using Path = FileSystem::Path;
using Entry = FileSystem::Entry;
using Owner = FileSystem::Owner;

constexpr int kFolderFlags = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC;
constexpr int kMaxDepth = 16;  // the store has three levels; more was put there to hurt
constexpr mode_t kModeBits = 07777;

Error failed(std::string_view attempted, const Path& path, int error_number = errno) {
  return fail_errno(error_number,
                    fmt::format("{} {}", attempted, path.lexically_normal().string()));
}

/// Follows links up to the last "/./" of the path alone.
Descriptor open_untrusted(const Path& path) {
  constexpr std::string_view kMark = "/./";
  const std::string text = path.string();
  const bool is_trusted = path.filename() == ".";
  const auto mark = is_trusted ? std::string::npos : text.rfind(kMark);
  const auto rest = mark == std::string::npos ? text.size() : mark + kMark.size();
  if (text.find('/', rest) == std::string::npos) {  // the system follows none in the last place
    return Descriptor(uninterrupted([&] { return ::open(path.c_str(), kFolderFlags); }));
  }
  const std::string trusted = text.substr(0, rest - 1);
  Descriptor folder(uninterrupted([&] { return ::open(trusted.c_str(), kFolderFlags); }));
  for (const std::string& name : split(std::string_view(text).substr(rest), '/')) {
    if (folder.is_open()) {
      folder = Descriptor(
          uninterrupted([&] { return ::openat(folder.get(), name.c_str(), kFolderFlags); }));
    }
  }
  return folder;
}

/// An open folder and the name of something in it.
struct Place {
  Descriptor folder;
  std::string name;
};

Result<Place> open_place(const Path& path, std::string_view attempted) {
  const Path parent = path.has_parent_path() ? path.parent_path() : Path(".");
  Descriptor folder = open_untrusted(parent);
  if (!folder.is_open()) {
    return failed(attempted, path);
  }
  return Place{std::move(folder), path.filename().string()};
}

Result<Descriptor> open_folder(const Path& path, std::string_view attempted) {
  if (path.filename() == ".") {  // trusted
    Descriptor folder(uninterrupted([&] { return ::open(path.c_str(), kFolderFlags); }));
    return folder.is_open() ? Result<Descriptor>(std::move(folder)) : failed(attempted, path);
  }
  MD_ASSIGN_OR_RETURN(const Place place, open_place(path, attempted));
  Descriptor folder(uninterrupted(
      [&] { return ::openat(place.folder.get(), place.name.c_str(), kFolderFlags); }));
  if (!folder.is_open()) {
    return failed(attempted, path);
  }
  return folder;
}

/// Mode and owner of what is open, where they differ. The owner first: a change takes away bits.
Status adjust(int fd, mode_t mode, const Owner* owner, const Path& path) {
  struct stat now {};
  if (::fstat(fd, &now) != 0) {
    return failed("look at", path);
  }
  if (owner != nullptr && (now.st_uid != owner->uid || now.st_gid != owner->gid) &&
      ::fchown(fd, owner->uid, owner->gid) != 0) {
    return failed("set the owner of", path);
  }
  if ((now.st_mode & kModeBits) != mode && ::fchmod(fd, mode) != 0) {
    return failed("set the mode of", path);
  }
  return {};
}

/// Into the one place where the caller has it: what is read may be a key, and copies would stay in
/// memory. `size` is what the file should have.
Result<std::string> read_open(int fd, std::size_t size, std::size_t limit, const Path& path) {
  std::string content(std::min(size, limit) + 1, '\0');
  std::size_t filled = 0;
  while (true) {
    if (filled == content.size()) {  // it has grown meanwhile
      std::string larger(std::min(2 * content.size(), limit + 1), '\0');
      std::copy_n(content.begin(), filled, larger.begin());
      wipe(content.data(), content.size());
      content = std::move(larger);
    }
    const ssize_t count =
        uninterrupted([&] { return ::read(fd, content.data() + filled, content.size() - filled); });
    if (count < 0) {
      return failed("read", path);
    }
    filled += static_cast<std::size_t>(count);
    if (filled > limit) {
      return fail(ErrorKind::Corrupt, fmt::format("read {}: it is larger than {} bytes",
                                                  path.lexically_normal().string(), limit));
    }
    if (count == 0) {
      content.resize(filled);
      return content;
    }
  }
}

Status sync(int fd, const Path& path) {
  return uninterrupted([&] { return ::fsync(fd); }) == 0 ? Status() : failed("sync", path);
}

struct CloseDirectory {
  void operator()(DIR* directory) const noexcept { ::closedir(directory); }
};

bool is_readable_folder(int folder, const char* name) {
  return ::faccessat(folder, name, R_OK | X_OK, AT_EACCESS) == 0;
}

/// nullopt for "." and "..", and for what is gone since.
std::optional<Entry> look_at(int folder, const dirent& found) {
  const std::string_view name = found.d_name;
  if (name == "." || name == "..") {
    return std::nullopt;
  }
  Entry entry{std::string(name), found.d_type == DT_DIR, found.d_type == DT_REG, false};
  if (found.d_type == DT_UNKNOWN) {
    struct stat facts {};
    if (::fstatat(folder, found.d_name, &facts, AT_SYMLINK_NOFOLLOW) != 0) {
      return std::nullopt;
    }
    entry.is_directory = S_ISDIR(facts.st_mode);
    entry.is_regular = S_ISREG(facts.st_mode);
  }
  entry.is_readable = entry.is_directory && is_readable_folder(folder, found.d_name);
  return entry;
}

Result<std::vector<Entry>> list_open(Descriptor folder, const Path& path) {
  const std::unique_ptr<DIR, CloseDirectory> directory(::fdopendir(folder.get()));
  if (directory == nullptr) {
    return failed("list", path);
  }
  const int fd = folder.release();  // closed with `directory`
  std::vector<Entry> entries;
  errno = 0;
  // NOLINTNEXTLINE(concurrency-mt-unsafe): safe for a DIR of one's own (POSIX.1-2017, readdir)
  while (const dirent* const found = ::readdir(directory.get())) {
    if (auto entry = look_at(fd, *found)) {
      entries.push_back(*std::move(entry));
    }
    errno = 0;
  }
  if (errno != 0) {
    return failed("list", path);
  }
  return entries;
}

// NOLINTNEXTLINE(misc-no-recursion): bounded by kMaxDepth
Status remove_at(int folder, const char* name, const Path& path, int depth) {
  if (::unlinkat(folder, name, 0) == 0 || errno == ENOENT) {
    return {};
  }
  if (errno != EISDIR && errno != EPERM) {  // what unlink says of a folder: Linux, POSIX
    return failed("remove", path);
  }
  if (depth > kMaxDepth) {
    return fail(ErrorKind::Io, fmt::format("remove {}: nested too deeply", path.string()));
  }
  const int unlink_error = errno;
  Descriptor inner(uninterrupted([&] { return ::openat(folder, name, kFolderFlags); }));
  if (!inner.is_open()) {
    return failed("remove", path, errno == ENOTDIR ? unlink_error : errno);
  }
  const int inner_fd = inner.get();
  Descriptor to_list(::fcntl(inner_fd, F_DUPFD_CLOEXEC, 0));
  MD_ASSIGN_OR_RETURN(const auto entries, list_open(std::move(to_list), path));
  for (const Entry& entry : entries) {
    MD_TRY(remove_at(inner_fd, entry.name.c_str(), path / entry.name, depth + 1));
  }
  if (::unlinkat(folder, name, AT_REMOVEDIR) != 0 && errno != ENOENT) {
    return failed("remove", path);
  }
  return {};
}

bool is_absent(const Error& error) {
  return error.kind == ErrorKind::NotFound;
}

Result<struct stat> look(const Path& path) {
  MD_ASSIGN_OR_RETURN(const Place place, open_place(path, "look at"));
  struct stat facts {};
  if (::fstatat(place.folder.get(), place.name.c_str(), &facts, AT_SYMLINK_NOFOLLOW) != 0) {
    return failed("look at", path);
  }
  return facts;
}

int rename_without_replacing(const Place& from, const Place& to) {
#ifdef RENAME_NOREPLACE
  if (::renameat2(from.folder.get(), from.name.c_str(), to.folder.get(), to.name.c_str(),
                  RENAME_NOREPLACE) == 0) {
    return 0;
  }
  if (errno != EINVAL && errno != ENOSYS) {  // a kernel or file system that cannot
    return -1;
  }
#endif
  struct stat facts {};
  if (::fstatat(to.folder.get(), to.name.c_str(), &facts, AT_SYMLINK_NOFOLLOW) == 0) {
    errno = EEXIST;
    return -1;
  }
  return ::renameat(from.folder.get(), from.name.c_str(), to.folder.get(), to.name.c_str());
}

/// A folder of ours just made, whatever the umask has left of its mode.
Descriptor open_new_folder(const Place& place) {
  const char* const name = place.name.c_str();
  int fd = uninterrupted([&] { return ::openat(place.folder.get(), name, kFolderFlags); });
  // Never as root, who needs no permission: this call follows links.
  if (fd < 0 && errno == EACCES && ::geteuid() != 0 &&
      ::fchmodat(place.folder.get(), name, 0700, 0) == 0) {
    fd = uninterrupted([&] { return ::openat(place.folder.get(), name, kFolderFlags); });
  }
  return Descriptor(fd);
}

}  // namespace

Result<std::string> PosixFileSystem::read(const Path& path, std::size_t limit) {
  MD_ASSIGN_OR_RETURN(const Place place, open_place(path, "read"));
  constexpr int kFlags = O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC;
  const Descriptor file(
      uninterrupted([&] { return ::openat(place.folder.get(), place.name.c_str(), kFlags); }));
  struct stat facts {};
  if ((!file.is_open() && errno != ELOOP) || (file.is_open() && ::fstat(file.get(), &facts) != 0)) {
    return failed("read", path);
  }
  if (!S_ISREG(facts.st_mode)) {
    return fail(ErrorKind::Corrupt,
                fmt::format("read {}: it is no regular file", path.lexically_normal().string()));
  }
  return read_open(file.get(), static_cast<std::size_t>(facts.st_size), limit, path);
}

Status PosixFileSystem::write_new(const Path& path, std::string_view content, mode_t mode,
                                  const Owner* owner, Durability durability) {
  MD_ASSIGN_OR_RETURN(const Place place, open_place(path, "create"));
  constexpr int kFlags = O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC;
  Descriptor file(uninterrupted(
      [&] { return ::openat(place.folder.get(), place.name.c_str(), kFlags, 0600); }));
  if (!file.is_open()) {
    return failed("create", path);
  }
  Status status = adjust(file.get(), mode, owner, path);
  if (status && !write_all(file.get(), content)) {
    status = failed("write", path);
  }
  if (status && durability == Durability::Synced) {
    status = sync(file.get(), path);
  }
  if (!file.close() && status) {
    status = failed("write", path);
  }
  if (!status) {
    (void)::unlinkat(place.folder.get(), place.name.c_str(), 0);
  }
  return status;
}

Status PosixFileSystem::rename(const Path& from, const Path& to) {
  MD_ASSIGN_OR_RETURN(const Place source, open_place(from, "rename"));
  if (from.parent_path() == to.parent_path()) {  // by far the most, and half the work
    const int folder = source.folder.get();
    return ::renameat(folder, source.name.c_str(), folder, to.filename().c_str()) == 0
               ? Status()
               : failed(fmt::format("rename {} to", from.lexically_normal().string()), to);
  }
  MD_ASSIGN_OR_RETURN(const Place target, open_place(to, "rename to"));
  if (::renameat(source.folder.get(), source.name.c_str(), target.folder.get(),
                 target.name.c_str()) != 0) {
    return failed(fmt::format("rename {} to", from.lexically_normal().string()), to);
  }
  return {};
}

Status PosixFileSystem::rename_new(const Path& from, const Path& to) {
  MD_ASSIGN_OR_RETURN(const Place source, open_place(from, "rename"));
  MD_ASSIGN_OR_RETURN(const Place target, open_place(to, "rename to"));
  if (rename_without_replacing(source, target) != 0) {
    return failed(fmt::format("rename {} to", from.lexically_normal().string()), to);
  }
  return {};
}

Status PosixFileSystem::sync_directory(const Path& path) {
  MD_ASSIGN_OR_RETURN(const Descriptor folder, open_folder(path, "sync"));
  return sync(folder.get(), path);
}

Status PosixFileSystem::make_directory(const Path& path, mode_t mode, const Owner* owner) {
  MD_ASSIGN_OR_RETURN(const Place place, open_place(path, "make folder"));
  if (::mkdirat(place.folder.get(), place.name.c_str(), 0700) != 0) {
    return failed("make folder", path);
  }
  const Descriptor folder = open_new_folder(place);
  if (!folder.is_open()) {
    return failed("make folder", path);
  }
  Status adjusted = adjust(folder.get(), mode, owner, path);
  if (!adjusted) {
    (void)::unlinkat(place.folder.get(), place.name.c_str(), AT_REMOVEDIR);
  }
  return adjusted;
}

Status PosixFileSystem::adjust_directory(const Path& path, mode_t mode, const Owner* owner) {
  MD_ASSIGN_OR_RETURN(const Descriptor folder, open_folder(path, "open folder"));
  return adjust(folder.get(), mode, owner, path);
}

Status PosixFileSystem::adjust_file(const Path& path, mode_t mode, const Owner* owner) {
  MD_ASSIGN_OR_RETURN(const Place place, open_place(path, "open"));
  constexpr int kFlags = O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC;
  const Descriptor file(
      uninterrupted([&] { return ::openat(place.folder.get(), place.name.c_str(), kFlags); }));
  struct stat facts {};
  if (!file.is_open() || ::fstat(file.get(), &facts) != 0) {
    return failed("open", path);
  }
  if (!S_ISREG(facts.st_mode)) {
    return fail(ErrorKind::Corrupt, fmt::format("set the mode of {}: it is no regular file",
                                                path.lexically_normal().string()));
  }
  return adjust(file.get(), mode, owner, path);
}

Status PosixFileSystem::remove_file(const Path& path) {
  const auto place = open_place(path, "remove");
  if (!place) {
    return is_absent(place.error()) ? Status() : place.error();
  }
  if (::unlinkat(place->folder.get(), place->name.c_str(), 0) != 0 && errno != ENOENT) {
    return failed("remove", path);
  }
  return {};
}

Status PosixFileSystem::remove_tree(const Path& path) {
  const auto place = open_place(path, "remove");
  if (!place) {
    return is_absent(place.error()) ? Status() : place.error();
  }
  return remove_at(place->folder.get(), place->name.c_str(), path, 0);
}

Result<std::vector<Entry>> PosixFileSystem::list(const Path& path) {
  MD_ASSIGN_OR_RETURN(Descriptor folder, open_folder(path, "list"));
  return list_open(std::move(folder), path);
}

std::string PosixFileSystem::stamps(const Path& folder, const std::vector<std::string>& files) {
  std::string stamps;
  const auto opened = open_folder(folder, "look into");
  for (const std::string& file : files) {
    struct stat facts {};
    const bool is_there =
        opened && ::fstatat(opened->get(), file.c_str(), &facts, AT_SYMLINK_NOFOLLOW) == 0;
    // The time of change cannot be set, unlike that of the last modification.
    if (is_there) {
      stamps += fmt::format("{:x}-{:x}-{:x}-{:x}.{:x}", facts.st_dev, facts.st_ino, facts.st_size,
                            facts.st_ctim.tv_sec, facts.st_ctim.tv_nsec);
    }
    stamps += kEndOfStamp;
  }
  return stamps;
}

std::vector<std::int64_t> PosixFileSystem::change_times(const Path& folder,
                                                        const std::vector<std::string>& names) {
  constexpr std::int64_t kSecond = 1'000'000'000;
  std::vector<std::int64_t> times(names.size(), 0);
  const auto opened = open_folder(folder, "look into");
  for (std::size_t i = 0; opened && i < names.size(); ++i) {
    struct stat facts {};
    if (::fstatat(opened->get(), names[i].c_str(), &facts, AT_SYMLINK_NOFOLLOW) == 0) {
      times[i] = facts.st_ctim.tv_sec * kSecond + facts.st_ctim.tv_nsec;
    }
  }
  return times;
}

Result<std::chrono::seconds> PosixFileSystem::age(const Path& path) {
  MD_ASSIGN_OR_RETURN(const struct stat facts, look(path));
  const auto written = std::chrono::system_clock::from_time_t(facts.st_mtime);
  return std::chrono::duration_cast<std::chrono::seconds>(SystemClock().now() - written);
}

bool PosixFileSystem::exists(const Path& path) {
  return look(path).has_value();
}

bool PosixFileSystem::is_file(const Path& path) {
  const auto facts = look(path);
  return facts && S_ISREG(facts->st_mode);
}

bool PosixFileSystem::is_directory(const Path& path) {
  struct stat facts {};
  return ::stat(path.c_str(), &facts) == 0 && S_ISDIR(facts.st_mode);
}

}  // namespace md::store
