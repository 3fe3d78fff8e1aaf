// SPDX-License-Identifier: Apache-2.0
#include "store/trusted_way.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <pwd.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <list>
#include <string>
#include <system_error>

#include "base/descriptor.h"
#include "store/layout.h"

namespace md::store {
namespace {

using Path = std::filesystem::path;

constexpr int kMostLinks = 40;  // as the system itself follows
constexpr mode_t kForGroup = 0020;
constexpr mode_t kForOthers = 0002;

bool is_trusted(uid_t owner, uid_t trusted) {
  return owner == 0 || owner == trusted;
}

bool may_others_write(const struct stat& facts) {
  return (facts.st_mode & kForOthers) != 0 ||
         ((facts.st_mode & kForGroup) != 0 && facts.st_gid != 0);
}

std::list<Path> parts_of(const Path& path) {
  return {path.begin(), path.end()};
}

/// Is a file that is made there another user's than its maker's?
bool are_owners_squashed(const Path& folder) {
  const Path probe = folder / fmt::format("{}{}-owner", kTemporaryPrefix, ::getpid());
  constexpr int kFlags = O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC;
  const Descriptor file(uninterrupted([&] { return ::open(probe.c_str(), kFlags, 0600); }));
  if (!file.is_open()) {
    return false;
  }
  struct stat made {};
  const bool is_squashed = ::fstat(file.get(), &made) == 0 && made.st_uid != ::geteuid();
  (void)::unlink(probe.c_str());
  return is_squashed;
}

}  // namespace

std::string describe_user(uid_t uid) {
  std::array<char, 4096> room{};
  passwd entry{};
  passwd* found = nullptr;
  if (::getpwuid_r(uid, &entry, room.data(), room.size(), &found) != 0 || found == nullptr) {
    return fmt::format("user {}", uid);
  }
  return fmt::format("user {} ({})", uid, found->pw_name);
}

Status check_links(const Path& path, uid_t trusted) {
  std::error_code failed;
  std::list<Path> ahead = parts_of(std::filesystem::absolute(path, failed));
  Path way;
  for (int links = 0; !ahead.empty() && links <= kMostLinks;) {
    const Path part = ahead.front();
    ahead.pop_front();
    const Path next = part == ".."                  ? way.parent_path()
                      : part == "." || part.empty() ? way
                                                    : way / part;
    struct stat facts {};
    if (::lstat(next.c_str(), &facts) != 0) {
      return {};
    }
    if (!S_ISLNK(facts.st_mode)) {
      way = next;
      continue;
    }
    if (!is_trusted(facts.st_uid, trusted)) {
      return fail(
          ErrorKind::Denied,
          fmt::format("{} is a link of {}, and root follows no link that others can change: "
                      "name the folder itself in MDStoreDir, or make the link root's "
                      "(chown -h root {})",
                      next.string(), describe_user(facts.st_uid), next.string()));
    }
    const Path target = std::filesystem::read_symlink(next, failed);
    way = target.is_absolute() ? Path() : way;
    ahead.splice(ahead.begin(), parts_of(target));
    ++links;
  }
  return {};
}

Status check_owner(const Path& folder, uid_t trusted) {
  struct stat facts {};
  if (::stat(folder.c_str(), &facts) != 0 || !S_ISDIR(facts.st_mode) ||
      is_trusted(facts.st_uid, trusted) || are_owners_squashed(folder)) {
    return {};
  }
  return fail(
      ErrorKind::Denied,
      fmt::format("{} belongs to {}, not to root: whoever has it decides what root does. "
                  "Look at what is in it; then make it root's (chown root:root {}; chmod "
                  "go-w {}), or choose another MDStoreDir",
                  folder.string(), describe_user(facts.st_uid), folder.string(), folder.string()));
}

Status check_folder_is_private(const Path& folder) {
  struct stat facts {};
  if (::stat(folder.c_str(), &facts) != 0 || !S_ISDIR(facts.st_mode) || !may_others_write(facts) ||
      are_owners_squashed(folder)) {
    return {};
  }
  return fail(ErrorKind::Denied,
              fmt::format("{} may be written by others than root (mode {:04o}, group {}): whoever "
                          "may write there can exchange keys and certificates. Look at what is in "
                          "it; then make it root's alone (chown root:root {}; chmod go-w {}), or "
                          "choose another MDStoreDir",
                          folder.string(), facts.st_mode & 07777U, facts.st_gid, folder.string(),
                          folder.string()));
}

Status check_parents(const Path& folder, uid_t trusted) {
  std::error_code failed;
  const Path real = std::filesystem::weakly_canonical(folder, failed);
  for (Path parent = real.parent_path(); !failed && !parent.empty();
       parent = parent.parent_path()) {
    struct stat facts {};
    const bool is_there = ::stat(parent.c_str(), &facts) == 0;
    const bool is_exchangeable =
        is_there && (facts.st_mode & S_ISVTX) == 0 && may_others_write(facts);
    if (is_there && (is_exchangeable || !is_trusted(facts.st_uid, trusted))) {
      return fail(ErrorKind::Denied,
                  fmt::format("{} can be exchanged by others than root: {} is of {}, mode {:04o}",
                              real.string(), parent.string(), describe_user(facts.st_uid),
                              facts.st_mode & 07777U));
    }
    if (parent == parent.root_path()) {
      break;
    }
  }
  return {};
}

}  // namespace md::store
