// SPDX-License-Identifier: Apache-2.0
#include "acme/testing/fake_acme_server.h"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <algorithm>

#include "acme/testing/fake_acme_impl.h"

namespace md::acme::testing {
std::string rfc3339(TimePoint time) {
  return fmt::format("{:%Y-%m-%dT%H:%M:%SZ}",
                     fmt::gmtime(std::chrono::system_clock::to_time_t(time)));
}

std::string url_of(std::string_view kind, unsigned id) {
  return fmt::format("{}/{}/{}", kOrigin, kind, id);
}

http::Response json_answer(int status, const json::Value& body) {
  http::Response response;
  response.status = status;
  response.headers.add("Content-Type", "application/json");
  response.body = body.dump_compact();
  return response;
}

json::Value problem_value(int status, std::string_view type, const std::string& detail) {
  json::Value problem = json::Value::object();
  problem.set("type", fmt::format("urn:ietf:params:acme:error:{}", type));
  problem.set("detail", detail).set("status", status);
  return problem;
}

http::Response problem_answer(int status, std::string_view type, const std::string& detail) {
  http::Response response;
  response.status = status;
  response.headers.add("Content-Type", "application/problem+json");
  response.body = problem_value(status, type, detail).dump_compact();
  return response;
}

http::Response FakeAcmeServer::Impl::answer(const http::Request& request, const std::string& path) {
  Lock lock(mutex_);
  http::Response response;
  const bool is_post = request.method == http::Request::Method::Post;
  if (is_post) {
    response = post(request, path, lock);
  } else if (path == "/dir") {
    response = directory();
  } else if (path == "/new-nonce") {
    response.status = 200;
  } else if (path.starts_with("/renewal-info/")) {
    response = renewal_info(path.substr(path.rfind('/') + 1));
  } else {
    response = problem_answer(405, "malformed", "not to be had by GET: " + path);
  }
  if (is_post || path == "/new-nonce") {
    response.headers.add("Replay-Nonce", make_nonce());
  }
  return response;
}

http::Response FakeAcmeServer::Impl::directory() const {
  const Behaviour& wanted = server_.behaviour;
  const std::string origin(kOrigin);
  json::Value directory = json::Value::object();
  directory.set("newNonce", origin + "/new-nonce").set("newAccount", origin + "/new-account");
  directory.set("newOrder", origin + "/new-order").set("revokeCert", origin + "/revoke-cert");
  directory.set("keyChange", origin + "/key-change");
  if (wanted.renewal_info) {
    directory.set("renewalInfo", origin + "/renewal-info");
  }
  json::Value meta = json::Value::object();
  if (wanted.terms_of_service) {
    meta.set("termsOfService", origin + "/terms");
  }
  meta.set("externalAccountRequired", wanted.external_account_required);
  if (!wanted.profiles.empty()) {
    json::Value profiles = json::Value::object();
    for (const std::string& profile : wanted.profiles) {
      profiles.set(profile, origin + "/profiles");
    }
    meta.set("profiles", std::move(profiles));
  }
  directory.set("meta", std::move(meta));
  return json_answer(200, directory);
}

http::Response FakeAcmeServer::Impl::renewal_info(std::string_view id) const {
  const auto found = std::find_if(issued_.begin(), issued_.end(),
                                  [&](const Issued& issued) { return issued.ari_id == id; });
  if (!server_.behaviour.renewal_info || found == issued_.end()) {
    return problem_answer(404, "malformed", "no such certificate");
  }
  const auto lifetime = found->validity.until - found->validity.from;
  const TimePoint usual = found->validity.from + lifetime * 2 / 3;
  const auto [start, end] =
      server_.behaviour.suggested_window.value_or(std::pair(usual, usual + std::chrono::hours(48)));
  json::Value window = json::Value::object();
  window.set("start", rfc3339(start)).set("end", rfc3339(end));
  json::Value info = json::Value::object();
  info.set("suggestedWindow", std::move(window));
  if (!server_.behaviour.explanation_url.empty()) {
    info.set("explanationURL", server_.behaviour.explanation_url);
  }
  http::Response response = json_answer(200, info);
  response.headers.add("Retry-After", "21600");
  return response;
}

http::Response FakeAcmeServer::Impl::post(const http::Request& request, const std::string& path,
                                          Lock& lock) {
  const auto read = read_signed_request(request);
  if (!read) {
    return problem_answer(400, "malformed", read.error().message);
  }
  if (nonces_.erase(read->nonce) == 0 || server_.behaviour.bad_nonces > 0) {
    server_.behaviour.bad_nonces -= server_.behaviour.bad_nonces > 0 ? 1 : 0;
    return problem_answer(400, "badNonce", "that nonce is none, or has been used");
  }
  if (read->url != request.url) {
    return problem_answer(401, "unauthorized", "signed for another URL: " + read->url);
  }
  if (path == "/new-account") {
    return new_account(*read);
  }
  AccountState* const account = find_account(read->kid);
  if (account == nullptr) {
    return problem_answer(400, "accountDoesNotExist", "no such account: " + read->kid);
  }
  if (account->status != "valid" || !is_signed_by(*read, account->jwk)) {
    return problem_answer(401, "unauthorized", "not signed by a valid account");
  }
  if (path.starts_with("/acct/")) {
    return this->account(*account, *read);
  }
  return dispatch(*account, *read, path, lock);
}

std::optional<http::Response> FakeAcmeServer::Impl::refuse_account(const SignedRequest& request,
                                                                   const json::Value& payload) {
  const Behaviour& wanted = server_.behaviour;
  if (wanted.terms_of_service && payload.get("termsOfServiceAgreed").as_bool() != true) {
    return problem_answer(403, "userActionRequired", "the terms of service must be agreed to");
  }
  for (const std::string& contact : payload.get("contact").as_strings()) {
    if (!contact.starts_with("mailto:")) {
      return problem_answer(400, "unsupportedContact", "no mail address: " + contact);
    }
  }
  const json::Value binding = payload.get("externalAccountBinding");
  if (!wanted.external_account_required && binding.is_null()) {
    return std::nullopt;
  }
  if (binding.is_null()) {
    return problem_answer(403, "externalAccountRequired", "an external account is required");
  }
  const Status checked =
      check_external_binding(binding, request.jwk, wanted.external_kid, wanted.external_hmac,
                             std::string(kOrigin) + "/new-account");
  if (!checked) {
    return problem_answer(403, "unauthorized", checked.error().message);
  }
  const bool is_new = used_bindings_.insert(wanted.external_kid).second;
  if (wanted.external_works_once && !is_new) {
    return problem_answer(403, "unauthorized", "the external account was bound before");
  }
  return std::nullopt;
}

http::Response FakeAcmeServer::Impl::new_account(const SignedRequest& request) {
  if (request.jwk.empty() || !is_signed_by(request, request.jwk)) {
    return problem_answer(401, "unauthorized", "not signed by the key in the header");
  }
  const auto payload = json::Value::parse(request.payload, "the payload");
  if (!payload || !payload->is_object()) {
    return problem_answer(400, "malformed", "the payload is no JSON object");
  }
  for (const auto& [id, known] : accounts_) {
    if (known.jwk == request.jwk) {
      return account_answer(200, known);
    }
  }
  if (payload->get("onlyReturnExisting").as_bool() == true) {
    return problem_answer(400, "accountDoesNotExist", "no account has that key");
  }
  if (auto refusal = refuse_account(request, *payload)) {
    return *std::move(refusal);
  }
  AccountState made;
  made.id = next_id_++;
  made.jwk = request.jwk;
  made.contacts = payload->get("contact").as_strings();
  ++accounts_made_;
  return account_answer(201, accounts_[made.id] = made);
}

http::Response FakeAcmeServer::Impl::account(AccountState& account, const SignedRequest& request) {
  if (!request.payload.empty()) {
    const auto payload = json::Value::parse(request.payload, "the payload");
    if (!payload) {
      return problem_answer(400, "malformed", payload.error().message);
    }
    if (payload->has("contact")) {
      account.contacts = payload->get("contact").as_strings();
    }
    if (payload->get("status").as_string() == "deactivated") {
      account.status = "deactivated";
    }
  }
  return account_answer(200, account);
}

http::Response FakeAcmeServer::Impl::account_answer(int status, const AccountState& account) const {
  json::Value value = json::Value::object();
  value.set("status", account.status).set("contact", account.contacts);
  value.set("orders", url_of("orders", account.id));
  http::Response response = json_answer(status, value);
  response.headers.add("Location", url_of("acct", account.id));
  return response;
}

FakeAcmeServer::Impl::AccountState* FakeAcmeServer::Impl::find_account(const std::string& url) {
  for (auto& [id, account] : accounts_) {
    if (url_of("acct", id) == url) {
      return &account;
    }
  }
  return nullptr;
}

std::string FakeAcmeServer::Impl::make_nonce() {
  return *nonces_.insert(fmt::format("nonce{:08}", next_id_++)).first;
}

TimePoint FakeAcmeServer::Impl::now() const {
  const Clock* const clock = server_.behaviour.clock;
  return clock != nullptr ? clock->now() : SystemClock().now();
}

void FakeAcmeServer::Impl::count(const std::string& path) {
  const std::lock_guard lock(mutex_);
  paths_.push_back(path);
}

unsigned FakeAcmeServer::Impl::requests_to(std::string_view path_prefix) const {
  const std::lock_guard lock(mutex_);
  return static_cast<unsigned>(
      std::count_if(paths_.begin(), paths_.end(),
                    [&](const std::string& path) { return path.starts_with(path_prefix); }));
}

unsigned FakeAcmeServer::Impl::accounts() const {
  const std::lock_guard lock(mutex_);
  return accounts_made_;
}

unsigned FakeAcmeServer::Impl::orders() const {
  const std::lock_guard lock(mutex_);
  return static_cast<unsigned>(orders_.size());
}

unsigned FakeAcmeServer::Impl::certificates() const {
  const std::lock_guard lock(mutex_);
  return static_cast<unsigned>(issued_.size());
}

std::string FakeAcmeServer::Impl::last_order() const {
  const std::lock_guard lock(mutex_);
  return last_order_;
}

void FakeAcmeServer::Impl::forget_accounts() {
  const std::lock_guard lock(mutex_);
  accounts_.clear();
}

FakeAcmeServer::FakeAcmeServer() : impl_(std::make_unique<Impl>(*this)) {}
FakeAcmeServer::~FakeAcmeServer() = default;

Result<http::Response> FakeAcmeServer::send(const http::Request& request, const Waiter& waiter) {
  if (waiter.stopped()) {
    return fail(ErrorKind::Stopped, request.url + ": stopped");
  }
  const std::string origin = std::string(kOrigin) + "/";
  if (!request.url.starts_with(origin)) {
    return fail(ErrorKind::Network, "connect to " + request.url + ": Connection refused");
  }
  const std::string path = request.url.substr(kOrigin.size());
  impl_->count(path);
  if (behaviour.intercept) {
    if (auto instead = behaviour.intercept(request)) {
      return *std::move(instead);
    }
  }
  http::Response response = impl_->answer(request, path);
  response.url = request.url;
  if (behaviour.rewrite) {
    behaviour.rewrite(request, response);
  }
  return response;
}

unsigned FakeAcmeServer::requests_to(std::string_view path_prefix) const {
  return impl_->requests_to(path_prefix);
}
unsigned FakeAcmeServer::accounts() const {
  return impl_->accounts();
}
unsigned FakeAcmeServer::orders() const {
  return impl_->orders();
}
unsigned FakeAcmeServer::certificates() const {
  return impl_->certificates();
}
std::string FakeAcmeServer::last_order() const {
  return impl_->last_order();
}
void FakeAcmeServer::forget_accounts() {
  impl_->forget_accounts();
}
std::string FakeAcmeServer::root_pem() const {
  return impl_->root_pem();
}

}  // namespace md::acme::testing
