// SPDX-License-Identifier: Apache-2.0
#include "model/dns_name.h"

#include <arpa/inet.h>
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <string_view>
#include <unordered_set>

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

bool is_number(std::string_view text) {
  return !text.empty() && text.find_first_not_of("0123456789") == std::string_view::npos;
}

/// The part behind the last dot. No host name has a number there: what does is an address, or was
/// meant to be one.
std::string_view last_label(std::string_view text) {
  return text.substr(text.rfind('.') + 1);
}

/// Without the brackets, and the port behind them, of an IPv6 address; anything else as it is.
std::string_view without_brackets(std::string_view text) {
  const auto end = text.find(']');
  const bool is_bracketed = text.starts_with('[') && end != std::string_view::npos;
  const std::string_view rest = is_bracketed ? text.substr(end + 1) : "";
  const bool is_port = rest.empty() || (rest.front() == ':' && is_number(rest.substr(1)));
  return is_bracketed && is_port ? text.substr(1, end - 1) : text;
}

std::string_view without_port(std::string_view text) {
  const auto colon = text.rfind(':');
  if (colon == std::string_view::npos || colon + 1 == text.size()) {
    return text;
  }
  const std::string_view port = text.substr(colon + 1);
  return is_number(port) && port.size() <= 5 ? text.substr(0, colon) : text;
}

}  // namespace

std::vector<unsigned char> address_bytes(const std::string& text) {
  std::array<unsigned char, 16> bytes{};
  if (::inet_pton(AF_INET, text.c_str(), bytes.data()) == 1) {
    return {bytes.begin(), bytes.begin() + 4};
  }
  if (::inet_pton(AF_INET6, text.c_str(), bytes.data()) == 1) {
    return {bytes.begin(), bytes.end()};
  }
  return {};
}

std::string address_text(std::span<const unsigned char> bytes) {
  if (bytes.size() != 4 && bytes.size() != 16) {
    return "";
  }
  std::array<char, INET6_ADDRSTRLEN> text{};
  const int family = bytes.size() == 4 ? AF_INET : AF_INET6;
  return ::inet_ntop(family, bytes.data(), text.data(), text.size()) != nullptr ? text.data() : "";
}

Result<DnsName> DnsName::parse(std::string_view text) {
  const auto refuse = [&](std::string_view why) {
    return fail(ErrorKind::InvalidInput,
                fmt::format("'{}' is not a DNS name: {}", printable(text, 80), why));
  };
  // First, as the end of an IPv6 address may look like a port. A NUL would end it early.
  const std::string literal(without_brackets(text));
  if (literal.find(':') != std::string::npos && literal.find('\0') == std::string::npos) {
    if (const auto bytes = address_bytes(literal); bytes.size() == 16) {
      return DnsName(address_text(bytes));
    }
  }
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
  if (is_number(last_label(name)) && address_bytes(name).empty()) {
    return refuse("it ends in a number, as IP addresses do, but is none");
  }
  return DnsName(std::move(name));
}

DnsName DnsName::as_configured(std::string_view text) {
  if (auto name = parse(text)) {
    return *std::move(name);
  }
  DnsName word(to_lower(text));
  word.is_valid_ = false;
  return word;
}

std::optional<DnsName> DnsName::of_reverse_name(std::string_view text) {
  std::string name = to_lower(text);
  if (name.ends_with('.')) {
    name.pop_back();
  }
  constexpr std::string_view kIp4 = ".in-addr.arpa";
  constexpr std::string_view kIp6 = ".ip6.arpa";
  std::string forwards;
  if (name.ends_with(kIp4)) {
    auto parts = split(name.substr(0, name.size() - kIp4.size()), '.');
    std::reverse(parts.begin(), parts.end());
    forwards = join(parts, ".");
  } else if (name.ends_with(kIp6)) {
    auto nibbles = split(name.substr(0, name.size() - kIp6.size()), '.');
    std::reverse(nibbles.begin(), nibbles.end());
    for (std::size_t i = 0; i < nibbles.size(); ++i) {
      forwards += (i > 0 && i % 4 == 0 ? ":" : "") + nibbles[i];
    }
  }
  auto address = parse(forwards);
  // Only the one way to write it: "0.0.1" or nibbles that are none are no address.
  const bool is_it = address && address->is_ip() && address->reverse_name() == name;
  return is_it ? std::optional(*std::move(address)) : std::nullopt;
}

bool DnsName::is_ip() const {
  return is_valid_ && (text_.find(':') != std::string::npos || is_number(last_label(text_)));
}

std::string DnsName::reverse_name() const {
  const auto bytes = is_ip() ? address_bytes(text_) : std::vector<unsigned char>();
  if (bytes.size() == 4) {
    return fmt::format("{}.{}.{}.{}.in-addr.arpa", bytes[3], bytes[2], bytes[1], bytes[0]);
  }
  if (bytes.empty()) {
    return text_;
  }
  std::string name;
  for (auto byte = bytes.rbegin(); byte != bytes.rend(); ++byte) {
    name += fmt::format("{:x}.{:x}.", *byte & 0x0F, *byte >> 4);
  }
  return name + "ip6.arpa";
}

bool DnsName::covers(const DnsName& other) const {
  if (text_ == other.text_) {
    return true;
  }
  if (!is_wildcard() || !other.is_valid() || other.is_wildcard() || other.is_ip()) {
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
  std::unordered_set<std::string_view> wildcards;  // without their `*`
  for (const DnsName& name : names) {
    if (name.is_wildcard()) {
      wildcards.insert(std::string_view(name.text()).substr(1));
    }
  }
  std::vector<DnsName> kept;
  std::unordered_set<std::string_view> seen;
  for (const DnsName& name : names) {
    const std::string_view text = name.text();
    const auto dot = text.find('.');
    const bool is_covered = name.is_valid() && !name.is_wildcard() && !name.is_ip() &&
                            dot != std::string_view::npos && wildcards.contains(text.substr(dot));
    if (!is_covered && seen.insert(text).second) {
      kept.push_back(name);
    }
  }
  return kept;
}

}  // namespace md::model
