// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace md::http {

/// What a request and its error messages need to know of a URL. Immutable.
struct Url {
  std::string scheme;  ///< "http" or "https"
  std::string host;
  std::string port;  ///< the scheme's own where the URL has none

  /// "ca.example.org:443"
  [[nodiscard]] std::string authority() const { return host + ":" + port; }
};

/// An absolute URL of http or https with a host; nullopt for anything else.
std::optional<Url> parse_url(std::string_view text);
[[nodiscard]] inline bool is_http_url(std::string_view text) {
  return parse_url(text).has_value();
}

/// `reference`, as found in a `Location` or `Link`, made absolute (RFC 3986 §5); nullopt where the
/// outcome is no URL of http or https.
std::optional<std::string> resolve_url(const std::string& base, const std::string& reference);

}  // namespace md::http
