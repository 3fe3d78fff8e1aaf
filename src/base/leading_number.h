// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace md {

/// The number that a text begins with, after blanks, and what comes behind it.
struct LeadingNumber {
  std::int64_t number{0};
  std::string_view rest;
};
/// nullopt: there is none, or it is beyond 64 bits.
std::optional<LeadingNumber> leading_number(std::string_view text);

}  // namespace md
