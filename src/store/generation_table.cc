// SPDX-License-Identifier: Apache-2.0
#include "store/generation_table.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstdio>
#include <cstring>

#include "base/descriptor.h"
#include "base/text.h"

namespace md::store {
namespace {

using Word = std::uint64_t;
using SharedWord = std::atomic_ref<Word>;
static_assert(SharedWord::is_always_lock_free, "words are shared between processes");

// The file: a header of words, two words a slot, then the names, a line each. All in the byte
// order of the machine: no other one maps it.
constexpr Word kMagic = 0x6d645f6c69766531;  // "md_live1"
constexpr Word kVersion = 1;
constexpr std::size_t kMagicWord = 0;
constexpr std::size_t kVersionWord = 1;
constexpr std::size_t kCountWord = 2;
constexpr std::size_t kEpochWord = 3;
constexpr std::size_t kHeaderWords = 4;
// In a slot:
constexpr std::size_t kGenerationWord = 0;
constexpr std::size_t kActivatedAtWord = 1;
constexpr std::size_t kSlotWords = 2;

SharedWord word_at(void* memory, std::size_t index) {
  return SharedWord(static_cast<Word*>(memory)[index]);
}

std::size_t slot_at(std::size_t slot) {
  return kHeaderWords + slot * kSlotWords;
}

Error failed(std::string_view attempted, const std::filesystem::path& path, int error_number) {
  return fail_errno(error_number, fmt::format("{} {}", attempted, path.string()));
}

/// A new file of that length with all its space: a hole could not be filled on a full disk, and a
/// write to it through the mapping would end the process.
Result<Descriptor> make_file(const std::filesystem::path& path, std::size_t length) {
  (void)::unlink(path.c_str());
  constexpr int kFlags = O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC;
  Descriptor file(uninterrupted([&] { return ::open(path.c_str(), kFlags, 0644); }));
  if (!file.is_open()) {
    return failed("create", path, errno);
  }
  const int refused = ::posix_fallocate(file.get(), 0, static_cast<off_t>(length));
  if (refused != 0 || ::fchmod(file.get(), 0644) != 0) {
    const int error_number = refused != 0 ? refused : errno;
    (void)::unlink(path.c_str());
    return failed("make room for", path, error_number);
  }
  return file;
}

std::string lines_of(const std::vector<std::string>& names) {
  return names.empty() ? "" : join(names, "\n") + "\n";
}

std::size_t length_of(const std::vector<std::string>& names, std::string_view lines) {
  return slot_at(names.size()) * sizeof(Word) + lines.size();
}

Descriptor open_for_reading(const std::filesystem::path& path) {
  return Descriptor(uninterrupted([&] { return ::open(path.c_str(), O_RDONLY | O_CLOEXEC); }));
}

}  // namespace

Result<std::unique_ptr<GenerationTable>> GenerationTable::fill(
    const Descriptor& file, Descriptor for_reading, const std::vector<std::string>& names) {
  const std::string lines = lines_of(names);
  const std::size_t length = length_of(names, lines);
  void* const memory = ::mmap(nullptr, length, PROT_READ | PROT_WRITE, MAP_SHARED, file.get(), 0);
  if (memory == MAP_FAILED) {
    return fail_errno(errno, "map memory for the generation table");
  }
  std::unique_ptr<GenerationTable> table(
      new GenerationTable(memory, length, names.size(), std::move(for_reading)));
  word_at(memory, kMagicWord).store(kMagic);
  word_at(memory, kVersionWord).store(kVersion);
  word_at(memory, kCountWord).store(names.size());
  std::memcpy(static_cast<Word*>(memory) + slot_at(names.size()), lines.data(), lines.size());
  return table;
}

Result<std::unique_ptr<GenerationTable>> GenerationTable::create(
    const std::filesystem::path& path, const std::vector<std::string>& names) {
  std::filesystem::path temporary = path;
  temporary.replace_filename(fmt::format(".tmp-{}-{}", ::getpid(), path.filename().string()));
  MD_ASSIGN_OR_RETURN(const Descriptor file,
                      make_file(temporary, length_of(names, lines_of(names))));
  auto table = fill(file, open_for_reading(temporary), names);
  if (!table) {
    (void)::unlink(temporary.c_str());
    return table;
  }
  if (std::rename(temporary.c_str(), path.c_str()) != 0) {
    const int error_number = errno;
    (void)::unlink(temporary.c_str());
    return failed("rename to", path, error_number);
  }
  return table;
}

Result<std::unique_ptr<GenerationTable>> GenerationTable::create_unnamed(
    const std::vector<std::string>& names) {
  const Descriptor file(::memfd_create("mod_md generations", MFD_CLOEXEC));
  const auto length = static_cast<off_t>(length_of(names, lines_of(names)));
  // Its owner alone may write, so that a child cannot open it anew for writing.
  if (!file.is_open() || ::fchmod(file.get(), 0644) != 0 || ::ftruncate(file.get(), length) != 0) {
    return fail_errno(errno, "make memory for the generation table");
  }
  return fill(file, open_for_reading(fmt::format("/proc/self/fd/{}", file.get())), names);
}

GenerationTable::~GenerationTable() {
  (void)::munmap(memory_, length_);
}

std::uint64_t GenerationTable::generation(std::size_t slot) const {
  return slot < size_
             ? word_at(memory_, slot_at(slot) + kGenerationWord).load(std::memory_order_acquire)
             : 0;
}

TimePoint GenerationTable::activated_at(std::size_t slot) const {
  if (slot >= size_) {
    return {};
  }
  const Word seconds =
      word_at(memory_, slot_at(slot) + kActivatedAtWord).load(std::memory_order_acquire);
  return TimePoint(std::chrono::seconds(static_cast<std::int64_t>(seconds)));
}

std::uint64_t GenerationTable::epoch() const {
  return word_at(memory_, kEpochWord).load(std::memory_order_acquire);
}

void GenerationTable::bump(std::size_t slot, TimePoint now) {
  if (slot >= size_) {
    return;
  }
  const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(now.time_since_epoch());
  // In this order: who sees the epoch sees the generation, who sees that sees the time.
  word_at(memory_, slot_at(slot) + kActivatedAtWord)
      .store(static_cast<Word>(seconds.count()), std::memory_order_release);
  word_at(memory_, slot_at(slot) + kGenerationWord).fetch_add(1, std::memory_order_acq_rel);
  word_at(memory_, kEpochWord).fetch_add(1, std::memory_order_acq_rel);
}

Status GenerationTable::make_read_only() {
  if (!for_reading_.is_open()) {  // there was no /proc
    return ::mprotect(memory_, length_, PROT_READ) == 0
               ? Status()
               : fail_errno(errno, "make the generation table read-only");
  }
  void* const memory = ::mmap(nullptr, length_, PROT_READ, MAP_SHARED, for_reading_.get(), 0);
  if (memory == MAP_FAILED) {
    return fail_errno(errno, "map the generation table for reading");
  }
  (void)::munmap(memory_, length_);
  memory_ = memory;
  return {};
}

}  // namespace md::store
