// SPDX-License-Identifier: Apache-2.0
#include "store/domain_lock.h"

#include <string>

#include "base/file_name.h"

namespace md::store {

Result<FileLock> try_lock_domain(FileStore& store, std::string_view domain_name) {
  const auto path = store.path_of(kLockFolder) / (file_name_for(domain_name) + ".lock");
  auto lock = FileLock::try_acquire(path);
  if (!lock && lock.error().kind == ErrorKind::NotFound) {
    MD_TRY(store.ensure_folder(kLockFolder, kLockFolderMode, /*for_child_user=*/true));
    lock = FileLock::try_acquire(path);
  }
  return lock;
}

}  // namespace md::store
