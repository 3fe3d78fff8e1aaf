// SPDX-License-Identifier: Apache-2.0
#include "store/generation_table.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <fstream>
#include <thread>

#include "base/testing/scoped_temp_dir.h"

namespace md::store {
namespace {

using ::testing::HasSubstr;

constexpr TimePoint kNow{std::chrono::seconds(1'795'000'000)};

class GenerationTableTest : public ::testing::Test {
 protected:
  std::unique_ptr<GenerationTable> make(const std::vector<std::string>& names) {
    auto table = GenerationTable::create(path_, names);
    EXPECT_TRUE(table) << table.error().message;
    return *std::move(table);
  }

  md::testing::ScopedTempDir dir_;
  std::filesystem::path path_{dir_.path() / "generations"};
};

TEST_F(GenerationTableTest, StartsAtNothing) {
  const auto table = make({"a", "b"});
  EXPECT_EQ(table->size(), 2U);
  EXPECT_EQ(table->epoch(), 0U);
  EXPECT_EQ(table->generation(0), 0U);
  EXPECT_EQ(table->activated_at(1), TimePoint{});
}

TEST_F(GenerationTableTest, CountsEachSlotAndAllTogether) {
  const auto table = make({"a", "b", "c"});
  table->bump(1, kNow);
  table->bump(1, kNow + std::chrono::hours(1));
  table->bump(2, kNow);
  EXPECT_EQ(table->generation(0), 0U);
  EXPECT_EQ(table->generation(1), 2U);
  EXPECT_EQ(table->generation(2), 1U);
  EXPECT_EQ(table->activated_at(1), kNow + std::chrono::hours(1));
  EXPECT_EQ(table->epoch(), 3U);
}

TEST_F(GenerationTableTest, KnowsNoSlotBeyondItsSize) {
  const auto table = make({"a"});
  table->bump(1, kNow);
  EXPECT_EQ(table->generation(1), 0U);
  EXPECT_EQ(table->activated_at(1), TimePoint{});
  EXPECT_EQ(table->epoch(), 0U);
  EXPECT_EQ(make({})->size(), 0U);
}

TEST_F(GenerationTableTest, IsSharedWithChildrenThatOnlyRead) {
  const auto table = make({"a"});
  int to_child[2];
  int to_parent[2];
  ASSERT_EQ(::pipe(to_child), 0);
  ASSERT_EQ(::pipe(to_parent), 0);
  const pid_t child = ::fork();
  if (child == 0) {
    (void)table->make_read_only();
    char byte = 0;
    (void)!::read(to_child[0], &byte, 1);
    const bool is_seen =
        table->generation(0) == 1 && table->epoch() == 1 && table->activated_at(0) == kNow;
    byte = is_seen ? 'y' : 'n';
    (void)!::write(to_parent[1], &byte, 1);
    ::_exit(0);
  }
  table->bump(0, kNow);
  char byte = 'x';
  ASSERT_EQ(::write(to_child[1], &byte, 1), 1);
  ASSERT_EQ(::read(to_parent[0], &byte, 1), 1);
  EXPECT_EQ(byte, 'y');
  ASSERT_EQ(::waitpid(child, nullptr, 0), child);
  for (const int fd : {to_child[0], to_child[1], to_parent[0], to_parent[1]}) {
    ::close(fd);
  }
}

TEST_F(GenerationTableTest, L2_AChildCannotMakeItWritableAgain) {
  const auto named = make({"a"});
  const auto unnamed = GenerationTable::create_unnamed({"a"}).value();
  const pid_t child = ::fork();
  if (child == 0) {
    const bool is_done = bool(named->make_read_only()) && bool(unnamed->make_read_only());
    // The maps of the process say which pages are those of the tables.
    std::ifstream maps("/proc/self/maps");
    bool is_writable = false;
    for (std::string line; std::getline(maps, line);) {
      if (line.find("generations") == std::string::npos) {
        continue;
      }
      std::uintptr_t from = 0;
      std::uintptr_t to = 0;
      (void)std::sscanf(line.c_str(), "%lx-%lx", &from, &to);
      is_writable = is_writable || ::mprotect(reinterpret_cast<void*>(from), to - from,
                                              PROT_READ | PROT_WRITE) == 0;
    }
    ::_exit(is_done && !is_writable ? 0 : 1);
  }
  int status = -1;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  EXPECT_EQ(status, 0);
}

TEST_F(GenerationTableTest, AChangeOfAChildIsSeenByTheParent) {
  const auto table = make({"a", "b"});
  const pid_t child = ::fork();
  if (child == 0) {
    table->bump(1, kNow);
    ::_exit(0);
  }
  ASSERT_EQ(::waitpid(child, nullptr, 0), child);
  EXPECT_EQ(table->generation(1), 1U);
  EXPECT_EQ(table->activated_at(1), kNow);
}

TEST_F(GenerationTableTest, ANewOneLeavesTheOldMappingAlone) {
  const auto old_table = make({"a"});
  old_table->bump(0, kNow);
  const auto new_table = make({"b", "c"});
  old_table->bump(0, kNow);
  EXPECT_EQ(old_table->generation(0), 2U);
  EXPECT_EQ(new_table->generation(0), 0U);
}

TEST_F(GenerationTableTest, IsAFileThatOthersMayRead) {
  const auto table = make({"a.test", "b.test"});
  struct stat facts {};
  ASSERT_EQ(::stat(path_.c_str(), &facts), 0);
  EXPECT_EQ(facts.st_mode & 07777U, 0644U);
  std::ifstream file(path_, std::ios::binary);
  const std::string content(std::istreambuf_iterator<char>(file), {});
  EXPECT_THAT(content, HasSubstr("a.test\nb.test\n"));
  EXPECT_EQ(std::distance(std::filesystem::directory_iterator(dir_.path()), {}), 1);
}

TEST_F(GenerationTableTest, TellsWhyItCannotBeMade) {
  const auto table = GenerationTable::create(dir_.path() / "no" / "table", {"a"});
  ASSERT_FALSE(table);
  EXPECT_EQ(table.error().kind, ErrorKind::NotFound);
}

TEST_F(GenerationTableTest, WhoSeesTheEpochSeesTheGeneration) {
  const auto table = make({"a"});
  constexpr std::uint64_t kRounds = 20'000;
  std::atomic<int> violations{0};
  {
    const std::jthread reader([&] {
      for (std::uint64_t seen = 0; seen < kRounds;) {
        seen = table->epoch();
        const std::uint64_t generation = table->generation(0);
        const auto time = table->activated_at(0);
        const bool is_consistent =
            generation >= seen &&
            time >= kNow + std::chrono::seconds(static_cast<std::int64_t>(generation)) -
                        std::chrono::seconds(1);
        violations += seen == 0 || is_consistent ? 0 : 1;
      }
    });
    for (std::uint64_t i = 0; i < kRounds; ++i) {
      table->bump(0, kNow + std::chrono::seconds(static_cast<std::int64_t>(i)));
    }
  }
  EXPECT_EQ(violations, 0);
}

}  // namespace
}  // namespace md::store
