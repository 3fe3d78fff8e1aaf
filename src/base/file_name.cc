// SPDX-License-Identifier: Apache-2.0
#include "base/file_name.h"

#include <fmt/format.h>

#include <cstdint>

namespace md {
namespace {

// Leaves room for ".lock", ".bundle" and the like within the 255 bytes of a file system.
constexpr std::size_t kLongest = 240;
constexpr std::size_t kKept = 200;

bool is_unfit(char character) {
  const auto byte = static_cast<unsigned char>(character);
  return byte < 0x20 || byte == 0x7F || character == '/' || character == '%';
}

std::uint64_t fnv1a(std::string_view text) {
  std::uint64_t hash = 14695981039346656037U;
  for (const char c : text) {
    hash = (hash ^ static_cast<unsigned char>(c)) * 1099511628211U;
  }
  return hash;
}

}  // namespace

std::string file_name_for(std::string_view text) {
  if (text.empty()) {
    return "%";
  }
  std::string name;
  for (const char c : text) {
    const bool is_hidden = name.empty() && c == '.';
    if (is_hidden || is_unfit(c)) {
      name += fmt::format("%{:02x}", static_cast<unsigned char>(c));
    } else {
      name += c;
    }
  }
  return name.size() <= kLongest ? name
                                 : fmt::format("{}%{:016x}", name.substr(0, kKept), fnv1a(text));
}

}  // namespace md
