// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <string>

#include "base/result.h"

namespace md::store {

/// A file that an administrator names, of `limit` bytes at most: links are followed, as all
/// programs follow them (certbot's `live/`, secrets that are mounted). Never for what lies where
/// the child user may write. Errors as of FileSystem::read.
Result<std::string> read_trusted(const std::filesystem::path& path, std::size_t limit);

}  // namespace md::store
