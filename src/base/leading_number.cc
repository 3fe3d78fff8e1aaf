// SPDX-License-Identifier: Apache-2.0
#include "base/leading_number.h"

#include <algorithm>
#include <charconv>

namespace md {

std::optional<LeadingNumber> leading_number(std::string_view text) {
  text.remove_prefix(std::min(text.find_first_not_of(" \t"), text.size()));
  if (text.size() > 1 && text.front() == '+' && text[1] != '-') {
    text.remove_prefix(1);
  }
  LeadingNumber leading;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), leading.number);
  if (error != std::errc()) {
    return std::nullopt;
  }
  leading.rest = text.substr(static_cast<std::size_t>(end - text.data()));
  return leading;
}

}  // namespace md
