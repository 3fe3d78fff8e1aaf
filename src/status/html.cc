// SPDX-License-Identifier: Apache-2.0
#include "status/html.h"

#include <fmt/format.h>

#include "base/text.h"

namespace md::status {
namespace {

constexpr std::size_t kMaxText = 1024;

}  // namespace

std::string html_escaped(std::string_view text) {
  std::string escaped;
  for (const char character : printable(text, kMaxText)) {
    switch (character) {
      case '&':
        escaped += "&amp;";
        break;
      case '<':
        escaped += "&lt;";
        break;
      case '>':
        escaped += "&gt;";
        break;
      case '"':
        escaped += "&quot;";
        break;
      case '\'':
        escaped += "&#39;";
        break;
      default:
        escaped += character;
    }
  }
  return escaped;
}

std::string html_link(std::string_view url, std::string_view text) {
  const std::string lower = to_lower(url.substr(0, 8));
  if (!lower.starts_with("http://") && !lower.starts_with("https://")) {
    return html_escaped(text);
  }
  return fmt::format(R"(<a href="{}">{}</a>)", html_escaped(url), html_escaped(text));
}

}  // namespace md::status
