// SPDX-License-Identifier: Apache-2.0
#include "base/text.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdint>

#include "base/leading_number.h"
#include "base/time_range.h"

namespace md {
namespace {

using std::chrono::days;
using std::chrono::floor;
using std::chrono::hh_mm_ss;
using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;
using std::chrono::sys_days;
using std::chrono::weekday;
using std::chrono::year_month_day;

constexpr std::array<std::string_view, 7> kDayNames{"Sun", "Mon", "Tue", "Wed",
                                                    "Thu", "Fri", "Sat"};
constexpr std::array<std::string_view, 12> kMonthNames{"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                       "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};

char lower(char character) {
  return character >= 'A' && character <= 'Z' ? static_cast<char>(character - 'A' + 'a')
                                              : character;
}

bool is_space(char character) {
  return character == ' ' || (character >= '\t' && character <= '\r');
}

bool read_number(std::string_view text, int& number) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  return error == std::errc() && end == text.data() + text.size();
}

Result<TimePoint> make_time(std::string_view text, int year, int month, int day,
                            std::string_view clock_text) {
  int hour = 0;
  int minute = 0;
  int second = 0;
  const bool shaped = clock_text.size() == 8 && clock_text[2] == ':' && clock_text[5] == ':' &&
                      read_number(clock_text.substr(0, 2), hour) &&
                      read_number(clock_text.substr(3, 2), minute) &&
                      read_number(clock_text.substr(6, 2), second);
  const year_month_day date{std::chrono::year{year},
                            std::chrono::month{static_cast<unsigned>(month)},
                            std::chrono::day{static_cast<unsigned>(day)}};
  if (!shaped || !date.ok() || hour > 23 || minute > 59 || second > 60) {
    return fail(ErrorKind::InvalidInput, fmt::format("'{}' is not a time", printable(text, 64)));
  }
  return clamp_to_range(sys_days(date) + hours(hour) + minutes(minute) + seconds(second));
}

struct Unit {
  std::string_view name;
  milliseconds length;
};
constexpr std::array<Unit, 6> kUnits{{{"ms", milliseconds(1)},
                                      {"mi", minutes(1)},
                                      {"s", seconds(1)},
                                      {"h", hours(1)},
                                      {"d", days(1)},
                                      {"w", days(7)}}};

// Takes one word off the front of `line`, which begins with neither quote nor white space.
std::string take_word(std::string_view& line, char quote) {
  std::string word;
  while (!line.empty()) {
    const char next = line.front();
    if (quote != 0 ? next == quote : is_space(next)) {
      break;
    }
    if (next == '\\' && line.size() > 1 && (line[1] == '\\' || (quote != 0 && line[1] == quote))) {
      line.remove_prefix(1);
    }
    word += line.front();
    line.remove_prefix(1);
  }
  return word;
}

}  // namespace

std::string to_lower(std::string_view text) {
  std::string lowered(text);
  std::transform(lowered.begin(), lowered.end(), lowered.begin(), lower);
  return lowered;
}

std::string_view trim(std::string_view text) {
  while (!text.empty() && is_space(text.front())) {
    text.remove_prefix(1);
  }
  while (!text.empty() && is_space(text.back())) {
    text.remove_suffix(1);
  }
  return text;
}

bool equals_ignoring_case(std::string_view a, std::string_view b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                    [](char x, char y) { return lower(x) == lower(y); });
}

std::vector<std::string> split(std::string_view text, char separator) {
  std::vector<std::string> parts;
  while (true) {
    const auto end = text.find(separator);
    parts.emplace_back(text.substr(0, end));
    if (end == std::string_view::npos) {
      return parts;
    }
    text.remove_prefix(end + 1);
  }
}

std::string join(const std::vector<std::string>& parts, std::string_view separator) {
  return fmt::format("{}", fmt::join(parts, separator));
}

std::vector<std::string> split_words(std::string_view line) {
  std::vector<std::string> words;
  for (line = trim(line); !line.empty(); line = trim(line)) {
    const char quote = line.front() == '"' || line.front() == '\'' ? line.front() : '\0';
    line.remove_prefix(quote != 0 ? 1 : 0);
    words.push_back(take_word(line, quote));
    line.remove_prefix(quote != 0 && !line.empty() ? 1 : 0);
  }
  return words;
}

std::string join_words(std::span<const std::string> words) {
  std::string line;
  for (const std::string& word : words) {
    line += line.empty() ? "" : " ";
    if (!word.empty() && word.find_first_of(" \t\r\n\v\f\"'\\") == std::string::npos) {
      line += word;
      continue;
    }
    line += '"';
    for (const char character : word) {
      line += character == '"' || character == '\\' ? "\\" : "";
      line += character;
    }
    line += '"';
  }
  return line;
}

std::string format_http_date(TimePoint time) {
  const auto day = floor<days>(time);
  const year_month_day date(day);
  const hh_mm_ss clock(floor<seconds>(time - day));
  return fmt::format("{}, {:02} {} {:04} {:02}:{:02}:{:02} GMT",
                     kDayNames[weekday(day).c_encoding()], static_cast<unsigned>(date.day()),
                     kMonthNames[static_cast<unsigned>(date.month()) - 1],
                     static_cast<int>(date.year()), clock.hours().count(), clock.minutes().count(),
                     clock.seconds().count());
}

Result<TimePoint> parse_http_date(std::string_view text) {
  const std::vector<std::string> parts = split(trim(text), ' ');
  int day = 0;
  int year = 0;
  const bool shaped = parts.size() == 6 && parts[5] == "GMT" && parts[0].size() == 4 &&
                      read_number(parts[1], day) && read_number(parts[3], year);
  const auto* const month =
      shaped ? std::find(kMonthNames.begin(), kMonthNames.end(), parts[2]) : kMonthNames.end();
  if (month == kMonthNames.end()) {
    return fail(ErrorKind::InvalidInput,
                fmt::format("'{}' is not an HTTP date", printable(text, 64)));
  }
  return make_time(text, year, static_cast<int>(month - kMonthNames.begin()) + 1, day, parts[4]);
}

Result<TimePoint> parse_rfc3339(std::string_view text) {
  int year = 0;
  int month = 0;
  int day = 0;
  const bool shaped = text.size() >= 20 && text[4] == '-' && text[7] == '-' &&
                      (text[10] == 'T' || text[10] == 't') &&
                      read_number(text.substr(0, 4), year) &&
                      read_number(text.substr(5, 2), month) && read_number(text.substr(8, 2), day);
  if (!shaped) {
    return fail(ErrorKind::InvalidInput,
                fmt::format("'{}' is not an RFC 3339 time", printable(text, 64)));
  }
  MD_ASSIGN_OR_RETURN(const TimePoint local, make_time(text, year, month, day, text.substr(11, 8)));
  std::string_view zone = text.substr(19);
  if (zone.front() == '.') {
    zone.remove_prefix(std::min(zone.find_first_of("Zz+-"), zone.size()));
  }
  if (zone == "Z" || zone == "z") {
    return local;
  }
  int zone_hours = 0;
  int zone_minutes = 0;
  if (zone.size() != 6 || zone[3] != ':' || !read_number(zone.substr(1, 2), zone_hours) ||
      !read_number(zone.substr(4, 2), zone_minutes)) {
    return fail(ErrorKind::InvalidInput,
                fmt::format("'{}' has no time zone that RFC 3339 knows", printable(text, 64)));
  }
  const auto offset = hours(zone_hours) + minutes(zone_minutes);
  return zone.front() == '-' ? local + offset : local - offset;
}

Result<milliseconds> parse_duration(std::string_view text, milliseconds default_unit) {
  const auto leading = leading_number(text);
  const std::string unit_name = leading ? to_lower(leading->rest) : "";
  const auto* const unit = std::find_if(
      kUnits.begin(), kUnits.end(), [&](const Unit& u) { return unit_name.starts_with(u.name); });
  if (!leading || (unit == kUnits.end() && !unit_name.empty())) {
    return fail(ErrorKind::InvalidInput,
                fmt::format("'{}' has unrecognized format", printable(text, 64)));
  }
  const milliseconds length = unit_name.empty() ? default_unit : unit->length;
  // A century is more than any setting means and keeps all later arithmetic free of overflow.
  constexpr milliseconds kLongest = days(36525);
  const std::int64_t most = kLongest / length;
  return milliseconds(std::clamp(leading->number, -most, most) * length);
}

std::string describe_duration(Duration duration) {
  struct Part {
    long long length;
    std::string_view name;
  };
  constexpr std::array<Part, 4> kParts{
      {{86400, "day"}, {3600, "hour"}, {60, "minute"}, {1, "second"}}};
  std::string text = duration.count() < 0 ? "minus " : "";
  long long left = duration.count() < 0 ? -duration.count() : duration.count();
  int shown = 0;
  for (const Part& part : kParts) {
    const long long count = left / part.length;
    left %= part.length;
    if (count == 0 && !(part.length == 1 && shown == 0)) {
      continue;
    }
    text += fmt::format("{}{} {}{}", shown > 0 ? " " : "", count, part.name, count == 1 ? "" : "s");
    if (++shown == 2) {
      break;
    }
  }
  return text;
}

std::string printable(std::string_view text, std::size_t limit) {
  const bool is_too_long = text.size() > limit;
  if (is_too_long) {
    const auto continues = [&] { return (static_cast<unsigned char>(text[limit]) & 0xC0) == 0x80; };
    while (limit > 0 && continues()) {
      --limit;
    }
  }
  std::string clean;
  for (const char character : text.substr(0, limit)) {
    const auto byte = static_cast<unsigned char>(character);
    clean += byte < 0x20 || byte == 0x7F ? ' ' : character;
  }
  if (is_too_long) {
    clean += "…";
  }
  return clean;
}

}  // namespace md
