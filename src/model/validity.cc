// SPDX-License-Identifier: Apache-2.0
#include "model/validity.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdint>

#include "base/leading_number.h"
#include "base/text.h"

namespace md::model {
namespace {

using std::chrono::days;
using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;

std::string written(Duration length) {
  if (length % days(1) == Duration(0)) {
    return fmt::format("{}d", length / days(1));
  }
  if (length % hours(1) == Duration(0)) {
    return fmt::format("{}h", length / hours(1));
  }
  if (length % minutes(1) == Duration(0)) {
    return fmt::format("{}mi", length / minutes(1));
  }
  return fmt::format("{}s", length.count());
}

/// `text` begins with a number and `%`; mod_md has never looked at what comes behind. No number
/// stands for 0.
Result<unsigned> parse_percent(std::string_view text) {
  const std::int64_t percent = leading_number(text).value_or(LeadingNumber{}).number;
  if (percent < 0) {
    return fail(ErrorKind::InvalidInput, "percent must be less than 100");
  }
  if (percent >= 100) {
    return fail(ErrorKind::InvalidInput, "a length of 100% or more is not allowed.");
  }
  return static_cast<unsigned>(percent);
}

bool is_share(std::string_view text) {
  const auto number = leading_number(text);
  return number ? number->rest.starts_with('%') : text.starts_with('%');
}

}  // namespace

Result<Window> Window::parse(std::string_view text) {
  if (is_share(text)) {
    MD_ASSIGN_OR_RETURN(const unsigned percent, parse_percent(text));
    return Window::percent(percent);
  }
  MD_ASSIGN_OR_RETURN(const auto length, parse_duration(text, days(1)));
  return of_length(std::chrono::duration_cast<Duration>(length));
}

Window Window::percent(unsigned percent) {
  return {percent, fmt::format("{}%", percent)};
}

Window Window::of_length(Duration length) {
  return {length, written(length)};
}

Duration Window::of(Duration lifetime) const {
  if (const auto* const percent = std::get_if<unsigned>(&amount_)) {
    return lifetime * static_cast<Duration::rep>(*percent) / 100;
  }
  return std::clamp(std::get<Duration>(amount_), Duration(0), std::max(lifetime, Duration(0)));
}

std::optional<Duration> Window::fixed_length() const {
  const auto* const length = std::get_if<Duration>(&amount_);
  return length != nullptr ? std::optional(*length) : std::nullopt;
}

}  // namespace md::model
