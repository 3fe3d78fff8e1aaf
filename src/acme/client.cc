// SPDX-License-Identifier: Apache-2.0
#include "acme/client.h"

#include <fmt/format.h>

#include <algorithm>

#include "acme/exchange.h"
#include "acme/jws.h"
#include "base/text.h"

namespace md::acme {
namespace {

Error wrong_directory(const std::string& url, const Error& reason) {
  return fail(ErrorKind::Rejected,
              fmt::format("{} is not the URL of an ACME directory: {}", url, reason.message));
}

json::Value new_account_payload(const AccountRequest& request) {
  json::Value payload = json::Value::object();
  if (request.agree_to_terms) {
    payload.set("termsOfServiceAgreed", true);
  }
  if (!request.contacts.empty()) {
    payload.set("contact", request.contacts);
  }
  if (request.only_existing) {
    payload.set("onlyReturnExisting", true);
  }
  return payload;
}

Result<Account> account_of(const http::Response& response, std::string url) {
  MD_ASSIGN_OR_RETURN(const json::Value value, json_body(response));
  return parse_account(value, std::move(url));
}

}  // namespace

Result<Directory> fetch_directory(Connection& connection, const std::string& url) {
  auto response = fetch_plain(connection, url);
  if (!response) {
    Error error = with_context(std::move(response).error(), "fetch the directory");
    if (error.kind == ErrorKind::NotFound) {
      // That a CA is not there is no fact to go on with.
      error.kind = ErrorKind::Rejected;
      error.message += "; is this the URL of an ACME directory?";
    }
    return error;
  }
  const auto value = json_body(*response);
  if (!value) {
    return wrong_directory(url, value.error());
  }
  if (value->has("new-reg") || value->has("new-authz")) {
    return fail(ErrorKind::Permanent,
                fmt::format("{} is a directory of ACMEv1, which is gone: use the URL of the CA's "
                            "ACMEv2 directory",
                            url));
  }
  auto directory = parse_directory(*value, url);
  if (!directory) {
    return wrong_directory(url, directory.error());
  }
  return directory;
}

Result<RenewalInfo> fetch_renewal_info(Connection& connection, const Directory& directory,
                                       std::string_view ari_cert_id) {
  if (directory.renewal_info.empty()) {
    return fail(ErrorKind::NotFound,
                fmt::format("{} offers no renewal information", directory.url));
  }
  std::string url = directory.renewal_info;
  url += url.ends_with('/') ? "" : "/";
  url += ari_cert_id;
  MD_ASSIGN_OR_RETURN_CONTEXT(const http::Response response, fetch_plain(connection, url),
                              "fetch renewal information");
  MD_ASSIGN_OR_RETURN_CONTEXT(const json::Value value, json_body(response),
                              "fetch renewal information");
  const json::Value window = value.get("suggestedWindow");
  const auto start = parse_rfc3339(window.get("start").as_string().value_or(""));
  const auto end = parse_rfc3339(window.get("end").as_string().value_or(""));
  if (!start || !end || *end < *start) {
    return fail(ErrorKind::Corrupt,
                fmt::format("the renewal information {} has no window that makes sense", url));
  }
  RenewalInfo info;
  info.window_start = *start;
  info.window_end = *end;
  info.explanation_url = printable(value.get("explanationURL").as_string().value_or(""));
  if (const auto asked = response.retry_after(connection.clock.now())) {
    // RFC 9773 §4.3.2 suggests these bounds.
    info.retry_after =
        std::clamp<std::chrono::seconds>(*asked, std::chrono::minutes(1), std::chrono::hours(24));
  }
  return info;
}

Result<Account> create_account(Connection& connection, const Directory& directory,
                               const crypto::PrivateKey& key, const AccountRequest& request) {
  constexpr std::string_view kAttempt = "register the account";
  json::Value payload = new_account_payload(request);
  if (!request.external_kid.empty()) {
    MD_ASSIGN_OR_RETURN_CONTEXT(
        json::Value binding,
        make_external_account_binding(key, request.external_kid, request.external_hmac,
                                      directory.new_account),
        kAttempt);
    payload.set("externalAccountBinding", std::move(binding));
  }
  auto response =
      post_signed(connection, directory, {key, {}}, directory.new_account, payload.dump_compact());
  if (!response) {
    Error error = with_context(std::move(response).error(), kAttempt);
    const bool unknown = error.problem && error.problem->type.ends_with(":accountDoesNotExist");
    if (request.only_existing && unknown) {
      error.kind = ErrorKind::NotFound;
    }
    return error;
  }
  MD_ASSIGN_OR_RETURN_CONTEXT(std::string url, location_of(*response), kAttempt);
  MD_ASSIGN_OR_RETURN_CONTEXT(Account account, account_of(*response, std::move(url)), kAttempt);
  return account;
}

Session::Session(Connection connection, Directory directory, crypto::PrivateKey key,
                 std::string account_url)
    : connection_(std::move(connection)),
      directory_(std::move(directory)),
      key_(std::move(key)),
      account_url_(std::move(account_url)) {}

Result<http::Response> Session::post(const std::string& url, std::string_view payload) {
  return post_signed(connection_, directory_, {key_, account_url_}, url, payload);
}

Result<std::string> Session::key_authorization(std::string_view token) const {
  MD_ASSIGN_OR_RETURN(const std::string print, thumbprint(key_));
  return fmt::format("{}.{}", token, print);
}

Result<Account> Session::fetch_account() {
  constexpr std::string_view kAttempt = "fetch the account";
  MD_ASSIGN_OR_RETURN_CONTEXT(const http::Response response, post(account_url_, ""), kAttempt);
  MD_ASSIGN_OR_RETURN_CONTEXT(Account account, account_of(response, account_url_), kAttempt);
  return account;
}

Result<Account> Session::update_contacts(const std::vector<std::string>& contacts) {
  constexpr std::string_view kAttempt = "update the contacts of the account";
  json::Value payload = json::Value::object();
  payload.set("contact", contacts);
  MD_ASSIGN_OR_RETURN_CONTEXT(const http::Response response,
                              post(account_url_, payload.dump_compact()), kAttempt);
  MD_ASSIGN_OR_RETURN_CONTEXT(Account account, account_of(response, account_url_), kAttempt);
  return account;
}

}  // namespace md::acme
