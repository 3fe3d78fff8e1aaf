// SPDX-License-Identifier: Apache-2.0
#include "store/trusted_way.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/testing/scoped_temp_dir.h"

namespace md::store {
namespace {

namespace fs = std::filesystem;
using ::testing::AllOf;
using ::testing::HasSubstr;

constexpr uid_t kStranger = 4242;

/// Files of a stranger need root; what is asked is the same with another one trusted.
class TrustedWayTest : public ::testing::Test {
 protected:
  void SetUp() override {
    if (::geteuid() != 0) {
      GTEST_SKIP() << "needs root";
    }
    fs::create_directories(dir_.path() / "real" / "md");
    ASSERT_EQ(::chmod((dir_.path() / "real" / "md").c_str(), 0755), 0);
  }
  void link(const fs::path& target, const std::string& name, uid_t owner) {
    fs::create_directory_symlink(target, dir_.path() / name);
    ASSERT_EQ(::lchown((dir_.path() / name).c_str(), owner, owner), 0);
  }
  void own(const fs::path& path, uid_t owner, mode_t mode) {
    ASSERT_EQ(::chown(path.c_str(), owner, owner), 0);
    ASSERT_EQ(::chmod(path.c_str(), mode), 0);
  }

  md::testing::ScopedTempDir dir_;
};

TEST_F(TrustedWayTest, H2_LeadsThroughLinksOfRootAlone) {
  link(dir_.path() / "real", "roots", 0);
  link("real", "relative", 0);
  link(dir_.path() / "real", "planted", kStranger);
  link("planted", "to-planted", 0);
  for (const char* const fine : {"real/md", "roots/md", "relative/md", "relative/../real/md",
                                 "missing/md", "roots/missing"}) {
    EXPECT_TRUE(check_links(dir_.path() / fine, 0)) << fine;
  }
  for (const char* const planted : {"planted", "planted/md", "to-planted/md"}) {
    const auto refused = check_links(dir_.path() / planted, 0);
    ASSERT_FALSE(refused) << planted;
    EXPECT_EQ(refused.error().kind, ErrorKind::Denied);
    EXPECT_THAT(refused.error().message, AllOf(HasSubstr((dir_.path() / "planted").string()),
                                               HasSubstr("user 4242"), HasSubstr("chown -h root")));
  }
  EXPECT_TRUE(check_links(dir_.path() / "planted/md", kStranger));
}

TEST_F(TrustedWayTest, H2_EndsForLinksThatLeadInACircle) {
  link(dir_.path() / "b", "a", 0);
  link(dir_.path() / "a", "b", 0);
  EXPECT_TRUE(check_links(dir_.path() / "a/md", 0));
}

TEST_F(TrustedWayTest, H2_TellsWhoCouldExchangeTheStore) {
  EXPECT_TRUE(check_parents(dir_.path() / "real/md", 0));  // below /tmp
  own(dir_.path() / "real", kStranger, 0755);
  EXPECT_THAT(check_parents(dir_.path() / "real/md", 0).error().message,
              HasSubstr((dir_.path() / "real").string()));
  own(dir_.path() / "real", 0, 0777);
  EXPECT_FALSE(check_parents(dir_.path() / "real/md", 0));
  own(dir_.path() / "real", 0, 01777);
  EXPECT_TRUE(check_parents(dir_.path() / "real/md", 0));
}

TEST_F(TrustedWayTest, H2_TellsWhoElseMayWriteToTheFolder) {
  const fs::path folder = dir_.path() / "real" / "md";
  for (const mode_t fine : {0700U, 0755U, 0750U, 0775U}) {
    own(folder, 0, fine);
    EXPECT_TRUE(check_folder_is_private(folder)) << fine;
  }
  EXPECT_TRUE(check_folder_is_private(dir_.path() / "missing"));
  own(folder, 0, 0757);
  EXPECT_THAT(check_folder_is_private(folder).error().message,
              AllOf(HasSubstr(folder.string()), HasSubstr("0757"), HasSubstr("chmod go-w")));
  ASSERT_EQ(::chmod(folder.c_str(), 02770), 0);
  ASSERT_EQ(::chown(folder.c_str(), 0, kStranger), 0);
  EXPECT_THAT(check_folder_is_private(folder).error().message, HasSubstr("group 4242"));
  EXPECT_TRUE(fs::is_empty(folder)) << "nothing is left behind";
}

TEST_F(TrustedWayTest, H2_EndsInAFolderOfRoot) {
  const fs::path folder = dir_.path() / "real" / "md";
  own(folder, 0, 0777);
  EXPECT_TRUE(check_owner(folder, 0));
  EXPECT_TRUE(check_owner(dir_.path() / "missing", 0));
  own(folder, kStranger, 0755);
  const auto refused = check_owner(folder, 0);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().kind, ErrorKind::Denied);
  EXPECT_THAT(refused.error().message,
              AllOf(HasSubstr(folder.string()), HasSubstr("user 4242"), HasSubstr("chown root")));
  EXPECT_TRUE(check_owner(folder, kStranger));
  EXPECT_TRUE(fs::is_empty(folder)) << "nothing is left behind";
}

}  // namespace
}  // namespace md::store
