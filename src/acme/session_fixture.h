// SPDX-License-Identifier: Apache-2.0
#pragma once

// What the tests of the client have in common: a CA, a clock, and how to get somewhere quickly.

#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <vector>

#include "acme/client.h"
#include "acme/testing/fake_acme_server.h"
#include "base/testing/fake_clock.h"
#include "crypto/testing/test_ca.h"
#include "http/testing/scripted_client.h"

namespace md::acme {

inline http::Response a_problem(int status, const std::string& type,
                                const std::vector<std::pair<std::string, std::string>>& more = {}) {
  std::vector<std::pair<std::string, std::string>> headers{
      {"Content-Type", "application/problem+json"}};
  headers.insert(headers.end(), more.begin(), more.end());
  return http::testing::a_response(status,
                                   R"({"type":"urn:ietf:params:acme:error:)" + type +
                                       R"(","detail":"words about )" + type + R"("})",
                                   headers);
}

class SessionTest : public ::testing::Test {
 protected:
  SessionTest() { server.behaviour.clock = &clock; }

  static std::vector<Identifier> dns(const std::vector<std::string>& names) {
    std::vector<Identifier> identifiers;
    identifiers.reserve(names.size());
    for (const std::string& name : names) {
      identifiers.push_back({"dns", name});
    }
    return identifiers;
  }
  Bytes a_csr(const std::vector<std::string>& names) const {
    std::vector<model::DnsName> parsed;
    parsed.reserve(names.size());
    for (const std::string& name : names) {
      parsed.push_back(*model::DnsName::parse(name));
    }
    return *crypto::make_csr(certificate_key, parsed, false);
  }
  Session a_session() {
    const auto directory = fetch_directory(connection, server.directory_url());
    EXPECT_TRUE(directory) << directory.error().message;
    AccountRequest request;
    request.agree_to_terms = true;
    const auto account = create_account(connection, *directory, account_key, request);
    EXPECT_TRUE(account) << account.error().message;
    return Session(connection, *directory, account_key, account->url);
  }
  /// An order whose authorizations are valid.
  Order a_ready_order(Session& session, const std::vector<std::string>& names) {
    auto order = session.create_order({dns(names), "", ""});
    EXPECT_TRUE(order) << order.error().message;
    for (const std::string& url : order->authorizations) {
      const auto authorization = session.fetch_authorization(url);
      EXPECT_TRUE(session.answer_challenge(authorization->challenges.front()));
      EXPECT_TRUE(session.await_authorization(url, kPatience));
    }
    return *session.await_order(*order, OrderStatus::Pending, kPatience);
  }
  Order a_valid_order(Session& session, const std::vector<std::string>& names) {
    const auto finalized = session.finalize(a_ready_order(session, names), a_csr(names));
    EXPECT_TRUE(finalized) << finalized.error().message;
    return *session.await_order(*finalized, OrderStatus::Processing, kPatience);
  }
  /// From now on, answers to requests whose path starts like that are replaced.
  void answer(const std::string& path, const Result<http::Response>& response) {
    server.behaviour.intercept =
        [=](const http::Request& request) -> std::optional<Result<http::Response>> {
      if (request.url.starts_with("https://ca.test" + path)) {
        return response;
      }
      return std::nullopt;
    };
  }
  /// From now on, answers to POSTs to such a path go through `change`.
  void change(const std::string& path, const std::function<void(http::Response&)>& how) {
    server.behaviour.rewrite = [=](const http::Request& request, http::Response& response) {
      if (request.url.starts_with("https://ca.test" + path)) {
        how(response);
      }
    };
  }

  static constexpr std::chrono::minutes kPatience{5};
  crypto::PrivateKey account_key = crypto::testing::shared_ec_key();
  crypto::PrivateKey certificate_key = crypto::testing::shared_rsa_key();
  md::testing::FakeClock clock;
  md::testing::FakeWaiter waiter{clock};
  testing::FakeAcmeServer server;
  NoncePool nonces;
  Connection connection{server, clock, waiter, nonces, {}};
};

}  // namespace md::acme
