// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <compare>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace md::model {

/// An IP address in network order, 4 or 16 bytes; none if the text is no address.
std::vector<unsigned char> address_bytes(const std::string& text);
/// The other way round, IPv6 as RFC 5952 has it; empty if there are not 4 or 16 bytes.
std::string address_text(std::span<const unsigned char> bytes);

/// What a certificate can be for: a host name, a wildcard, or an IP address (RFC 8738), in its one
/// normal form: lower case, no trailing dot, no port, no brackets; IPv6 as RFC 5952 has it. Or what
/// an MDomain has in the place of one. Immutable.
class DnsName {
 public:
  /// Accepts what ServerName, MDomain and Host accept: any case, a trailing dot, a `:port`
  /// (dropped), `192.0.2.1`, `2001:db8::1`, `[2001:db8::1]`. InvalidInput for anything that is
  /// neither host name nor address: it could never become a path or an order.
  static Result<DnsName> parse(std::string_view text);
  /// The same for the words of an MDomain: what is none stands as it was written, in lower case,
  /// for a CA to refuse. It equals and covers itself alone.
  static DnsName as_configured(std::string_view text);
  /// The address behind a name below in-addr.arpa or ip6.arpa: how a CA asks for it in the SNI of
  /// tls-alpn-01 (RFC 8738 §6). nullopt for all other names.
  static std::optional<DnsName> of_reverse_name(std::string_view text);

  [[nodiscard]] const std::string& text() const { return text_; }
  /// False: it is nothing but a word of the configuration.
  [[nodiscard]] bool is_valid() const { return is_valid_; }
  [[nodiscard]] bool is_wildcard() const { return is_valid_ && text_.starts_with("*."); }
  [[nodiscard]] bool is_ip() const;
  /// The name of an address below in-addr.arpa or ip6.arpa (RFC 1035 §3.5, RFC 3596 §2.5); of
  /// anything else, itself.
  [[nodiscard]] std::string reverse_name() const;
  /// The name without a leading `*.`: where a dns-01 challenge lives.
  [[nodiscard]] std::string base() const { return is_wildcard() ? text_.substr(2) : text_; }
  /// Equal, or this is a wildcard and `other` has exactly one label more than its base. Nothing but
  /// itself covers an address.
  [[nodiscard]] bool covers(const DnsName& other) const;

  friend bool operator==(const DnsName&, const DnsName&) = default;
  friend auto operator<=>(const DnsName&, const DnsName&) = default;

 private:
  explicit DnsName(std::string text) : text_(std::move(text)) {}
  std::string text_;
  bool is_valid_{true};
};

/// Is `name` one of `names`, or covered by a wildcard among them?
bool covers(const std::vector<DnsName>& names, const DnsName& name);
/// What an order asks for: without names that a wildcard of the list covers (CAs refuse both).
std::vector<DnsName> without_covered(const std::vector<DnsName>& names);

}  // namespace md::model
