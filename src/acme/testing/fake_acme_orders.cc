// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "acme/testing/fake_acme_impl.h"
#include "base/base64.h"
#include "model/dns_name.h"

namespace md::acme::testing {
namespace {

constexpr std::chrono::hours kOrderLifetime(24 * 7);

bool contains(const std::vector<std::string>& list, const std::string& text) {
  return std::find(list.begin(), list.end(), text) != list.end();
}

json::Value identifier_value(const Identifier& identifier) {
  json::Value value = json::Value::object();
  return value.set("type", identifier.type).set("value", identifier.value);
}

std::vector<Identifier> read_identifiers(const json::Value& list) {
  std::vector<Identifier> identifiers;
  for (const json::Value& element : list.elements()) {
    identifiers.push_back({element.get("type").as_string().value_or(""),
                           element.get("value").as_string().value_or("")});
  }
  return identifiers;
}

// CAs refuse a name beside a wildcard that covers it.
bool is_redundant(const std::vector<Identifier>& identifiers, const std::string& name) {
  const std::size_t dot = name.find('.');
  return !name.starts_with("*.") && dot != std::string::npos &&
         std::any_of(identifiers.begin(), identifiers.end(), [&](const Identifier& other) {
           return other.value == "*" + name.substr(dot);
         });
}

std::vector<std::string> sorted_names(const std::vector<Identifier>& identifiers) {
  std::vector<std::string> names;
  names.reserve(identifiers.size());
  for (const Identifier& identifier : identifiers) {
    names.push_back(identifier.value);
  }
  std::sort(names.begin(), names.end());
  return names;
}

http::Response nothing_there(const std::string& path) {
  return problem_answer(404, "malformed", "there is no " + path);
}

}  // namespace

http::Response FakeAcmeServer::Impl::dispatch(const AccountState& account,
                                              const SignedRequest& request, const std::string& path,
                                              Lock& lock) {
  if (path == "/new-order") {
    return new_order(account, request);
  }
  if (path == "/revoke-cert") {
    return json_answer(200, json::Value::object());
  }
  const std::size_t slash = path.rfind('/');
  const std::string kind = path.substr(0, slash);
  unsigned id = 0;
  std::from_chars(path.data() + slash + 1, path.data() + path.size(), id);
  if (kind == "/chall") {
    return request.payload == "{}" ? answer_challenge(account, id, lock)
                                   : problem_answer(400, "malformed", "the payload is not {}");
  }
  if (kind != "/finalize" && !request.payload.empty()) {
    return problem_answer(400, "malformed", "POST-as-GET has an empty payload");
  }
  if (const auto found = authorizations_.find(id);
      kind == "/authz" && found != authorizations_.end() && found->second.account == account.id) {
    return fetch_authorization(found->second);
  }
  const auto order = orders_.find(id);
  if (order == orders_.end() || order->second.account != account.id) {
    return nothing_there(path);
  }
  if (kind == "/finalize") {
    return finalize(order->second, request);
  }
  if (kind == "/cert") {
    return fetch_certificate(order->second);
  }
  return kind == "/order" ? fetch_order(order->second) : nothing_there(path);
}

std::optional<http::Response> FakeAcmeServer::Impl::refuse_order(
    const json::Value& payload, const std::vector<Identifier>& identifiers) const {
  const Behaviour& wanted = server_.behaviour;
  json::Value subproblems = json::Value::array();
  for (const Identifier& identifier : identifiers) {
    if (identifier.type != "dns" && identifier.type != "ip") {
      return problem_answer(400, "unsupportedIdentifier", "not supported: " + identifier.type);
    }
    if (is_redundant(identifiers, identifier.value)) {
      return problem_answer(400, "malformed", "a wildcard covers " + identifier.value);
    }
    if (contains(wanted.rejected_names, identifier.value)) {
      json::Value one = problem_value(400, "rejectedIdentifier", "the CA's policy forbids it");
      subproblems.push_back(one.set("identifier", identifier_value(identifier)));
    }
  }
  if (identifiers.empty()) {
    return problem_answer(400, "malformed", "no identifiers");
  }
  if (!subproblems.elements().empty()) {
    http::Response response = problem_answer(400, "rejectedIdentifier", "");
    json::Value problem = problem_value(400, "rejectedIdentifier", "some names are refused");
    response.body = problem.set("subproblems", std::move(subproblems)).dump_compact();
    return response;
  }
  const std::string profile = payload.get("profile").as_string().value_or("");
  if (!profile.empty() && !contains(wanted.profiles, profile)) {
    return problem_answer(400, "invalidProfile", "no such profile: " + profile);
  }
  const std::string replaces = payload.get("replaces").as_string().value_or("");
  if (!replaces.empty() && !wanted.renewal_info) {
    return problem_answer(400, "malformed", "replaces is not understood");
  }
  if (replaced_.count(replaces) != 0) {
    return problem_answer(409, "alreadyReplaced", "it has been replaced: " + replaces);
  }
  return std::nullopt;
}

http::Response FakeAcmeServer::Impl::new_order(const AccountState& account,
                                               const SignedRequest& request) {
  last_order_ = request.payload;
  const auto payload = json::Value::parse(request.payload, "the payload");
  if (!payload) {
    return problem_answer(400, "malformed", payload.error().message);
  }
  OrderState order;
  order.identifiers = read_identifiers(payload->get("identifiers"));
  if (auto refusal = refuse_order(*payload, order.identifiers)) {
    return *std::move(refusal);
  }
  order.id = next_id_++;
  order.account = account.id;
  order.replaces = payload->get("replaces").as_string().value_or("");
  order.expires = now() + kOrderLifetime;
  for (const Identifier& identifier : order.identifiers) {
    order.authorizations.push_back(authorize(account.id, identifier));
  }
  return order_answer(201, orders_[order.id] = order);
}

unsigned FakeAcmeServer::Impl::authorize(unsigned account, const Identifier& identifier) {
  const bool wildcard = identifier.value.starts_with("*.");
  const Identifier base{identifier.type, wildcard ? identifier.value.substr(2) : identifier.value};
  for (const auto& [id, known] : authorizations_) {
    if (known.account == account && known.identifier == base && known.wildcard == wildcard &&
        known.status == AuthorizationStatus::Valid && known.expires > now()) {
      return id;
    }
  }
  AuthorizationState made;
  made.id = next_id_++;
  made.account = account;
  made.identifier = base;
  made.wildcard = wildcard;
  made.expires = now() + kOrderLifetime;
  for (const std::string& type : server_.behaviour.offered_challenges) {
    if (!wildcard || type == "dns-01") {
      const unsigned id = next_id_++;
      made.challenges.push_back({id, type, fmt::format("token_{:030}", id), {}});
    }
  }
  authorizations_[made.id] = made;
  return made.id;
}

void FakeAcmeServer::Impl::refresh(OrderState& order) const {
  const bool in_preparation =
      order.status == OrderStatus::Pending || order.status == OrderStatus::Ready;
  if (in_preparation && order.expires <= now()) {
    order.status = OrderStatus::Invalid;
  }
  if (order.status != OrderStatus::Pending) {
    return;
  }
  const auto all_are = [&](auto condition) {
    return std::all_of(order.authorizations.begin(), order.authorizations.end(),
                       [&](unsigned id) { return condition(authorizations_.at(id).status); });
  };
  if (all_are([](AuthorizationStatus status) { return status == AuthorizationStatus::Valid; })) {
    order.status = OrderStatus::Ready;
  } else if (!all_are([](AuthorizationStatus status) {
               return status == AuthorizationStatus::Valid ||
                      status == AuthorizationStatus::Pending;
             })) {
    order.status = OrderStatus::Invalid;
  }
}

http::Response FakeAcmeServer::Impl::order_answer(int status, OrderState& order) const {
  refresh(order);
  json::Value identifiers = json::Value::array();
  for (const Identifier& identifier : order.identifiers) {
    identifiers.push_back(identifier_value(identifier));
  }
  json::Value authorizations = json::Value::array();
  for (const unsigned id : order.authorizations) {
    authorizations.push_back(url_of("authz", id));
  }
  json::Value value = json::Value::object();
  value.set("status", name_of(order.status)).set("expires", rfc3339(order.expires));
  value.set("identifiers", std::move(identifiers));
  value.set("authorizations", std::move(authorizations));
  value.set("finalize", url_of("finalize", order.id));
  if (order.status == OrderStatus::Valid) {
    value.set("certificate", url_of("cert", order.id));
  }
  if (order.status == OrderStatus::Invalid) {
    value.set("error", problem_value(403, "unauthorized", "some identifiers are not validated"));
  }
  http::Response response = json_answer(status, value);
  response.headers.add("Location", url_of("order", order.id));
  return response;
}

http::Response FakeAcmeServer::Impl::fetch_order(OrderState& order) {
  if (order.status == OrderStatus::Processing &&
      ++order.polls >= server_.behaviour.polls_until_issued) {
    order.status = OrderStatus::Valid;
  }
  return order_answer(200, order);
}

json::Value FakeAcmeServer::Impl::challenge_value(const AuthorizationState& authorization,
                                                  const ChallengeState& challenge) const {
  json::Value value = json::Value::object();
  value.set("type", challenge.type).set("url", url_of("chall", challenge.id));
  value.set("token", challenge.token).set("status", name_of(challenge.status));
  if (challenge.status == ChallengeStatus::Invalid) {
    value.set("error", problem_value(403, "unauthorized",
                                     fmt::format("the key authorization of {} is not in place",
                                                 authorization.identifier.value)));
  }
  return value;
}

json::Value FakeAcmeServer::Impl::authorization_value(
    const AuthorizationState& authorization) const {
  json::Value challenges = json::Value::array();
  for (const ChallengeState& challenge : authorization.challenges) {
    challenges.push_back(challenge_value(authorization, challenge));
  }
  json::Value value = json::Value::object();
  value.set("identifier", identifier_value(authorization.identifier));
  value.set("status", name_of(authorization.status)).set("expires", rfc3339(authorization.expires));
  value.set("challenges", std::move(challenges));
  if (authorization.wildcard) {
    value.set("wildcard", true);
  }
  return value;
}

// Validation has ended: what it found is made known.
void FakeAcmeServer::Impl::settle(AuthorizationState& authorization) const {
  for (ChallengeState& challenge : authorization.challenges) {
    if (challenge.status == ChallengeStatus::Processing) {
      challenge.status = authorization.in_place ? ChallengeStatus::Valid : ChallengeStatus::Invalid;
      authorization.status =
          authorization.in_place ? AuthorizationStatus::Valid : AuthorizationStatus::Invalid;
    }
  }
}

http::Response FakeAcmeServer::Impl::fetch_authorization(AuthorizationState& authorization) {
  const bool answered =
      std::any_of(authorization.challenges.begin(), authorization.challenges.end(),
                  [](const auto& one) { return one.status == ChallengeStatus::Processing; });
  if (answered && ++authorization.polls >= server_.behaviour.polls_until_valid) {
    settle(authorization);
  }
  const bool open = authorization.status == AuthorizationStatus::Pending ||
                    authorization.status == AuthorizationStatus::Valid;
  if (open && authorization.expires <= now()) {
    authorization.status = AuthorizationStatus::Expired;
  }
  return json_answer(200, authorization_value(authorization));
}

http::Response FakeAcmeServer::Impl::answer_challenge(const AccountState& account, unsigned id,
                                                      Lock& lock) {
  for (auto& [authorization_id, authorization] : authorizations_) {
    const auto challenge =
        std::find_if(authorization.challenges.begin(), authorization.challenges.end(),
                     [&](const ChallengeState& one) { return one.id == id; });
    if (challenge == authorization.challenges.end() || authorization.account != account.id) {
      continue;
    }
    if (authorization.status != AuthorizationStatus::Pending) {
      return problem_answer(400, "malformed", "the authorization is not pending");
    }
    const std::string key_authorization = challenge->token + "." + thumbprint_of(account.jwk);
    bool in_place = true;
    if (server_.behaviour.validate) {
      // Nodes of a map stay where they are while others are added.
      lock.unlock();
      in_place = server_.behaviour.validate(challenge->type, authorization.identifier.value,
                                            challenge->token, key_authorization);
      lock.lock();
    }
    authorization.in_place = in_place;
    challenge->status = ChallengeStatus::Processing;
    if (server_.behaviour.polls_until_valid == 0) {
      settle(authorization);
    }
    return json_answer(200, challenge_value(authorization, *challenge));
  }
  return nothing_there(url_of("chall", id));
}

http::Response FakeAcmeServer::Impl::finalize(OrderState& order, const SignedRequest& request) {
  refresh(order);
  if (order.status != OrderStatus::Ready) {
    return problem_answer(403, "orderNotReady",
                          fmt::format("the order is {}", name_of(order.status)));
  }
  const auto payload = json::Value::parse(request.payload, "the payload");
  const auto der =
      payload ? decode_base64url(payload->get("csr").as_string().value_or("")) : Bytes();
  if (!der) {
    return problem_answer(400, "badCSR", "the CSR is no base64url");
  }
  return issue(order, *der);
}

http::Response FakeAcmeServer::Impl::issue(OrderState& order, const Bytes& csr) {
  const auto contents = crypto::testing::read_csr(csr);
  if (!contents) {
    return problem_answer(400, "badCSR", contents.error().message);
  }
  std::vector<std::string> names = contents->dns_names;
  names.insert(names.end(), contents->addresses.begin(), contents->addresses.end());
  std::sort(names.begin(), names.end());
  if (names != sorted_names(order.identifiers)) {
    return problem_answer(400, "badCSR", "the names are not those of the order");
  }
  crypto::testing::IssueOptions options;
  if (server_.behaviour.wrong_certificate_names) {
    options.other_names = {*model::DnsName::parse("wrong.test")};
  }
  if (server_.behaviour.wrong_certificate_key) {
    options.other_key = *crypto::PrivateKey::generate(model::KeySpec::ec("P-256"));
  }
  const model::Validity validity{now(), now() + server_.behaviour.certificate_lifetime};
  const auto chain = ca_.issue_from_csr(csr, validity, options);
  if (!chain) {
    return problem_answer(500, "serverInternal", chain.error().message);
  }
  order.chain_pem = *crypto::to_pem(*chain);
  issued_.push_back({chain->front().ari_cert_id().value_or(""), chain->front().validity()});
  if (!order.replaces.empty()) {
    replaced_.insert(order.replaces);
  }
  order.status =
      server_.behaviour.polls_until_issued == 0 ? OrderStatus::Valid : OrderStatus::Processing;
  return order_answer(200, order);
}

http::Response FakeAcmeServer::Impl::fetch_certificate(const OrderState& order) const {
  if (order.status != OrderStatus::Valid) {
    return nothing_there(url_of("cert", order.id));
  }
  http::Response response;
  response.status = 200;
  response.headers.add("Content-Type", "application/pem-certificate-chain");
  response.body = order.chain_pem;
  return response;
}

}  // namespace md::acme::testing
