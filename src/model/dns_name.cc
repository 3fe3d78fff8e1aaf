// SPDX-License-Identifier: Apache-2.0
#include "model/dns_name.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"

namespace md::model {
namespace {

constexpr std::size_t kMaxNameLength = 253;  // RFC 1035 §2.3.4, as text
constexpr std::size_t kMaxLabelLength = 63;

bool is_label_character(char character) {
  return (character >= 'a' && character <= 'z') || (character >= '0' && character <= '9') ||
         character == '-' || character == '_';
}

bool is_label(std::string_view label) {
  return !label.empty() && label.size() <= kMaxLabelLength && label.front() != '-' &&
         label.back() != '-' && std::all_of(label.begin(), label.end(), is_label_character);
}

std::string_view without_port(std::string_view text) {
  const auto colon = text.rfind(':');
  if (colon == std::string_view::npos || colon + 1 == text.size()) {
    return text;
  }
  const std::string_view port = text.substr(colon + 1);
  const bool digits =
      std::all_of(port.begin(), port.end(), [](char c) { return c >= '0' && c <= '9'; });
  return digits && port.size() <= 5 ? text.substr(0, colon) : text;
}

}  // namespace

Result<DnsName> DnsName::parse(std::string_view text) {
  const auto refuse = [&](std::string_view why) {
    return fail(ErrorKind::InvalidInput,
                fmt::format("'{}' is not a DNS name: {}", printable(text, 80), why));
  };
  std::string name = to_lower(without_port(text));
  if (name.ends_with('.')) {
    name.pop_back();
  }
  if (name.empty()) {
    return refuse("it is empty");
  }
  if (name.size() > kMaxNameLength) {
    return refuse("it is longer than 253 characters");
  }
  std::string_view labels = name;
  if (labels.starts_with("*.")) {
    labels.remove_prefix(2);
  }
  for (const std::string& label : split(labels, '.')) {
    if (!is_label(label)) {
      return refuse(fmt::format("'{}' cannot be a part of one", printable(label, 80)));
    }
  }
  return DnsName(std::move(name));
}

bool DnsName::covers(const DnsName& other) const {
  if (text_ == other.text_) {
    return true;
  }
  if (!is_wildcard() || other.is_wildcard()) {
    return false;
  }
  const auto first_dot = other.text_.find('.');
  return first_dot != std::string::npos &&
         std::string_view(other.text_).substr(first_dot) == std::string_view(text_).substr(1);
}

bool covers(const std::vector<DnsName>& names, const DnsName& name) {
  return std::any_of(names.begin(), names.end(), [&](const DnsName& n) { return n.covers(name); });
}

std::vector<DnsName> without_covered(const std::vector<DnsName>& names) {
  std::vector<DnsName> kept;
  for (const DnsName& name : names) {
    const bool covered = std::any_of(names.begin(), names.end(), [&](const DnsName& other) {
      return other != name && other.covers(name);
    });
    if (!covered && std::find(kept.begin(), kept.end(), name) == kept.end()) {
      kept.push_back(name);
    }
  }
  return kept;
}

}  // namespace md::model
