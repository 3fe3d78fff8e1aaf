// SPDX-License-Identifier: Apache-2.0
#include "renewal/authorizations.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <utility>

#include "base/text.h"
#include "renewal/failure.h"
#include "renewal/notify.h"

namespace md::renewal {
namespace {

// Per authorization; some CAs validate minutes later (AC-33).
constexpr std::chrono::minutes kPatience{5};

constexpr std::size_t kFurtherAuthorizations = 10;

std::string failure_mark(model::ChallengeType type, const model::DnsName& name) {
  return fmt::format("{}:{}", model::name_of(type), name.text());
}

std::string names_of(const std::vector<model::ChallengeType>& types) {
  std::vector<std::string> names;
  names.reserve(types.size());
  for (const model::ChallengeType type : types) {
    names.emplace_back(model::name_of(type));
  }
  return join(names, " ");
}

std::string offered_by(const acme::Authorization& authorization) {
  std::vector<std::string> names;
  for (const acme::Challenge& challenge : authorization.challenges) {
    names.push_back(printable(challenge.type, 40));
  }
  return join(names, " ");
}

Problem without_words(const acme::Authorization& authorization) {
  return {"",
          fmt::format("the CA gave no reason, the authorization is {}",
                      acme::name_of(authorization.status)),
          0,
          {}};
}

/// One error out of what the CA said about several names; each is in it (AC-14).
Error failed_validations(const std::vector<std::pair<std::string, Problem>>& failures) {
  Error error = fail(ErrorKind::Rejected, "");
  error.problem = failures.front().second;
  std::vector<std::string> words;
  words.reserve(failures.size());
  for (const auto& [what, problem] : failures) {
    words.push_back(fmt::format("{}: {}", what, printable(problem.detail)));
  }
  error.message = "the CA did not validate " + join(words, "; ");
  if (failures.size() > 1) {
    for (const auto& [what, problem] : failures) {
      const std::string name = what.substr(0, what.find(' '));
      const auto parsed = model::DnsName::parse(name);
      const std::string type = parsed ? acme::identifier_of(*parsed).type : "dns";
      error.problem->subproblems.push_back({problem.type, problem.detail, type, name});
    }
  }
  if (acme::is_permanent(*error.problem)) {
    error.kind = ErrorKind::Permanent;
  }
  return error;
}

/// Each is a request or more. A CA may want others than one for each name (RFC 8555 §7.1.3).
Status check_number(const acme::Order& order, std::size_t names) {
  const std::size_t most = kFurtherAuthorizations + 2 * names;
  if (order.authorizations.size() <= most) {
    return {};
  }
  return fail(ErrorKind::Rejected, fmt::format("the CA wants {} authorizations for {} names",
                                               order.authorizations.size(), names));
}

}  // namespace

std::vector<model::ChallengeType> least_failed_first(std::vector<model::ChallengeType> types,
                                                     const model::DnsName& name,
                                                     const model::Job& job) {
  std::map<model::ChallengeType, int> failures;
  for (const model::JobLogEntry& entry : job.log) {  // newest first
    if (entry.type == "finished") {
      break;
    }
    for (const model::ChallengeType type : types) {
      if (entry.type == kChallengeFailed && entry.detail == failure_mark(type, name)) {
        ++failures[type];
      }
    }
  }
  std::stable_sort(types.begin(), types.end(),
                   [&](auto a, auto b) { return failures[a] < failures[b]; });
  return types;
}

Status Authorizations::complete(const acme::Order& order) {
  MD_TRY(check_number(order, names_.size()));
  context_.journal.progress(
      fmt::format("Starting challenges for domains of {}", context_.domain.name));
  for (const std::string& url : order.authorizations) {
    MD_TRY(look_at(url));
  }
  for (Pending& pending : pending_) {
    MD_TRY(tell(pending));
  }
  if (!pending_.empty()) {
    context_.journal.progress(
        fmt::format("Monitoring challenge status for {}", context_.domain.name));
  }
  std::vector<std::pair<std::string, Problem>> failures;
  for (const Pending& pending : pending_) {
    MD_ASSIGN_OR_RETURN(const auto problem, await(pending, !failures.empty()));
    if (problem) {
      failures.emplace_back(fmt::format("{} by {}", pending.name.text(), pending.challenge.type),
                            *problem);
      context_.journal.note(kChallengeFailed, problem->type,
                            failure_mark(pending.type, pending.name));
    }
  }
  if (!failures.empty()) {
    return failed_validations(failures);
  }
  return {};
}

Status Authorizations::look_at(const std::string& url) {
  MD_ASSIGN_OR_RETURN(acme::Authorization authorization, context_.session.fetch_authorization(url));
  if (authorization.status == acme::AuthorizationStatus::Valid) {
    return {};
  }
  if (authorization.status != acme::AuthorizationStatus::Pending) {
    found_unusable_ = true;
    const Problem problem = authorization.failure().value_or(without_words(authorization));
    Error error = fail(ErrorKind::Rejected,
                       fmt::format("the authorization for {} is {}: {}",
                                   printable(authorization.identifier.value, 260),
                                   acme::name_of(authorization.status), printable(problem.detail)));
    error.problem = problem;
    return error;
  }
  MD_ASSIGN_OR_RETURN(const model::DnsName name, ordered_name(authorization));
  return set_up(std::move(authorization), name);
}

/// The names that a CA may mean, the likeliest first. It should tell a wildcard by a flag, without
/// "*."; some write that, and others leave out the flag.
std::vector<std::string> Authorizations::spellings_of(const acme::Authorization& authorization) {
  const std::string value = to_lower(authorization.identifier.value);
  if (value.starts_with("*.")) {
    return {value};
  }
  return authorization.wildcard ? std::vector{"*." + value} : std::vector{value, "*." + value};
}

/// The name as it was ordered. A CA that asks about another one gets no answer: its name would
/// become a folder.
Result<model::DnsName> Authorizations::ordered_name(
    const acme::Authorization& authorization) const {
  const std::vector<std::string> spellings = spellings_of(authorization);
  for (const std::string& text : spellings) {
    // A CA may write an IPv6 address in another way.
    const auto wanted = model::DnsName::parse(text);
    const auto found = wanted ? std::find(names_.begin(), names_.end(), *wanted) : names_.end();
    if (found != names_.end() &&
        authorization.identifier.type == acme::identifier_of(*found).type &&
        std::ranges::find(pending_, *found, &Pending::name) == pending_.end()) {
      return *found;
    }
  }
  const bool is_word = std::ranges::any_of(names_, [&](const model::DnsName& name) {
    return !name.is_valid() && name.text() == spellings.front();
  });
  return fail(
      ErrorKind::Rejected,
      fmt::format(
          "the CA wants an authorization for '{}', which {}", printable(spellings.front(), 260),
          is_word ? "is not a DNS name: no challenge can be set up for it" : "was not ordered"));
}

Result<std::vector<model::ChallengeType>> Authorizations::choices(
    const acme::Authorization& authorization, const model::DnsName& name) const {
  MD_ASSIGN_OR_RETURN(const auto configured,
                      context_.world.choose_challenges(context_.domain, name));
  std::vector<model::ChallengeType> offered;
  for (const model::ChallengeType type : configured) {
    const acme::Challenge* challenge = authorization.find_challenge(model::name_of(type));
    if (challenge != nullptr && challenge->status != acme::ChallengeStatus::Invalid) {
      offered.push_back(type);
    }
  }
  if (offered.empty()) {
    return fail_with_problem(
        ErrorKind::Permanent,
        fmt::format("none of the challenges that the CA offers for {} ({}) can be used here ({})",
                    name.text(), offered_by(authorization), names_of(configured)),
        std::string(kChallengeMismatch));
  }
  return least_failed_first(std::move(offered), name, context_.journal.job);
}

Status Authorizations::set_up(acme::Authorization authorization, const model::DnsName& name) {
  MD_ASSIGN_OR_RETURN(const auto types, choices(authorization, name));
  MD_ASSIGN_OR_RETURN(const auto base, model::DnsName::parse(name.base()));
  std::vector<std::string> reasons;
  ErrorKind kind = ErrorKind::Rejected;
  for (const model::ChallengeType type : types) {
    const acme::Challenge challenge = *authorization.find_challenge(model::name_of(type));
    context_.journal.progress(
        fmt::format("Setting up challenge '{}' for domain {}", challenge.type, name.text()));
    MD_ASSIGN_OR_RETURN(std::string key_authorization,
                        context_.session.key_authorization(challenge.token));
    const Status put = setup_.put({type, base, challenge.token, std::move(key_authorization)});
    if (put) {
      MD_TRY(announce(type, base));
      pending_.push_back({std::move(authorization), name, challenge, type});
      return {};
    }
    if (put.error().kind == ErrorKind::Stopped) {
      return put.error();
    }
    kind = put.error().kind == ErrorKind::NotFound ? ErrorKind::NotFound : ErrorKind::Rejected;
    reasons.push_back(fmt::format("{}: {}", challenge.type, put.error().message));
  }
  return fail_with_problem(
      kind,
      fmt::format("no challenge for {} could be set up: {}", name.text(), join(reasons, "; ")),
      std::string(kChallengeSetupFailure));
}

Status Authorizations::announce(model::ChallengeType type, const model::DnsName& name) {
  if (!context_.domain.settings.message_command.empty()) {
    context_.journal.show();  // the command may look
  }
  const std::string event = fmt::format("challenge-setup:{}:{}", model::name_of(type), name.text());
  Status sent = context_.events.send(context_.domain, event, context_.journal.job);
  if (!sent && sent.error().kind != ErrorKind::Stopped) {
    context_.journal.note(kMessageErrorEntry,
                          sent.error().problem ? sent.error().problem->type : "",
                          sent.error().problem ? sent.error().problem->detail : "");
    return fail_with_problem(ErrorKind::Rejected, sent.error().message,
                             std::string(kChallengeSetupFailure));
  }
  return sent;
}

Status Authorizations::tell(Pending& pending) {
  if (pending.challenge.status != acme::ChallengeStatus::Pending) {
    return {};  // told by whoever began with this order
  }
  MD_TRY_CONTEXT(
      context_.session.answer_challenge(pending.challenge),
      fmt::format("ask the CA to validate {} by {}", pending.name.text(), pending.challenge.type));
  return {};
}

/// The problem if it was not validated. Where another name has failed already, the order is lost:
/// what the CA has to say about this one is taken as it stands.
Result<std::optional<Problem>> Authorizations::await(const Pending& pending, bool is_lost) {
  const std::string& url = pending.authorization.url;
  auto verdict = is_lost ? context_.session.fetch_authorization(url)
                         : context_.session.await_authorization(url, kPatience);
  if (!verdict) {
    if (is_lost && verdict.error().kind != ErrorKind::Stopped) {
      return std::optional<Problem>();
    }
    return with_context(
        std::move(verdict).error(),
        fmt::format("validation of {} by {}", pending.name.text(), pending.challenge.type));
  }
  if (verdict->status == acme::AuthorizationStatus::Valid ||
      verdict->status == acme::AuthorizationStatus::Pending) {
    if (verdict->status == acme::AuthorizationStatus::Valid) {
      context_.journal.progress(
          fmt::format("Monitoring challenge status for {}: domain authorization for {} is valid",
                      context_.domain.name, pending.name.text()));
    }
    return std::optional<Problem>();
  }
  return std::optional(verdict->failure().value_or(without_words(*verdict)));
}

}  // namespace md::renewal
