// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>

#include "base/result.h"
#include "store/file_store.h"
#include "store/lock.h"

namespace md::store {

inline constexpr std::string_view kLockFolder = "locks";
/// Who may read a lock may hold it, and keep all others from their work.
inline constexpr mode_t kLockFolderMode = 0700;

/// The lock of whoever looks after a domain or changes it: the worker child, or a2md. Busy if
/// somebody has it. The folder is made where it is missing: people delete it while the server runs.
Result<FileLock> try_lock_domain(FileStore& store, std::string_view domain_name);

}  // namespace md::store
