// SPDX-License-Identifier: Apache-2.0
#include "httpd/attempt_tally.h"

#include <sys/mman.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <cstdint>
#include <cstring>
#include <new>
#include <string>
#include <string_view>

namespace md::httpd {
namespace {

// CAs are few, and so are the ways in which they refuse; what comes after these goes into the last.
constexpr std::size_t kMaxRows = 256;
constexpr std::string_view kOther = "other";

/// Text of a bounded length, whole before its row is counted in.
template <std::size_t kSize>
void copy_text(std::array<char, kSize>& target, std::string_view text) {
  const std::size_t length = std::min(text.size(), kSize - 1);
  std::memcpy(target.data(), text.data(), length);
  target[length] = '\0';
}

template <std::size_t kSize>
std::string text_of(const std::array<char, kSize>& text) {
  return {text.data(), ::strnlen(text.data(), kSize)};
}

}  // namespace

struct AttemptTally::Table {
  struct Row {
    std::array<char, 256> ca{};
    std::array<char, 128> failure{};
    std::atomic<std::uint64_t> attempts{0};
    std::atomic<std::uint64_t> milliseconds{0};
  };
  std::atomic<std::size_t> rows{0};
  /// Every child may write here: what is read is taken for no more than a claim.
  [[nodiscard]] std::size_t known() const {
    return std::min(rows.load(std::memory_order_acquire), kMaxRows);
  }
  std::array<Row, kMaxRows> row;
};

Result<std::unique_ptr<AttemptTally>> AttemptTally::create() {
  static_assert(std::atomic<std::uint64_t>::is_always_lock_free, "shared between processes");
  void* const memory =
      ::mmap(nullptr, sizeof(Table), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  if (memory == MAP_FAILED) {
    return fail_errno(errno, "map memory for counters");
  }
  // The private constructor keeps make_unique out.
  return std::unique_ptr<AttemptTally>(new AttemptTally(new (memory) Table()));
}

AttemptTally::~AttemptTally() {
  (void)::munmap(table_, sizeof(Table));
}

void AttemptTally::count(const renewal::AttemptReport& report) {
  const std::lock_guard lock(writers_);
  const std::size_t known = table_->known();
  std::size_t index = 0;
  for (; index < known; ++index) {
    const Table::Row& row = table_->row[index];
    if (report.ca_url.compare(0, row.ca.size() - 1, row.ca.data()) == 0 &&
        report.failure.compare(0, row.failure.size() - 1, row.failure.data()) == 0) {
      break;
    }
  }
  const bool is_full = index == kMaxRows;
  Table::Row& row = table_->row[is_full ? kMaxRows - 1 : index];
  if (index == known && !is_full) {
    const bool is_last = index == kMaxRows - 1;
    copy_text(row.ca, is_last ? kOther : std::string_view(report.ca_url));
    copy_text(row.failure, is_last ? kOther : std::string_view(report.failure));
    table_->rows.store(known + 1, std::memory_order_release);
  }
  row.attempts.fetch_add(1, std::memory_order_relaxed);
  row.milliseconds.fetch_add(static_cast<std::uint64_t>(report.took.count()),
                             std::memory_order_relaxed);
}

std::vector<status::AttemptCount> AttemptTally::counts() const {
  std::vector<status::AttemptCount> counts;
  const std::size_t known = table_->known();
  for (std::size_t i = 0; i < known; ++i) {
    const Table::Row& row = table_->row[i];
    counts.push_back({text_of(row.ca), text_of(row.failure),
                      row.attempts.load(std::memory_order_relaxed),
                      std::chrono::milliseconds(row.milliseconds.load(std::memory_order_relaxed))});
  }
  return counts;
}

}  // namespace md::httpd
