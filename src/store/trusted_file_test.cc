// SPDX-License-Identifier: Apache-2.0
#include "store/trusted_file.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <fstream>

#include "base/testing/scoped_temp_dir.h"

namespace md::store {
namespace {

namespace fs = std::filesystem;

class TrustedFileTest : public ::testing::Test {
 protected:
  TrustedFileTest() {
    fs::create_directories(dir_.path() / "archive");
    std::ofstream(dir_.path() / "archive" / "cert1.pem") << "content";
    fs::create_directory(dir_.path() / "live");
    fs::create_symlink("../archive/cert1.pem", dir_.path() / "live" / "cert.pem");
    fs::create_directory_symlink("live", dir_.path() / "linked");
    fs::create_symlink("nowhere", dir_.path() / "dead");
  }
  [[nodiscard]] Result<std::string> read(const std::string& name) const {
    return read_trusted(dir_.path() / name, 10);
  }

  md::testing::ScopedTempDir dir_;
};

TEST_F(TrustedFileTest, H3_IsReadThroughLinks) {
  for (const char* const name : {"archive/cert1.pem", "live/cert.pem", "linked/cert.pem"}) {
    EXPECT_EQ(read(name).value_or(""), "content") << name;
  }
}

TEST_F(TrustedFileTest, IsSaidToBeMissingOrNoFile) {
  EXPECT_EQ(read("none").error().kind, ErrorKind::NotFound);
  EXPECT_EQ(read("dead").error().kind, ErrorKind::NotFound);
  EXPECT_EQ(read("live").error().kind, ErrorKind::Corrupt);
  ASSERT_EQ(::mkfifo((dir_.path() / "pipe").c_str(), 0600), 0);
  EXPECT_EQ(read("pipe").error().kind, ErrorKind::Corrupt);
  std::ofstream(dir_.path() / "large") << "eleven bytes";
  EXPECT_EQ(read("large").error().kind, ErrorKind::Corrupt);
}

}  // namespace
}  // namespace md::store
