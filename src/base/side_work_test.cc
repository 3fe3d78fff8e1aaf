// SPDX-License-Identifier: Apache-2.0
#include "base/side_work.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <utility>

#include "base/testing/scoped_temp_dir.h"

namespace md {
namespace {

using ::testing::Each;
using ::testing::ElementsAre;
using ::testing::Ne;
using ::testing::SizeIs;

constexpr std::size_t kMany = 1000;

class SideWorkTest : public ::testing::Test {
 protected:
  using Work = std::function<Result<std::string>()>;

  void add(Work work) {
    work_.add({std::move(work), [this](const Result<std::string>& answer) {
                 answers_.push_back(answer ? *answer : "failed: " + answer.error().message);
               }});
  }
  void add_many(const Work& work) {
    for (std::size_t i = 0; i < kMany; ++i) {
      add(work);
    }
  }
  static Result<std::string> who() { return std::to_string(::getpid()); }
  static bool is_here() { return ::getpid() == here(); }
  static pid_t here() {
    static const pid_t pid = ::getpid();
    return pid;
  }
  void SetUp() override { here(); }

  SideWork work_{[] {}};
  std::vector<std::string> answers_;
};

TEST_F(SideWorkTest, IsDoneByAnotherProcess) {
  add_many(who);
  work_.begin();
  work_.complete_all();
  EXPECT_THAT(answers_, SizeIs(kMany));
  EXPECT_THAT(answers_, Each(Ne(std::to_string(here()))));
}

TEST_F(SideWorkTest, AFewTasksAreDoneHere) {
  add(who);
  add(who);
  work_.begin();
  EXPECT_THAT(answers_, SizeIs(0));
  work_.complete_all();
  EXPECT_THAT(answers_, ElementsAre(std::to_string(here()), std::to_string(here())));
}

TEST_F(SideWorkTest, IsCompleteAsFarAsAsked) {
  for (std::size_t i = 0; i < kMany; ++i) {
    add([i] { return Result<std::string>(std::to_string(i)); });
  }
  work_.begin();
  work_.complete(7);
  EXPECT_THAT(answers_, SizeIs(8));
  EXPECT_EQ(answers_.back(), "7");
  work_.complete(3);
  EXPECT_THAT(answers_, SizeIs(8));
  work_.complete_all();
  EXPECT_THAT(answers_, SizeIs(kMany));
  EXPECT_EQ(answers_.back(), std::to_string(kMany - 1));
}

TEST_F(SideWorkTest, AnswersMayBeEmptyAndLong) {
  const std::string longer(3'000'000, 'x');
  add([] { return Result<std::string>(""); });
  add([&] { return Result<std::string>(longer); });
  add_many(who);
  work_.begin();
  work_.complete(1);
  EXPECT_THAT(answers_, ElementsAre("", longer));
}

TEST_F(SideWorkTest, WhatFailsThereIsTriedHere) {
  add([] { return is_here() ? who() : fail(ErrorKind::Io, "disk"); });
  add([] { return fail(ErrorKind::Io, "disk"); });
  add_many(who);
  work_.begin();
  work_.complete(1);
  EXPECT_THAT(answers_, ElementsAre(std::to_string(here()), "failed: disk"));
}

TEST_F(SideWorkTest, WhatAProcessThatDiesLeavesIsDoneHere) {
  const auto die = [] {
    if (!is_here()) {
      ::raise(SIGKILL);
    }
    return who();
  };
  add(who);
  add(die);
  add_many(who);
  work_.begin();
  work_.complete_all();
  EXPECT_THAT(answers_, SizeIs(kMany + 2));
  EXPECT_NE(answers_[0], std::to_string(here()));
  answers_.erase(answers_.begin());
  EXPECT_THAT(answers_, Each(std::to_string(here())));
}

TEST_F(SideWorkTest, AnExceptionThereIsTheEndOfTheProcessAlone) {
  add_many([]() -> Result<std::string> {
    if (!is_here()) {
      throw std::bad_alloc();
    }
    return who();
  });
  work_.begin();
  work_.complete_all();
  EXPECT_THAT(answers_, Each(std::to_string(here())));
}

TEST_F(SideWorkTest, ItsEndIsTheEndOfTheProcessBetweenTwoTasks) {
  const md::testing::ScopedTempDir folder;
  std::string process;
  {
    SideWork work([] {});
    work.add({who, [&](const Result<std::string>& answer) { process = answer.value(); }});
    for (std::size_t i = 0; i < kMany; ++i) {
      const std::string file = folder.path() / std::to_string(i);
      work.add({[file] {
                  std::ofstream(file + ".begun").put('x');
                  ::usleep(10'000);
                  std::ofstream(file + ".ended").put('x');
                  return who();
                },
                [](const Result<std::string>&) {}});
    }
    work.begin();
    work.complete(0);
    EXPECT_EQ(::kill(std::stoi(process), 0), 0);
  }
  EXPECT_NE(::kill(std::stoi(process), 0), 0);
  std::size_t files = 0;
  for (const auto& entry : std::filesystem::directory_iterator(folder.path())) {
    files += entry.is_regular_file() ? 1 : 0;
  }
  EXPECT_EQ(files % 2, 0U) << "a task was begun and not ended";
  EXPECT_LT(files, kMany);
}

TEST_F(SideWorkTest, NothingIsNothing) {
  work_.begin();
  work_.complete_all();
  EXPECT_THAT(answers_, SizeIs(0));
}

}  // namespace
}  // namespace md
