// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "base/testing/recording_logger.h"
#include "base/testing/scoped_temp_dir.h"
#include "store/file_store.h"

namespace md::store::testing {

inline constexpr ChildUser kChild{33, 34};

/// A store in a folder of its own, and what the system says of the files in it.
class StoreFolderTest : public ::testing::Test {
 protected:
  using Path = std::filesystem::path;

  [[nodiscard]] Path root() const { return dir_.path() / "md"; }
  Result<std::unique_ptr<FileStore>> open() { return open_as(std::nullopt); }
  Result<std::unique_ptr<FileStore>> open_as(std::optional<ChildUser> child) {
    return FileStore::open({root(), child}, files(), logger_);
  }
  virtual FileSystem& files() { return posix_; }
  [[nodiscard]] mode_t mode_of(const Path& path) const { return facts_of(path).st_mode & 07777; }
  [[nodiscard]] std::pair<uid_t, gid_t> owner_of(const Path& path) const {
    const struct stat facts = facts_of(path);
    return {facts.st_uid, facts.st_gid};
  }
  void write(const Path& path, std::string_view content) const {
    std::filesystem::create_directories((root() / path).parent_path());
    std::ofstream(root() / path) << content;
  }
  [[nodiscard]] std::string read(const Path& path) const {
    std::ifstream file(root() / path);
    return {std::istreambuf_iterator<char>(file), {}};
  }

  md::testing::ScopedTempDir dir_;
  PosixFileSystem posix_;
  md::testing::RecordingLogger logger_;

 private:
  [[nodiscard]] struct stat facts_of(const Path& path) const {
    struct stat facts {};
    EXPECT_EQ(::lstat((root() / path).c_str(), &facts), 0) << path;
    return facts;
  }
};

}  // namespace md::store::testing
