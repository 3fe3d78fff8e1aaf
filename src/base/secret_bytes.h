// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace md {

/// Overwrites memory in a way that the compiler cannot leave out.
void wipe(void* memory, std::size_t size) noexcept;

/// Bytes that must not be left behind: wiped when they go away, moved but never copied by
/// accident, and not printable.
class SecretBytes {
 public:
  SecretBytes() = default;
  explicit SecretBytes(std::size_t size) : bytes_(size) {}
  explicit SecretBytes(std::string_view text) : bytes_(text.begin(), text.end()) {}
  explicit SecretBytes(std::span<const unsigned char> bytes) : bytes_(bytes.begin(), bytes.end()) {}
  SecretBytes(SecretBytes&& other) noexcept : bytes_(std::move(other.bytes_)) {
    other.bytes_.clear();
  }
  SecretBytes& operator=(SecretBytes&& other) noexcept;
  SecretBytes(const SecretBytes&) = delete;
  SecretBytes& operator=(const SecretBytes&) = delete;
  ~SecretBytes() { clear(); }

  [[nodiscard]] SecretBytes clone() const { return SecretBytes(bytes()); }
  [[nodiscard]] std::span<const unsigned char> bytes() const { return bytes_; }
  [[nodiscard]] std::span<unsigned char> bytes() { return bytes_; }
  [[nodiscard]] std::string_view text() const {
    return {reinterpret_cast<const char*>(bytes_.data()), bytes_.size()};
  }
  [[nodiscard]] std::size_t size() const { return bytes_.size(); }
  [[nodiscard]] bool empty() const { return bytes_.empty(); }
  void clear() noexcept;

 private:
  std::vector<unsigned char> bytes_;
};

}  // namespace md
