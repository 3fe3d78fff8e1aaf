// SPDX-License-Identifier: Apache-2.0
#include "store/trusted_file.h"

#include <fmt/format.h>

#include "store/file_system.h"

namespace md::store {

Result<std::string> read_trusted(const std::filesystem::path& path, std::size_t limit) {
  std::error_code failed;
  const std::filesystem::path real = std::filesystem::canonical(path, failed);
  if (failed) {
    return fail_errno(failed.value(), fmt::format("read {}", path.lexically_normal().string()));
  }
  return PosixFileSystem().read(real, limit);
}

}  // namespace md::store
