// SPDX-License-Identifier: Apache-2.0
#include "model/validity.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

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

Result<unsigned> parse_percent(std::string_view text) {
  unsigned percent = 0;
  const auto* const end = text.data() + text.size() - 1;
  const auto parsed = std::from_chars(text.data(), end, percent);
  if (parsed.ec == std::errc() && parsed.ptr == end && percent >= 100) {
    return fail(ErrorKind::InvalidInput, "a length of 100% or more is not allowed.");
  }
  if (parsed.ec != std::errc() || parsed.ptr != end) {
    return fail(ErrorKind::InvalidInput,
                fmt::format("'{}' has unrecognized format", printable(text, 64)));
  }
  return percent;
}

}  // namespace

Result<Window> Window::parse(std::string_view text) {
  if (text.ends_with('%')) {
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
  return std::min(std::get<Duration>(amount_), lifetime);
}

std::optional<Duration> Window::fixed_length() const {
  const auto* const length = std::get_if<Duration>(&amount_);
  return length != nullptr ? std::optional(*length) : std::nullopt;
}

}  // namespace md::model
