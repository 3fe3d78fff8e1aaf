// SPDX-License-Identifier: Apache-2.0

// The part of Session that turns an order into a certificate.
#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "acme/chain.h"
#include "acme/client.h"
#include "acme/exchange.h"
#include "acme/poll.h"
#include "base/base64.h"
#include "base/text.h"
#include "http/url.h"

namespace md::acme {
namespace {

constexpr unsigned kMaxUpLinks = 5;
constexpr std::array<std::chrono::milliseconds, 3> kPausesForReplicas{
    std::chrono::milliseconds(500), std::chrono::seconds(1), std::chrono::seconds(2)};

json::Value new_order_payload(const OrderRequest& request) {
  json::Value identifiers = json::Value::array();
  for (const Identifier& identifier : request.identifiers) {
    json::Value one = json::Value::object();
    identifiers.push_back(one.set("type", identifier.type).set("value", identifier.value));
  }
  json::Value payload = json::Value::object();
  payload.set("identifiers", std::move(identifiers));
  if (!request.profile.empty()) {
    payload.set("profile", request.profile);
  }
  if (!request.replaces.empty()) {
    payload.set("replaces", request.replaces);
  }
  return payload;
}

// A CA's limit of names per certificate shows as one of these; its words tell the limit.
bool may_be_too_many(const Error& error) {
  return error.problem &&
         (error.problem->status == 413 || error.problem->type.ends_with(":rejectedIdentifier"));
}

Result<Order> order_of(const http::Response& response, std::string url, TimePoint now) {
  MD_ASSIGN_OR_RETURN(const json::Value value, json_body(response));
  MD_ASSIGN_OR_RETURN(Order order, parse_order(value, std::move(url)));
  order.retry_after = response.retry_after(now);
  return order;
}

std::string words_of(const std::optional<Problem>& problem) {
  if (!problem) {
    return "";
  }
  return fmt::format("; the CA says: {} ({})", problem->detail, problem->type);
}

Error still_pending(const Authorization& authorization) {
  std::string states;
  for (const Challenge& challenge : authorization.challenges) {
    states += fmt::format("{}{} {}", states.empty() ? "" : ", ", challenge.type,
                          name_of(challenge.status));
  }
  const auto failure = authorization.failure();
  Error error =
      fail(ErrorKind::Timeout,
           fmt::format("the authorization of {} {} is still {} (challenges: {}){}",
                       authorization.identifier.type, printable(authorization.identifier.value),
                       name_of(authorization.status), states.empty() ? "none" : printable(states),
                       words_of(failure)));
  error.problem = failure;
  return error;
}

Error still_waiting(const Order& order) {
  Error error = fail(ErrorKind::Timeout, fmt::format("the order {} is still {}{}", order.url,
                                                     name_of(order.status), words_of(order.error)));
  error.problem = order.error;
  return error;
}

}  // namespace

Result<http::Response> Session::post_to_new(const std::string& url, std::string_view payload) {
  Result<http::Response> response = post(url, payload);
  const auto is_unknown = [&] {
    return !response && response.error().problem && response.error().problem->status == 404;
  };
  for (const auto pause : kPausesForReplicas) {
    if (!has_made_any_ || !is_unknown()) {
      break;
    }
    MD_TRY(pause_for(connection_, pause, "ask again for " + printable(url)));
    response = post(url, payload);
  }
  return response;
}

Result<Order> Session::create_order(const OrderRequest& request) {
  const std::string attempt =
      fmt::format("order a certificate for {} name{}", request.identifiers.size(),
                  request.identifiers.size() == 1 ? "" : "s");
  auto response = post(directory_.new_order, new_order_payload(request).dump_compact());
  if (!response) {
    Error error = with_context(std::move(response).error(), attempt);
    if (request.identifiers.size() > 1 && may_be_too_many(error)) {
      error.message += "; if these are more names than the CA takes, split the managed domain";
    }
    return error;
  }
  MD_ASSIGN_OR_RETURN_CONTEXT(std::string url, location_of(*response), attempt);
  MD_ASSIGN_OR_RETURN_CONTEXT(
      Order order, order_of(*response, std::move(url), connection_.clock.now()), attempt);
  has_made_any_ = true;
  return order;
}

bool Session::is_at_this_ca(const std::string& url) const {
  const auto asked = http::parse_url(url);
  const auto own = http::parse_url(account_url_);
  return asked && own && asked->scheme == own->scheme && asked->authority() == own->authority();
}

Result<Order> Session::fetch_order(const std::string& url) {
  constexpr std::string_view kAttempt = "fetch the order";
  MD_ASSIGN_OR_RETURN_CONTEXT(const http::Response response, post_to_new(url, ""), kAttempt);
  MD_ASSIGN_OR_RETURN_CONTEXT(Order order, order_of(response, url, connection_.clock.now()),
                              kAttempt);
  return order;
}

Result<Authorization> Session::fetch_authorization(const std::string& url) {
  constexpr std::string_view kAttempt = "fetch the authorization";
  MD_ASSIGN_OR_RETURN_CONTEXT(const http::Response response, post_to_new(url, ""), kAttempt);
  MD_ASSIGN_OR_RETURN_CONTEXT(const json::Value value, json_body(response), kAttempt);
  MD_ASSIGN_OR_RETURN_CONTEXT(Authorization authorization, parse_authorization(value, url),
                              kAttempt);
  authorization.retry_after = response.retry_after(connection_.clock.now());
  return authorization;
}

Result<void> Session::answer_challenge(const Challenge& challenge) {
  MD_TRY_CONTEXT(
      post_to_new(challenge.url, "{}"),
      fmt::format("tell the CA that challenge {} is in place", printable(challenge.type, 64)));
  first_poll_ = connection_.clock.now() + kFirstPause;
  return {};
}

Result<Order> Session::finalize(const Order& order, std::span<const unsigned char> csr_der) {
  constexpr std::string_view kAttempt = "finalize the order";
  json::Value payload = json::Value::object();
  payload.set("csr", encode_base64url(csr_der));
  MD_ASSIGN_OR_RETURN_CONTEXT(const http::Response response,
                              post_to_new(order.finalize, payload.dump_compact()), kAttempt);
  // The answer need not say where the order lives, and some that do are wrong.
  MD_ASSIGN_OR_RETURN_CONTEXT(Order finalized,
                              order_of(response, order.url, connection_.clock.now()), kAttempt);
  has_made_any_ = true;
  return finalized;
}

Result<std::vector<crypto::Certificate>> Session::download_certificate(const std::string& url) {
  constexpr std::string_view kAttempt = "download the certificate";
  Chain chain;
  std::string next = url;
  for (unsigned hop = 0; hop <= kMaxUpLinks; ++hop) {
    MD_ASSIGN_OR_RETURN_CONTEXT(const http::Response response, post_to_new(next, ""), kAttempt);
    MD_ASSIGN_OR_RETURN_CONTEXT(const Chain part, parse_chain(response.body, next), kAttempt);
    chain.insert(chain.end(), part.begin(), part.end());
    const std::vector<std::string> up = response.links("up");
    const auto issuer_url = up.empty() ? std::nullopt : http::resolve_url(response.url, up.front());
    if (part.size() > 1 || part.front().is_self_signed() || !issuer_url) {
      break;
    }
    next = *issuer_url;
  }
  return in_order(chain);
}

Result<Authorization> Session::await_authorization(const std::string& url,
                                                   std::chrono::milliseconds patience) {
  Poll<Authorization> poll;
  poll.what = "wait for the authorization " + printable(url);
  poll.fetch = [&] { return fetch_authorization(url); };
  poll.is_settled = [](const Authorization& authorization) {
    return authorization.status != AuthorizationStatus::Pending;
  };
  poll.still_waiting = still_pending;
  // A CA that validates at once has done so by then, and is asked but once.
  const auto early =
      std::chrono::ceil<std::chrono::milliseconds>(first_poll_ - connection_.clock.now());
  if (early.count() > 0) {
    MD_TRY(pause_for(connection_, std::min({early, kFirstPause, patience}), poll.what));
  }
  return run_poll(connection_, poll, patience);
}

Result<Order> Session::await_order(const Order& order, OrderStatus left,
                                   std::chrono::milliseconds patience) {
  if (order.status != left) {
    return order;
  }
  Poll<Order> poll;
  poll.what = "wait for the order " + printable(order.url);
  poll.fetch = [&] { return fetch_order(order.url); };
  poll.is_settled = [&](const Order& fetched) { return fetched.status != left; };
  poll.still_waiting = still_waiting;
  if (left == OrderStatus::Processing) {
    PollPlan plan(connection_.clock.now(), patience);
    if (const auto pause = plan.next(connection_.clock.now(), order.retry_after)) {
      MD_TRY(pause_for(connection_, *pause, poll.what));
    }
  }
  return run_poll(connection_, poll, patience);
}

}  // namespace md::acme
