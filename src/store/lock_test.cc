// SPDX-License-Identifier: Apache-2.0
#include "store/lock.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <fstream>
#include <thread>

#include "base/testing/fake_clock.h"
#include "base/testing/scoped_temp_dir.h"

namespace md::store {
namespace {

using std::chrono::milliseconds;
using ::testing::HasSubstr;

class LockTest : public ::testing::Test {
 protected:
  md::testing::ScopedTempDir dir_;
  std::filesystem::path path_{dir_.path() / "store.lock"};
  md::testing::FakeClock clock_;
  md::testing::FakeWaiter waiter_{clock_};
};

TEST_F(LockTest, ExcludesOthersInTheSameProcess) {
  {
    const auto held = FileLock::try_acquire(path_);
    ASSERT_TRUE(held) << held.error().message;
    const auto refused = FileLock::try_acquire(path_);
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().kind, ErrorKind::Busy);
  }
  EXPECT_TRUE(FileLock::try_acquire(path_));
}

TEST_F(LockTest, IsGoneWithItsProcess) {  // ST-26
  int ready[2];
  ASSERT_EQ(::pipe(ready), 0);
  const pid_t child = ::fork();
  if (child == 0) {
    const auto held = FileLock::try_acquire(path_);
    const char result = held ? 'y' : 'n';
    (void)!::write(ready[1], &result, 1);
    ::pause();
    ::_exit(0);
  }
  char result = 0;
  ASSERT_EQ(::read(ready[0], &result, 1), 1);
  EXPECT_EQ(result, 'y');
  EXPECT_EQ(FileLock::try_acquire(path_).error().kind, ErrorKind::Busy);
  ASSERT_EQ(::kill(child, SIGKILL), 0);
  ASSERT_EQ(::waitpid(child, nullptr, 0), child);
  EXPECT_TRUE(FileLock::try_acquire(path_));
  ::close(ready[0]);
  ::close(ready[1]);
}

TEST_F(LockTest, WaitsNoLongerThanToldTo) {  // ST-26
  const auto held = FileLock::try_acquire(path_);
  const auto refused = FileLock::acquire(path_, milliseconds(5020), waiter_);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().kind, ErrorKind::Timeout);
  EXPECT_THAT(refused.error().message, HasSubstr(path_.string()));
  EXPECT_EQ(waiter_.waited(), milliseconds(5020));
}

TEST_F(LockTest, DoesNotWaitIfItIsFreeAndStopsWhenToldTo) {
  {
    const auto lock = FileLock::acquire(path_, milliseconds(5000), waiter_);
    EXPECT_TRUE(lock);
    EXPECT_EQ(waiter_.waited(), milliseconds(0));
    waiter_.stop_after = milliseconds(200);
    EXPECT_EQ(FileLock::acquire(path_, milliseconds(5000), waiter_).error().kind,
              ErrorKind::Stopped);
  }
  EXPECT_TRUE(FileLock::acquire(path_, milliseconds(0), waiter_));
}

TEST_F(LockTest, MovesWithItsHolder) {
  auto first = FileLock::try_acquire(path_);
  ASSERT_TRUE(first);
  FileLock second(*std::move(first));
  EXPECT_FALSE(FileLock::try_acquire(path_));
  auto other = FileLock::try_acquire(dir_.path() / "other");
  ASSERT_TRUE(other);
  second = *std::move(other);
  EXPECT_TRUE(FileLock::try_acquire(path_));
  EXPECT_FALSE(FileLock::try_acquire(dir_.path() / "other"));
}

TEST_F(LockTest, TellsWhyItCannotBeTaken) {
  EXPECT_EQ(FileLock::try_acquire(dir_.path() / "no" / "lock").error().kind, ErrorKind::NotFound);
  std::filesystem::create_symlink(dir_.path() / "elsewhere", path_);
  EXPECT_FALSE(FileLock::try_acquire(path_));
  EXPECT_FALSE(std::filesystem::exists(dir_.path() / "elsewhere"));
}

TEST_F(LockTest, ADeletedLockIsMadeAgain) {
  const auto held = FileLock::try_acquire(path_);
  std::filesystem::remove(path_);
  EXPECT_TRUE(FileLock::try_acquire(path_));
}

TEST_F(LockTest, InAFolderOfTheChildUserItIsTheChildUsers) {
  if (::geteuid() != 0) {
    GTEST_SKIP() << "needs root";
  }
  ASSERT_EQ(::chown(dir_.path().c_str(), 33, 34), 0);
  const auto held = FileLock::try_acquire(path_);
  ASSERT_TRUE(held);
  struct stat facts {};
  ASSERT_EQ(::stat(path_.c_str(), &facts), 0);
  EXPECT_EQ(facts.st_uid, 33U);
  EXPECT_EQ(facts.st_gid, 34U);
  EXPECT_EQ(facts.st_mode & 07777U, 0600U);
}

TEST_F(LockTest, OneThreadAtATime) {  // ST-25
  constexpr int kThreads = 4;
  constexpr int kRounds = 50;
  std::atomic<int> inside{0};
  std::atomic<int> violations{0};
  std::atomic<int> rounds{0};
  {
    std::vector<std::jthread> threads;
    threads.reserve(kThreads);
    for (int i = 0; i < kThreads; ++i) {
      threads.emplace_back([&] {
        for (int done = 0; done < kRounds;) {
          const auto lock = FileLock::try_acquire(path_);
          if (!lock) {
            std::this_thread::yield();
            continue;
          }
          violations += inside.fetch_add(1) == 0 ? 0 : 1;
          --inside;
          ++rounds;
          ++done;
        }
      });
    }
  }
  EXPECT_EQ(violations, 0);
  EXPECT_EQ(rounds, kThreads * kRounds);
}

}  // namespace
}  // namespace md::store
