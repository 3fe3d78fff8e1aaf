// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "http/client.h"

namespace md::acme::testing {

/// An ACME CA in this process, reached as an http::Client: checks signatures (JWS), nonces, URLs
/// and the states of orders as RFC 8555 wants them, issues real certificates from a root of its
/// own, and misbehaves on demand. Valid authorizations are reused. Thread-safe.
///
/// Its paths: /dir, /new-nonce, /new-account, /new-order, /acct/N, /order/N, /finalize/N, /authz/N,
/// /chall/N, /cert/N, /renewal-info/ID.
class FakeAcmeServer final : public http::Client {
 public:
  FakeAcmeServer();
  FakeAcmeServer(const FakeAcmeServer&) = delete;
  FakeAcmeServer& operator=(const FakeAcmeServer&) = delete;
  ~FakeAcmeServer() override;

  Result<http::Response> send(const http::Request& request, const Waiter& waiter) override;

  [[nodiscard]] std::string directory_url() const { return "https://ca.test/dir"; }

  /// How the CA behaves. To be set before requests; every member has an honest default.
  struct Behaviour {
    bool terms_of_service{true};
    bool external_account_required{false};
    std::string external_kid;
    std::string external_hmac;
    std::vector<std::string> profiles;
    unsigned bad_nonces{0};          ///< that many requests are refused with badNonce
    unsigned polls_until_valid{1};   ///< of an authorization, after it was answered
    unsigned polls_until_issued{1};  ///< of an order, after finalize
    std::chrono::seconds certificate_lifetime{std::chrono::hours(24 * 90)};
    std::vector<std::string> rejected_names;  ///< newOrder says rejectedIdentifier for these
    std::vector<std::string> offered_challenges{"http-01", "tls-alpn-01", "dns-01"};
    bool wrong_certificate_key{false};
    bool wrong_certificate_names{false};
    bool external_works_once{false};  ///< a second account with the same binding is refused
    bool renewal_info{true};          ///< offered; if not, "replaces" is refused as malformed
    std::optional<std::pair<TimePoint, TimePoint>> suggested_window;
    std::string explanation_url;
    /// What certificates and expiry go by; the machine's clock if not set.
    const Clock* clock{nullptr};
    /// Looks at a request before the server does; what it returns is the answer.
    std::function<std::optional<Result<http::Response>>(const http::Request&)> intercept;
    /// Looks at each answer before the client gets it, and may change it.
    std::function<void(const http::Request&, http::Response&)> rewrite;
    /// Validates: is this key authorization in place? (type, name, token, key authorization)
    /// Not set: it always is. Called without a lock held.
    std::function<bool(const std::string&, const std::string&, const std::string&,
                       const std::string&)>
        validate;
  };
  Behaviour behaviour;

  /// What has happened, for tests to look at.
  [[nodiscard]] unsigned requests_to(std::string_view path_prefix) const;
  [[nodiscard]] unsigned accounts() const;
  [[nodiscard]] unsigned orders() const;
  [[nodiscard]] unsigned certificates() const;
  /// The payload of the last newOrder request, as JSON text; empty if there was none.
  [[nodiscard]] std::string last_order() const;
  /// Forgets all accounts, as a CA that lost its database.
  void forget_accounts();
  [[nodiscard]] std::string root_pem() const;

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace md::acme::testing
