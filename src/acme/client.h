// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstddef>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "acme/resources.h"
#include "base/clock.h"
#include "base/result.h"
#include "base/waiter.h"
#include "crypto/certificate.h"
#include "crypto/private_key.h"
#include "http/client.h"

namespace md::acme {

/// Nonces that a CA has given out and nobody has used (RFC 8555 §6.5); shared by all that talk to
/// it, so that few are fetched. Thread-safe.
class NoncePool {
 public:
  void put(std::string nonce);
  [[nodiscard]] std::optional<std::string> take();

 private:
  // A CA forgets old nonces; more than this are of no use.
  static constexpr std::size_t kMaxKept = 64;
  std::mutex mutex_;
  std::vector<std::string> nonces_;  // guarded by mutex_; the newest is taken first
};

/// What requests go through. All references outlive the client.
struct Connection {
  http::Client& http;
  const Clock& clock;
  Waiter& waiter;
  NoncePool& nonces;
  http::Route route;
};

struct AccountRequest {
  std::vector<std::string> contacts;  ///< "mailto:…"
  bool agree_to_terms{false};
  bool only_existing{false};
  std::string external_kid;   ///< with external_hmac: external account binding
  std::string external_hmac;  ///< base64url
};

struct OrderRequest {
  std::vector<Identifier> identifiers;
  std::string profile;   ///< empty: none asked for
  std::string replaces;  ///< ARI certificate id (RFC 9773 §5); empty: none
};

/// RFC 9773 §4.2.
struct RenewalInfo {
  TimePoint window_start{};
  TimePoint window_end{};
  std::string explanation_url;
  std::chrono::seconds retry_after{std::chrono::hours(6)};
};

/// GET of the directory. A 2xx that is none (HTML, an ACMEv1 directory, other JSON) says that the
/// URL is wrong: Rejected, since a page of a load balancer that is in trouble looks the same.
/// ACMEv1: Permanent.
Result<Directory> fetch_directory(Connection& connection, const std::string& url);

/// GET of the renewal information of a certificate (RFC 9773 §4). NotFound where the directory has
/// none.
Result<RenewalInfo> fetch_renewal_info(Connection& connection, const Directory& directory,
                                       std::string_view ari_cert_id);

/// POST newAccount (RFC 8555 §7.3): creates it, or finds the one of this key.
/// With `only_existing`, NotFound where the CA knows none.
Result<Account> create_account(Connection& connection, const Directory& directory,
                               const crypto::PrivateKey& key, const AccountRequest& request);

/// Talks to a CA as one account. Errors carry the CA's problem: RateLimited and Permanent by its
/// type, `accountDoesNotExist` and the like as Denied, otherwise Rejected; `retry_after` if given.
/// `badNonce` is repeated silently with a fresh nonce, at most 9 times. Thread-compatible.
class Session {
 public:
  Session(Connection connection, Directory directory, crypto::PrivateKey key,
          std::string account_url);

  [[nodiscard]] const Directory& directory() const { return directory_; }
  [[nodiscard]] const std::string& account_url() const { return account_url_; }
  /// Is this URL at the server that holds the account?
  [[nodiscard]] bool is_at_this_ca(const std::string& url) const;
  /// token "." thumbprint (RFC 8555 §8.1).
  [[nodiscard]] Result<std::string> key_authorization(std::string_view token) const;

  Result<Account> fetch_account();
  Result<Account> update_contacts(const std::vector<std::string>& contacts);
  Result<Order> create_order(const OrderRequest& request);
  Result<Order> fetch_order(const std::string& url);
  Result<Authorization> fetch_authorization(const std::string& url);
  /// Tells the CA that the challenge is in place (RFC 8555 §7.5.1).
  Result<void> answer_challenge(const Challenge& challenge);
  Result<Order> finalize(const Order& order, std::span<const unsigned char> csr_der);
  /// The chain, leaf first, without duplicates; "up" links are followed where the body is the
  /// leaf alone (RFC 8555 §7.4.2). Content types are taken leniently, the body strictly.
  Result<std::vector<crypto::Certificate>> download_certificate(const std::string& url);

  /// Poll with growing pauses, or as `Retry-After` says, at most `patience`. Timeout carries the
  /// last state and the CA's words.
  /// Authorization: until it is no longer pending.
  Result<Authorization> await_authorization(const std::string& url,
                                            std::chrono::milliseconds patience);
  /// Order: until its status is not `left` any more ("pending" before, "processing" after
  /// finalize).
  Result<Order> await_order(const Order& order, OrderStatus left,
                            std::chrono::milliseconds patience);

 private:
  Result<http::Response> post(const std::string& url, std::string_view payload);
  /// The same. A CA that reads from replicas may not know for a moment (404) what was made in this
  /// session: it is asked again, a few times.
  Result<http::Response> post_to_new(const std::string& url, std::string_view payload);
  Connection connection_;
  Directory directory_;
  crypto::PrivateKey key_;
  std::string account_url_;
  TimePoint first_poll_{};    // of an authorization, after a challenge was answered
  bool has_made_any_{false};  // an order, or a certificate
};

}  // namespace md::acme
