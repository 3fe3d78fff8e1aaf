// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/descriptor.h"
#include "base/result.h"

namespace md::store {

/// One slot per managed domain in memory that all processes of a server share: how often a
/// certificate set went live since the server's start or last reload, and when (design.md §3.4).
/// The parent makes it before it forks; the activator bumps; children read. Backed by a file, so
/// that others may look too. Thread-safe and safe across processes; a slot is read without a lock.
class GenerationTable {
 public:
  /// Makes the file anew (old mappings keep the old one). `names` give the slots their order.
  static Result<std::unique_ptr<GenerationTable>> create(const std::filesystem::path& path,
                                                         const std::vector<std::string>& names);
  /// The same without a file, where none can be made (a full disk): seen by processes that are
  /// forked
  /// from this one.
  static Result<std::unique_ptr<GenerationTable>> create_unnamed(
      const std::vector<std::string>& names);
  GenerationTable(const GenerationTable&) = delete;
  GenerationTable& operator=(const GenerationTable&) = delete;
  ~GenerationTable();

  [[nodiscard]] std::size_t size() const { return size_; }
  /// 0: nothing went live since the start.
  [[nodiscard]] std::uint64_t generation(std::size_t slot) const;
  [[nodiscard]] TimePoint activated_at(std::size_t slot) const;
  /// Changes whenever any slot does: cheap to poll.
  [[nodiscard]] std::uint64_t epoch() const;
  /// Only where it is writable.
  void bump(std::size_t slot, TimePoint now);
  /// In a child, before it has threads: the memory is mapped anew from a descriptor that is open
  /// for reading alone, so that no mprotect makes it writable again.
  Status make_read_only();

 private:
  /// A table in that file, which has its length already.
  static Result<std::unique_ptr<GenerationTable>> fill(const Descriptor& file,
                                                       Descriptor for_reading,
                                                       const std::vector<std::string>& names);
  GenerationTable(void* memory, std::size_t length, std::size_t size, Descriptor for_reading)
      : memory_(memory), length_(length), size_(size), for_reading_(std::move(for_reading)) {}
  void* memory_;
  std::size_t length_;
  std::size_t size_;
  Descriptor for_reading_;
};

}  // namespace md::store
