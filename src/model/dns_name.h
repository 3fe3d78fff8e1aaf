// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <compare>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace md::model {

/// A host name or wildcard in its one normal form: lower case, no trailing dot, no port.
/// Immutable.
class DnsName {
 public:
  /// Accepts what ServerName and MDomain accept: any case, a trailing dot, a `:port` (dropped).
  /// InvalidInput for anything that is no host name: it could never become a path or an order.
  static Result<DnsName> parse(std::string_view text);

  [[nodiscard]] const std::string& text() const { return text_; }
  [[nodiscard]] bool is_wildcard() const { return text_.starts_with("*."); }
  /// The name without a leading `*.`: where a dns-01 challenge lives.
  [[nodiscard]] std::string base() const { return is_wildcard() ? text_.substr(2) : text_; }
  /// Equal, or this is a wildcard and `other` has exactly one label more than its base.
  [[nodiscard]] bool covers(const DnsName& other) const;

  friend bool operator==(const DnsName&, const DnsName&) = default;
  friend auto operator<=>(const DnsName&, const DnsName&) = default;

 private:
  explicit DnsName(std::string text) : text_(std::move(text)) {}
  std::string text_;
};

/// Is `name` one of `names`, or covered by a wildcard among them?
bool covers(const std::vector<DnsName>& names, const DnsName& name);
/// What an order asks for: without names that a wildcard of the list covers (CAs refuse both).
std::vector<DnsName> without_covered(const std::vector<DnsName>& names);

}  // namespace md::model
