// SPDX-License-Identifier: Apache-2.0
#include "acme/resources.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "base/problem_limits.h"
#include "base/text.h"
#include "http/url.h"

namespace md::acme {
namespace {

constexpr std::string_view kErrorPrefix = "urn:ietf:params:acme:error:";

template <class State>
struct Named {
  std::string_view name;
  State status;
};

constexpr std::array<Named<OrderStatus>, 5> kOrderStates{{{"pending", OrderStatus::Pending},
                                                          {"ready", OrderStatus::Ready},
                                                          {"processing", OrderStatus::Processing},
                                                          {"valid", OrderStatus::Valid},
                                                          {"invalid", OrderStatus::Invalid}}};
constexpr std::array<Named<AuthorizationStatus>, 6> kAuthorizationStates{
    {{"pending", AuthorizationStatus::Pending},
     {"valid", AuthorizationStatus::Valid},
     {"invalid", AuthorizationStatus::Invalid},
     {"deactivated", AuthorizationStatus::Deactivated},
     {"expired", AuthorizationStatus::Expired},
     {"revoked", AuthorizationStatus::Revoked}}};
constexpr std::array<Named<ChallengeStatus>, 4> kChallengeStates{
    {{"pending", ChallengeStatus::Pending},
     {"processing", ChallengeStatus::Processing},
     {"valid", ChallengeStatus::Valid},
     {"invalid", ChallengeStatus::Invalid}}};

// Asking again brings the same answer until somebody changes configuration, DNS policy or account.
constexpr std::array<std::string_view, 13> kPermanentTypes{"badCSR",
                                                           "badPublicKey",
                                                           "badSignatureAlgorithm",
                                                           "externalAccountRequired",
                                                           "invalidContact",
                                                           "badContact",
                                                           "invalidProfile",
                                                           "malformed",
                                                           "rejectedIdentifier",
                                                           "unsupportedContact",
                                                           "unsupportedIdentifier",
                                                           "agreementRequired",
                                                           "userActionRequired"};

/// Reads the members of one object; what is wrong is remembered and reported once, by `check`.
class MemberReader {
 public:
  MemberReader(const json::Value& value, std::string what) : value_(value), what_(std::move(what)) {
    if (!value.is_object()) {
      complain("is no JSON object");
    }
  }

  std::string required_text(std::string_view member) {
    auto text = value_.get(member).as_string();
    if (!text || text->empty()) {
      complain(fmt::format("has no text in '{}'", member));
      return {};
    }
    return *std::move(text);
  }
  std::string required_url(std::string_view member) {
    return checked_url(member, required_text(member));
  }
  std::string optional_text(std::string_view member) const {
    return value_.get(member).as_string().value_or("");
  }
  std::string optional_url(std::string_view member) {
    std::string text = optional_text(member);
    return text.empty() ? text : checked_url(member, std::move(text));
  }
  std::optional<TimePoint> optional_time(std::string_view member) const {
    const auto time = parse_rfc3339(optional_text(member));
    return time ? std::optional(*time) : std::nullopt;
  }
  json::Value required_list(std::string_view member) {
    json::Value list = value_.get(member);
    if (!list.is_array()) {
      complain(fmt::format("has no list in '{}'", member));
    }
    return list;
  }
  template <class State, std::size_t Count>
  State required_status(const std::array<Named<State>, Count>& states) {
    const std::string text = required_text("status");
    const auto found = std::find_if(states.begin(), states.end(),
                                    [&](const auto& state) { return state.name == text; });
    if (found == states.end()) {
      complain(fmt::format("has a status '{}' that is unknown", printable(text, 64)));
      return {};
    }
    return found->status;
  }
  void complain(std::string complaint) {
    if (complaint_.empty()) {
      complaint_ = std::move(complaint);
    }
  }
  [[nodiscard]] Status check() const {
    if (complaint_.empty()) {
      return {};
    }
    return fail(ErrorKind::Corrupt, what_ + " " + complaint_);
  }

 private:
  std::string checked_url(std::string_view member, std::string text) {
    if (!text.empty() && !http::is_http_url(text)) {
      complain(fmt::format("has a '{}' that is no URL of http or https: '{}'", member,
                           printable(text, 128)));
    }
    return text;
  }

  const json::Value& value_;
  std::string what_;
  std::string complaint_;
};

Result<Identifier> parse_identifier(const json::Value& value, const std::string& what) {
  MemberReader reader(value, what);
  Identifier identifier{reader.required_text("type"), reader.required_text("value")};
  MD_TRY(reader.check());
  return identifier;
}

std::optional<Problem> optional_problem(const json::Value& value) {
  return value.is_object() ? std::optional(parse_problem(value, 0)) : std::nullopt;
}

bool is_known_type(std::string_view type) {
  return type == "http-01" || type == "tls-alpn-01" || type == "dns-01";
}

// It becomes the name of a file and part of a URL (RFC 8555 §8.3: base64url alone).
bool is_token(std::string_view text) {
  constexpr std::size_t kLongest = 256;
  return !text.empty() && text.size() <= kLongest &&
         text.find_first_not_of(
             "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_") ==
             std::string_view::npos;
}

// A CA that gives challenges no status of their own has the authorization's in mind.
ChallengeStatus challenge_status_of(AuthorizationStatus status) {
  switch (status) {
    case AuthorizationStatus::Pending:
      return ChallengeStatus::Pending;
    case AuthorizationStatus::Valid:
      return ChallengeStatus::Valid;
    case AuthorizationStatus::Invalid:
    case AuthorizationStatus::Deactivated:
    case AuthorizationStatus::Expired:
    case AuthorizationStatus::Revoked:
      break;
  }
  return ChallengeStatus::Invalid;
}

json::Value with_status(json::Value challenge, ChallengeStatus otherwise) {
  if (challenge.is_object() && challenge.get("status").is_null()) {
    challenge.set("status", name_of(otherwise));
  }
  return challenge;
}

// Challenges of types that this code does not know may look in ways that it does not know.
Result<std::vector<Challenge>> parse_challenges(const json::Value& list,
                                                ChallengeStatus otherwise) {
  std::vector<Challenge> challenges;
  for (const json::Value& element : list.elements()) {
    auto challenge = parse_challenge(with_status(element, otherwise));
    if (challenge) {
      challenges.push_back(std::move(challenge).value());
    } else if (is_known_type(element.get("type").as_string().value_or(""))) {
      return std::move(challenge).error();
    }
  }
  return challenges;
}

template <class State, std::size_t Count>
std::string_view find_name(const std::array<Named<State>, Count>& states, State status) {
  const auto found = std::find_if(states.begin(), states.end(),
                                  [&](const auto& state) { return state.status == status; });
  return found == states.end() ? "" : found->name;
}

}  // namespace

Identifier identifier_of(const model::DnsName& name) {
  return {name.is_ip() ? "ip" : "dns", name.text()};
}

const Challenge* Authorization::find_challenge(std::string_view type) const {
  const auto found =
      std::find_if(challenges.begin(), challenges.end(),
                   [&](const Challenge& challenge) { return challenge.type == type; });
  return found == challenges.end() ? nullptr : &*found;
}

std::optional<Problem> Authorization::failure() const {
  for (const Challenge& challenge : challenges) {
    if (challenge.error) {
      return challenge.error;
    }
  }
  return std::nullopt;
}

Result<Directory> parse_directory(const json::Value& value, std::string url) {
  MemberReader reader(value, fmt::format("the directory {}", printable(url)));
  Directory directory;
  directory.url = std::move(url);
  directory.new_nonce = reader.required_url("newNonce");
  directory.new_account = reader.required_url("newAccount");
  directory.new_order = reader.required_url("newOrder");
  directory.revoke_cert = reader.optional_url("revokeCert");
  directory.key_change = reader.optional_url("keyChange");
  directory.renewal_info = reader.optional_url("renewalInfo");
  const json::Value meta = value.get("meta");
  directory.terms_of_service = meta.get("termsOfService").as_string().value_or("");
  directory.external_account_required =
      meta.get("externalAccountRequired").as_bool().value_or(false);
  directory.profiles = meta.get("profiles").members();
  MD_TRY(reader.check());
  return directory;
}

Result<Account> parse_account(const json::Value& value, std::string url) {
  MemberReader reader(value, fmt::format("the account {}", printable(url)));
  Account account;
  account.url = std::move(url);
  account.status = reader.required_text("status");
  account.contacts = value.get("contact").as_strings();
  account.orders = reader.optional_text("orders");
  MD_TRY(reader.check());
  return account;
}

Result<Order> parse_order(const json::Value& value, std::string url) {
  const std::string what = fmt::format("the order {}", printable(url));
  MemberReader reader(value, what);
  Order order;
  order.url = std::move(url);
  order.status = reader.required_status(kOrderStates);
  order.finalize = reader.required_url("finalize");
  order.certificate = reader.optional_url("certificate");
  order.expires = reader.optional_time("expires");
  order.error = optional_problem(value.get("error"));
  for (const json::Value& element : reader.required_list("identifiers").elements()) {
    MD_ASSIGN_OR_RETURN(Identifier identifier,
                        parse_identifier(element, "an identifier of " + what));
    order.identifiers.push_back(std::move(identifier));
  }
  const json::Value authorizations = reader.required_list("authorizations");
  order.authorizations = authorizations.as_strings();
  const bool all_urls =
      std::all_of(order.authorizations.begin(), order.authorizations.end(),
                  [](const std::string& text) { return http::is_http_url(text); });
  if (!all_urls || authorizations.elements().size() != order.authorizations.size()) {
    reader.complain("has an authorization that is no URL");
  }
  MD_TRY(reader.check());
  return order;
}

Result<Authorization> parse_authorization(const json::Value& value, std::string url) {
  const std::string what = fmt::format("the authorization {}", printable(url));
  MemberReader reader(value, what);
  Authorization authorization;
  authorization.url = std::move(url);
  authorization.status = reader.required_status(kAuthorizationStates);
  authorization.wildcard = value.get("wildcard").as_bool().value_or(false);
  authorization.expires = reader.optional_time("expires");
  if (authorization.status == AuthorizationStatus::Pending) {
    static_cast<void>(reader.required_list("challenges"));
  }
  MD_TRY(reader.check());
  MD_ASSIGN_OR_RETURN(authorization.identifier,
                      parse_identifier(value.get("identifier"), "the identifier of " + what));
  MD_ASSIGN_OR_RETURN_CONTEXT(
      authorization.challenges,
      parse_challenges(value.get("challenges"), challenge_status_of(authorization.status)), what);
  return authorization;
}

Result<Challenge> parse_challenge(const json::Value& value) {
  const std::string type = value.get("type").as_string().value_or("");
  MemberReader reader(value, fmt::format("the challenge {}", printable(type, 64)));
  Challenge challenge;
  challenge.type = reader.required_text("type");
  challenge.url = reader.required_url("url");
  challenge.status = reader.required_status(kChallengeStates);
  challenge.token = reader.optional_text("token");
  challenge.error = optional_problem(value.get("error"));
  const bool needs_token = is_known_type(type) && challenge.status == ChallengeStatus::Pending;
  if ((needs_token || !challenge.token.empty()) && !is_token(challenge.token)) {
    reader.complain(
        fmt::format("has a token that is no base64url: '{}'", printable(challenge.token, 64)));
  }
  MD_TRY(reader.check());
  return challenge;
}

Problem parse_problem(const json::Value& value, int http_status) {
  const auto text = [](const json::Value& from, std::string_view member, std::size_t limit) {
    return printable(from.get(member).as_string().value_or(""), limit);
  };
  Problem problem;
  problem.type = text(value, "type", kMaxProblemType);
  if (problem.type.empty()) {
    problem.type = "about:blank";
  }
  problem.detail = text(value, "detail", kMaxProblemDetail);
  if (problem.detail.empty()) {
    problem.detail = text(value, "title", kMaxProblemDetail);
  }
  // The status line is what proxies and libraries go by; the document may contradict it.
  const std::int64_t status = value.get("status").as_int().value_or(0);
  const bool is_status = status >= 100 && status <= 999;
  problem.status = http_status == 0 && is_status ? static_cast<int>(status) : http_status;
  for (const json::Value& element : value.get("subproblems").elements()) {
    if (problem.subproblems.size() == kMaxSubproblems) {
      break;
    }
    const json::Value identifier = element.get("identifier");
    problem.subproblems.push_back(
        {text(element, "type", kMaxProblemType), text(element, "detail", kMaxSubproblemDetail),
         text(identifier, "type", kMaxIdentifier), text(identifier, "value", kMaxIdentifier)});
  }
  return problem;
}

std::string_view name_of(OrderStatus status) {
  return find_name(kOrderStates, status);
}

std::string_view name_of(AuthorizationStatus status) {
  return find_name(kAuthorizationStates, status);
}

std::string_view name_of(ChallengeStatus status) {
  return find_name(kChallengeStates, status);
}

bool is_permanent(const Problem& problem) {
  const std::string_view type = problem.type;
  return type.starts_with(kErrorPrefix) &&
         std::find(kPermanentTypes.begin(), kPermanentTypes.end(),
                   type.substr(kErrorPrefix.size())) != kPermanentTypes.end();
}

}  // namespace md::acme
