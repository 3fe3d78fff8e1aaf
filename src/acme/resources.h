// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "json/value.h"
#include "model/dns_name.h"

/// RFC 8555's protocol, without policy and without disk: values in, values out. What to keep and
/// when to try again is `renewal`'s to decide.
namespace md::acme {

/// RFC 8555 §7.1.1.
struct Directory {
  std::string url;  ///< where it was fetched
  std::string new_nonce;
  std::string new_account;
  std::string new_order;
  std::string revoke_cert;
  std::string key_change;
  std::string renewal_info;  ///< RFC 9773 §4.1; empty where the CA has none
  std::string terms_of_service;
  bool external_account_required{false};
  std::vector<std::string> profiles;  ///< draft-ietf-acme-profiles §3: names on offer
};

/// RFC 8555 §7.1.2. `status` is "valid", "deactivated" or "revoked".
struct Account {
  std::string url;
  std::string status;
  std::vector<std::string> contacts;
  std::string orders;
};

/// RFC 8555 §9.7.7, RFC 8738.
struct Identifier {
  std::string type;  ///< "dns" or "ip"
  std::string value;
  friend bool operator==(const Identifier&, const Identifier&) = default;
};
/// How an order asks for a name: `dns`, or `ip` for an address (RFC 8738 §3).
Identifier identifier_of(const model::DnsName& name);

/// RFC 8555 §7.1.6.
enum class OrderStatus { Pending, Ready, Processing, Valid, Invalid };
enum class AuthorizationStatus { Pending, Valid, Invalid, Deactivated, Expired, Revoked };
enum class ChallengeStatus { Pending, Processing, Valid, Invalid };

/// RFC 8555 §7.1.3.
struct Order {
  std::string url;
  OrderStatus status{OrderStatus::Pending};
  std::vector<Identifier> identifiers;
  std::vector<std::string> authorizations;  ///< URLs
  std::string finalize;
  std::string certificate;  ///< URL, once valid
  std::optional<TimePoint> expires;
  std::optional<Problem> error;
  std::optional<std::chrono::seconds> retry_after;  ///< of the answer that brought it
};

/// RFC 8555 §7.1.5, §8.
struct Challenge {
  std::string type;  ///< "http-01", …
  std::string url;
  std::string token;
  ChallengeStatus status{ChallengeStatus::Pending};
  std::optional<Problem> error;
};

/// RFC 8555 §7.1.4.
struct Authorization {
  std::string url;
  Identifier identifier;
  AuthorizationStatus status{AuthorizationStatus::Pending};
  bool wildcard{false};
  std::vector<Challenge> challenges;
  std::optional<TimePoint> expires;
  std::optional<std::chrono::seconds> retry_after;

  [[nodiscard]] const Challenge* find_challenge(std::string_view type) const;
  /// Why it is invalid: the error of the challenge that failed.
  [[nodiscard]] std::optional<Problem> failure() const;
};

/// The parsers take what a CA may send: a member that is missing or of a wrong type where RFC 8555
/// requires it is Corrupt and named, everything optional may be absent.
Result<Directory> parse_directory(const json::Value& value, std::string url);
Result<Account> parse_account(const json::Value& value, std::string url);
Result<Order> parse_order(const json::Value& value, std::string url);
Result<Authorization> parse_authorization(const json::Value& value, std::string url);
Result<Challenge> parse_challenge(const json::Value& value);
/// A problem document (RFC 7807); every member is optional, `type` then is "about:blank".
Problem parse_problem(const json::Value& value, int http_status);

std::string_view name_of(OrderStatus status);
std::string_view name_of(AuthorizationStatus status);
std::string_view name_of(ChallengeStatus status);

/// Would the same request fail again until the configuration changes? (RFC 8555 §6.7:
/// rejectedIdentifier, badContact, unsupportedIdentifier, userActionRequired, malformed, …)
bool is_permanent(const Problem& problem);

}  // namespace md::acme
