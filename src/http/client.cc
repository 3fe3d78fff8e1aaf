// SPDX-License-Identifier: Apache-2.0
#include "http/client.h"

#include <algorithm>

#include "base/text.h"

namespace md::http {
namespace {

// Longer than any peer means; keeps all later arithmetic free of overflow.
constexpr std::chrono::seconds kLongestRetryAfter = std::chrono::hours(24 * 365);

std::optional<std::chrono::seconds> parse_delta_seconds(std::string_view text) {
  if (text.empty() || text.find_first_not_of("0123456789") != std::string_view::npos) {
    return std::nullopt;
  }
  long long seconds = 0;
  for (const char digit : text) {
    seconds = std::min<long long>(seconds * 10 + (digit - '0'), kLongestRetryAfter.count());
  }
  return std::chrono::seconds(seconds);
}

// Takes what stands before the next `separator` outside quotes, and the separator, off `rest`.
std::string_view take_until(std::string_view& rest, char separator) {
  bool quoted = false;
  std::size_t end = 0;
  for (; end < rest.size() && (quoted || rest[end] != separator); ++end) {
    if (rest[end] == '\\' && quoted) {
      ++end;
    } else if (rest[end] == '"') {
      quoted = !quoted;
    }
  }
  const std::string_view taken = rest.substr(0, end);
  rest.remove_prefix(std::min(rest.size(), end + 1));
  return taken;
}

std::string_view unquoted(std::string_view text) {
  if (text.size() >= 2 && text.front() == '"' && text.back() == '"') {
    return text.substr(1, text.size() - 2);
  }
  return text;
}

bool has_relation(std::string_view parameters, std::string_view relation) {
  while (!parameters.empty()) {
    std::string_view value = take_until(parameters, ';');
    const std::string_view name = trim(take_until(value, '='));
    if (!equals_ignoring_case(name, "rel")) {
      continue;
    }
    const std::vector<std::string> relations = split(unquoted(trim(value)), ' ');
    return std::any_of(relations.begin(), relations.end(),
                       [&](const std::string& one) { return equals_ignoring_case(one, relation); });
  }
  return false;
}

// Takes the first link-value (RFC 8288 §3) off `rest`; its target if it has that relation.
std::optional<std::string> take_link(std::string_view& rest, std::string_view relation) {
  const std::size_t start = rest.find('<');
  const std::size_t end = start == std::string_view::npos ? start : rest.find('>', start);
  if (end == std::string_view::npos) {
    rest = {};
    return std::nullopt;
  }
  std::string target(trim(rest.substr(start + 1, end - start - 1)));
  rest.remove_prefix(end + 1);
  std::string_view parameters = take_until(rest, ',');
  take_until(parameters, ';');
  return has_relation(parameters, relation) ? std::optional(std::move(target)) : std::nullopt;
}

}  // namespace

void Headers::add(std::string name, std::string value) {
  fields_.emplace_back(std::move(name), std::move(value));
}

std::optional<std::string> Headers::find(std::string_view name) const {
  for (const auto& [field, value] : fields_) {
    if (equals_ignoring_case(field, name)) {
      return value;
    }
  }
  return std::nullopt;
}

std::vector<std::string> Headers::find_all(std::string_view name) const {
  std::vector<std::string> values;
  for (const auto& [field, value] : fields_) {
    if (equals_ignoring_case(field, name)) {
      values.push_back(value);
    }
  }
  return values;
}

std::string Response::media_type() const {
  const std::string value = headers.find("Content-Type").value_or("");
  return to_lower(trim(std::string_view(value).substr(0, value.find(';'))));
}

std::optional<std::chrono::seconds> Response::retry_after(TimePoint now) const {
  const auto value = headers.find("Retry-After");
  if (!value) {
    return std::nullopt;
  }
  if (const auto seconds = parse_delta_seconds(trim(*value))) {
    return seconds;
  }
  const auto date = parse_http_date(*value);
  if (!date) {
    return std::nullopt;
  }
  const auto left = std::chrono::ceil<std::chrono::seconds>(*date - now);
  return std::clamp(left, std::chrono::seconds(0), kLongestRetryAfter);
}

std::vector<std::string> Response::links(std::string_view relation) const {
  std::vector<std::string> targets;
  for (const std::string& field : headers.find_all("Link")) {
    for (std::string_view rest = field; !rest.empty();) {
      if (auto target = take_link(rest, relation)) {
        targets.push_back(*std::move(target));
      }
    }
  }
  return targets;
}

}  // namespace md::http
