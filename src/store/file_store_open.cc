// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>
#include <unistd.h>

#include <vector>

#include "crypto/digest.h"
#include "store/file_store.h"
#include "store/layout.h"
#include "store/migration.h"
#include "store/trusted_file.h"
#include "store/trusted_way.h"

/// How a FileStore is opened: see FileStore::open.
namespace md::store {
namespace {

constexpr std::size_t kMaxHeaderSize = 64UL * 1024UL;
constexpr mode_t kRootMode = 0755;
constexpr mode_t kHeaderMode = 0600;
// Children of the generation before may still be writing.
constexpr std::chrono::hours kStaleAfter{1};

const FileSystem::Owner* pointer_to(const std::optional<FileSystem::Owner>& owner) {
  return owner ? &*owner : nullptr;
}

/// The folders where root keeps keys.
std::vector<std::filesystem::path> folders_of_root(const std::filesystem::path& root) {
  std::vector<std::filesystem::path> folders{root};
  for (const GroupLayout& layout : kGroups) {
    if (!layout.for_child_user) {
      folders.push_back(root / name_of(layout.group));
    }
  }
  return folders;
}

/// What is asked of a folder where root keeps keys, as sshd asks it. Before anything is changed.
Status check_way(const std::filesystem::path& root) {
  MD_TRY(check_links(root, 0));
  for (const GroupLayout& layout : kGroups) {
    MD_TRY(check_links(root / name_of(layout.group), 0));
  }
  for (const std::filesystem::path& folder : folders_of_root(root)) {
    MD_TRY(check_owner(folder, 0));
  }
  return {};
}

/// Who else may write there. mod_md starts all the same, and so do we: shared volumes have such
/// modes.
std::vector<Error> flaws_of(const std::filesystem::path& root) {
  std::vector<Error> flaws;
  for (const std::filesystem::path& folder : folders_of_root(root)) {
    if (Status is_private = check_folder_is_private(folder); !is_private) {
      flaws.push_back(std::move(is_private).error());
    }
  }
  return flaws;
}

}  // namespace

Result<std::unique_ptr<FileStore>> FileStore::open(Options options, FileSystem& files,
                                                   Logger& logger) {
  std::unique_ptr<FileStore> store(new FileStore(std::move(options), files, logger));
  // The header first: nothing is touched in a store that is not ours to use.
  if (::geteuid() == 0) {
    MD_TRY_CONTEXT(check_way(store->options_.root), "open the store");
    store->look_who_may_write();
  }
  MD_TRY(store->ensure_root());
  MD_TRY(store->load_or_make_header());
  return store;
}

/// Where others may write, what is there may be theirs: it gets no owner or mode from root.
void FileStore::look_who_may_write() {
  const std::vector<Error> flaws = flaws_of(options_.root);
  is_private_ = flaws.empty();
  const Status above = check_parents(options_.root, 0);
  if (options_.tidying == Tidying::No) {
    return;
  }
  for (const Error& flaw : flaws) {
    warn_of(fail(flaw.kind, flaw.message + ". Owners and modes in the store stay as they are"));
  }
  if (!above) {
    warn_of(above.error());
  }
}

void FileStore::warn_of(const Error& error) {
  logger_.warning(LogId{}, fmt::format("store {}: {}", options_.root.string(), error.message));
}

Status FileStore::ensure_root() {
  std::vector<Path> missing;
  for (Path path = options_.root; !path.empty() && !files_.is_directory(path);
       path = path.parent_path()) {
    if (path.has_filename()) {
      missing.push_back(path);
    }
  }
  const std::optional<Owner> owner = root_owner();
  for (auto path = missing.rbegin(); path != missing.rend(); ++path) {
    const Path trusted = path->parent_path() / "." / path->filename();
    const Status made = files_.make_directory(trusted, kRootMode, pointer_to(owner));
    if (!made && made.error().kind != ErrorKind::Conflict) {
      return with_context(made.error(), "make the store");
    }
  }
  return {};
}

bool FileStore::is_header_a_link() const {
  std::error_code failed;
  return std::filesystem::is_symlink(path_of(kHeaderFile), failed);
}

/// Secrets that something else provides are often links, of whoever starts the server.
Result<std::string> FileStore::read_header() {
  if (!is_header_a_link()) {
    return files_.read(trusted_root() / kHeaderFile, kMaxHeaderSize);
  }
  MD_TRY(check_links(path_of(kHeaderFile), ::geteuid()));
  return read_trusted(path_of(kHeaderFile), kMaxHeaderSize);
}

Result<std::string> FileStore::load_header() {
  auto text = read_header();
  if (text || text.error().kind != ErrorKind::NotFound) {
    return text;
  }
  MD_TRY(make_header());
  return read_header();
}

/// Leaves a header alone that another process has put there meanwhile.
Status FileStore::make_header() {
  MD_ASSIGN_OR_RETURN(const SecretBytes key, crypto::random_bytes(kStoreKeyLength));
  const std::string text = make_header_text(key);
  const NewFile header{text, kHeaderMode, root_owner(), Durability::Synced};
  MD_ASSIGN_OR_RETURN(const Path temporary, write_temporary(trusted_root(), header));
  const Status named = files_.rename_new(temporary, trusted_root() / kHeaderFile);
  if (!named) {
    (void)files_.remove_file(temporary);
    return named.error().kind == ErrorKind::Conflict ? Status() : named;
  }
  return files_.sync_directory(trusted_root());
}

Status FileStore::load_or_make_header() {
  const std::string path = path_of(kHeaderFile).string();
  auto text = load_header();
  if (!text) {
    return with_context(text.error(), "open the store: " + path + " cannot be used");
  }
  auto header = parse_header(*text);
  wipe(text->data(), text->size());
  if (!header) {
    return with_context(
        header.error(),
        fmt::format("open the store: {} cannot be used. It holds the key of the store: put it "
                    "back from a backup, or, if there is none, move it away and start again. "
                    "Certificates in use stay as they are then; ACME accounts and renewals under "
                    "way are made anew. The reason",
                    path));
  }
  if (header->version > kStoreVersion) {
    return fail(ErrorKind::Conflict,
                fmt::format("open the store: {} says version {:.1f}, this module knows versions "
                            "up to {:.1f} only. Nothing was changed: use the newer module again, "
                            "or another MDStoreDir",
                            path, header->version, kStoreVersion));
  }
  key_ = header->key.clone();
  MD_TRY_CONTEXT(ensure_groups(), "open the store");
  return header->version < kStoreVersion ? upgrade(*header) : Status();
}

Status FileStore::upgrade(const Header& header) {
  if (const Status migrated = migrate_files_of_version_1(*this); !migrated) {
    warn_of(with_context(migrated.error(), "migrate, tried again at the next start"));
    return {};
  }
  const std::string text = upgraded_header_text(header.document);
  return replace(trusted_root() / kHeaderFile,
                 {text, kHeaderMode, root_owner(), Durability::Synced});
}

void FileStore::adjust_root() {
  const std::optional<Owner> root = root_owner();
  const Status folder = files_.adjust_directory(trusted_root(), kRootMode, pointer_to(root));
  const Status header = is_header_a_link() ? Status()
                                           : files_.adjust_file(trusted_root() / kHeaderFile,
                                                                kHeaderMode, pointer_to(root));
  // Where these fail (file systems without modes, root squash), what follows may still work.
  for (const Status& status : {folder, header}) {
    if (!status) {
      warn_of(status.error());
    }
  }
}

Status FileStore::ensure_groups() {
  if (is_private_) {
    adjust_root();
  }
  remove_stale(trusted_root());
  bool any_made = false;
  for (const GroupLayout& layout : kGroups) {
    if (!files_.is_directory(group_path(layout.group))) {
      MD_TRY(make_group(layout.group));
      any_made = true;
    } else if (is_private_) {
      adjust_group(layout);
      tidy_group(layout.group);
    }
  }
  return any_made ? files_.sync_directory(trusted_root()) : Status();
}

void FileStore::adjust_group(const GroupLayout& layout) {
  const std::optional<Owner> owner = owner_of(layout.group);
  const Status adjusted =
      files_.adjust_directory(group_path(layout.group), layout.folder_mode, pointer_to(owner));
  if (!adjusted) {
    warn_of(adjusted.error());
  }
}

/// The child user may have changed since the folders were made, and a child may have died while it
/// wrote. Sets in `domains/` and `archive/` are made in `tmp/` and moved as they are: nothing to
/// do.
void FileStore::tidy_group(Group group) {
  if (group == Group::Domains || group == Group::Archive || options_.tidying == Tidying::No) {
    return;
  }
  const auto names = folders(group);
  if (!names) {
    warn_of(names.error());
    return;
  }
  const GroupLayout& layout = layout_of(group);
  const std::optional<Owner> owner = owner_of(group);
  for (const std::string& name : *names) {
    const Path folder = folder_path(group, name);
    if (owner && (layout.for_child_user || layout.for_child_group)) {
      adjust_folder(folder, layout, pointer_to(owner));
    }
    remove_stale(folder);
  }
}

/// The files of a group that root keeps for the child's group, too: they may be from before the
/// first start, or of another machine.
void FileStore::adjust_folder(const Path& folder, const GroupLayout& layout, const Owner* owner) {
  Status adjusted = files_.adjust_directory(folder, layout.folder_mode, owner);
  const auto entries = files_.list(folder);
  if (layout.for_child_group && entries) {
    for (const FileSystem::Entry& entry : *entries) {
      if (adjusted && entry.is_regular) {
        adjusted = files_.adjust_file(folder / entry.name, mode_of_file(layout, entry.name), owner);
      }
    }
  }
  if (!adjusted) {
    warn_of(adjusted.error());
  }
}

void FileStore::remove_stale(const Path& folder) {
  const auto entries = files_.list(folder);
  if (!entries) {
    return;
  }
  for (const FileSystem::Entry& entry : *entries) {
    if (!entry.is_regular || !std::string_view(entry.name).starts_with(kTemporaryPrefix)) {
      continue;
    }
    const auto age = files_.age(folder / entry.name);
    if (age && *age > kStaleAfter) {
      (void)files_.remove_file(folder / entry.name);
    }
  }
}

}  // namespace md::store
