// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/result.h"

namespace md {

std::string to_lower(std::string_view text);  ///< ASCII only, whatever the locale
std::string_view trim(std::string_view text);
bool equals_ignoring_case(std::string_view a, std::string_view b);
std::vector<std::string> split(std::string_view text, char separator);
std::string join(const std::vector<std::string>& parts, std::string_view separator);

/// The words of a line as httpd splits the arguments of a directive: at white space, quoted by `"`
/// or `'`; a backslash stands before a backslash or the quote in use.
std::vector<std::string> split_words(std::string_view line);
/// The line that `split_words` takes apart into these words.
std::string join_words(std::span<const std::string> words);

/// "Sun, 22 Nov 2026 12:41:24 GMT" (RFC 9110 §5.6.7), the form of all times in the store.
std::string format_http_date(TimePoint time);
Result<TimePoint> parse_http_date(std::string_view text);

/// "2026-11-22T12:41:24Z" (RFC 3339), the form of times in ACME. Fractions are dropped.
Result<TimePoint> parse_rfc3339(std::string_view text);

/// A duration as directives write it: `90d`, `12h`, `30s`, `5mi`, `200ms`, `2w`; without a unit the
/// number counts `default_unit`. Negative or unparsable: InvalidInput.
Result<std::chrono::milliseconds> parse_duration(std::string_view text,
                                                 std::chrono::milliseconds default_unit);

/// For people: "2 days", "3 hours 20 minutes", "45 seconds"; two largest units.
std::string describe_duration(Duration duration);

/// Replaces control characters and cuts at `limit`, so that what a peer sent can go into a log.
std::string printable(std::string_view text, std::size_t limit = 512);

}  // namespace md
