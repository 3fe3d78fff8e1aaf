// SPDX-License-Identifier: Apache-2.0
#pragma once

// What is behind FakeAcmeServer; for its own sources alone.

#include <map>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "acme/resources.h"
#include "acme/testing/fake_acme_server.h"
#include "acme/testing/signed_request.h"
#include "base/clock.h"
#include "crypto/testing/test_ca.h"
#include "http/client.h"
#include "json/value.h"

namespace md::acme::testing {

inline constexpr std::string_view kOrigin = "https://ca.test";

std::string rfc3339(TimePoint time);
std::string url_of(std::string_view kind, unsigned id);
http::Response json_answer(int status, const json::Value& body);
/// `type` without the prefix of RFC 8555 §6.7.
http::Response problem_answer(int status, std::string_view type, const std::string& detail);
json::Value problem_value(int status, std::string_view type, const std::string& detail);

class FakeAcmeServer::Impl {
 public:
  explicit Impl(FakeAcmeServer& server) : server_(server) {}

  http::Response answer(const http::Request& request, const std::string& path);
  void count(const std::string& path);

  [[nodiscard]] unsigned requests_to(std::string_view path_prefix) const;
  [[nodiscard]] unsigned accounts() const;
  [[nodiscard]] unsigned orders() const;
  [[nodiscard]] unsigned certificates() const;
  [[nodiscard]] std::string last_order() const;
  void forget_accounts();
  [[nodiscard]] std::string root_pem() const { return ca_.root_pem(); }

 private:
  struct AccountState {
    unsigned id{0};
    Jwk jwk;
    std::string status{"valid"};
    std::vector<std::string> contacts;
  };
  struct ChallengeState {
    unsigned id{0};
    std::string type;
    std::string token;
    ChallengeStatus status{ChallengeStatus::Pending};
  };
  struct AuthorizationState {
    unsigned id{0};
    unsigned account{0};
    Identifier identifier;
    bool wildcard{false};
    AuthorizationStatus status{AuthorizationStatus::Pending};
    std::vector<ChallengeState> challenges;
    TimePoint expires;
    unsigned polls{0};
    bool in_place{false};  ///< what validation has found
  };
  struct OrderState {
    unsigned id{0};
    unsigned account{0};
    OrderStatus status{OrderStatus::Pending};
    std::vector<Identifier> identifiers;
    std::vector<unsigned> authorizations;
    std::string replaces;
    TimePoint expires;
    unsigned polls{0};
    std::string chain_pem;
  };
  struct Issued {
    std::string ari_id;
    model::Validity validity;
  };
  using Lock = std::unique_lock<std::mutex>;

  // fake_acme_server.cc: requests and accounts. All but `answer` are called with the lock held.
  http::Response directory() const;
  http::Response renewal_info(std::string_view id) const;
  http::Response post(const http::Request& request, const std::string& path, Lock& lock);
  http::Response new_account(const SignedRequest& request);
  std::optional<http::Response> refuse_account(const SignedRequest& request,
                                               const json::Value& payload);
  http::Response account(AccountState& account, const SignedRequest& request);
  http::Response account_answer(int status, const AccountState& account) const;
  AccountState* find_account(const std::string& url);
  std::string make_nonce();
  [[nodiscard]] TimePoint now() const;

  // fake_acme_orders.cc
  http::Response dispatch(const AccountState& account, const SignedRequest& request,
                          const std::string& path, Lock& lock);
  http::Response new_order(const AccountState& account, const SignedRequest& request);
  std::optional<http::Response> refuse_order(const json::Value& payload,
                                             const std::vector<Identifier>& identifiers) const;
  http::Response order_answer(int status, OrderState& order) const;
  http::Response fetch_order(OrderState& order);
  http::Response fetch_authorization(AuthorizationState& authorization);
  http::Response fetch_certificate(const OrderState& order) const;
  http::Response answer_challenge(const AccountState& account, unsigned id, Lock& lock);
  http::Response finalize(OrderState& order, const SignedRequest& request);
  http::Response issue(OrderState& order, const Bytes& csr);
  unsigned authorize(unsigned account, const Identifier& identifier);
  void refresh(OrderState& order) const;
  void settle(AuthorizationState& authorization) const;
  json::Value authorization_value(const AuthorizationState& authorization) const;
  json::Value challenge_value(const AuthorizationState& authorization,
                              const ChallengeState& challenge) const;

  FakeAcmeServer& server_;
  crypto::testing::TestCa ca_{"Fake ACME CA"};
  mutable std::mutex mutex_;
  // All below: guarded by mutex_.
  std::vector<std::string> paths_;
  std::set<std::string> nonces_;
  unsigned next_id_{1};
  std::map<unsigned, AccountState> accounts_;
  unsigned accounts_made_{0};
  std::map<unsigned, AuthorizationState> authorizations_;
  std::map<unsigned, OrderState> orders_;
  std::vector<Issued> issued_;
  std::set<std::string> replaced_;
  std::set<std::string> used_bindings_;
  std::string last_order_;
};

}  // namespace md::acme::testing
