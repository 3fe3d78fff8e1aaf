// SPDX-License-Identifier: Apache-2.0
#include "config/uri.h"

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <optional>

namespace md::config {
namespace {

constexpr std::string_view kNoUri = "not an uri";

bool is_letter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

bool is_blank(char c) {
  return c == ' ' || (c >= '\t' && c <= '\r');
}

bool is_scheme(std::string_view text) {
  return !text.empty() && is_letter(text.front()) && std::ranges::all_of(text, [](char c) {
    return is_letter(c) || is_digit(c) || c == '+' || c == '-' || c == '.';
  });
}

/// Without dots one after the other, and of what host names are made of.
bool is_host(std::string_view text) {
  return text.find("..") == std::string_view::npos && std::ranges::all_of(text, [](char c) {
           return is_letter(c) || is_digit(c) || c == '-' || c == '.';
         });
}

/// The parts of a URI (RFC 3986 §3.2) that are looked at.
struct Authority {
  std::string_view host;
  std::optional<std::string_view> port;
  bool is_unclosed{false};  ///< "[::1"
};

/// `text` is what stands between "//" and the path.
Authority authority_of(std::string_view text) {
  if (const auto at = text.rfind('@'); at != std::string_view::npos) {
    text.remove_prefix(at + 1);
  }
  Authority authority;
  if (text.starts_with('[')) {
    const auto end = text.find(']');
    authority.is_unclosed = end == std::string_view::npos;
    authority.host = text.substr(1, authority.is_unclosed ? end : end - 1);
    text.remove_prefix(authority.is_unclosed ? text.size() : end + 1);
  } else {
    authority.host = text.substr(0, text.find(':'));
    text.remove_prefix(authority.host.size());
  }
  if (text.starts_with(':')) {
    authority.port = text.substr(1);
  }
  return authority;
}

/// mod_md keeps 16 bits of the number: 65536 is none, 65537 is one.
std::string_view flaw_of_port(std::string_view port) {
  if (port.empty() || !is_digit(port.front())) {
    const bool has_sign = port.size() > 1 && (port.front() == '-' || port.front() == '+');
    return port.empty() || (has_sign && is_digit(port[1])) ? "invalid port" : kNoUri;
  }
  if (!std::ranges::all_of(port, is_digit)) {
    return kNoUri;
  }
  std::uint64_t number = 0;
  const auto [end, failed] = std::from_chars(port.data(), port.data() + port.size(), number);
  return failed != std::errc() || (number & 0xFFFFU) == 0 ? "invalid port" : "";
}

std::string_view flaw_of_web_address(std::optional<std::string_view> text) {
  if (!text) {
    return "missing hostname";
  }
  const Authority authority = authority_of(*text);
  if (authority.is_unclosed) {
    return kNoUri;
  }
  if (authority.port) {
    if (const std::string_view flaw = flaw_of_port(*authority.port); !flaw.empty()) {
      return flaw;
    }
  }
  return is_host(authority.host) ? "" : "invalid hostname";
}

std::string_view flaw_of_mail_address(std::string_view address) {
  const auto at = address.find('@');
  if (at == std::string_view::npos) {
    return "missing @";
  }
  if (address.find('@', at + 1) != std::string_view::npos) {
    return "duplicate @";
  }
  if (at == 0) {
    return "missing local part";
  }
  if (at + 1 == address.size()) {
    return "missing hostname";
  }
  return address.find("..") == std::string_view::npos ? "" : "double period";
}

}  // namespace

std::string_view flaw_of_uri(std::string_view text) {
  if (std::ranges::any_of(text, is_blank)) {
    return "whitespace in uri";
  }
  const auto end = text.find_first_of(":/?#");
  if (end == std::string_view::npos || text[end] != ':') {
    return "missing uri scheme";
  }
  const std::string_view scheme = text.substr(0, end);
  if (!is_scheme(scheme)) {
    return kNoUri;
  }
  std::string_view rest = text.substr(end + 1);
  if (rest.empty()) {
    return "missing uri identifier";
  }
  std::optional<std::string_view> authority;
  if (rest.starts_with("//")) {
    rest.remove_prefix(2);
    authority = rest.substr(0, rest.find_first_of("/?#"));
  }
  if (scheme == "http" || scheme == "https") {
    return flaw_of_web_address(authority);
  }
  return scheme == "mailto" && !authority ? flaw_of_mail_address(rest) : "";
}

}  // namespace md::config
