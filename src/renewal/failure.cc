// SPDX-License-Identifier: Apache-2.0
#include "renewal/failure.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <optional>
#include <span>
#include <system_error>

#include "base/text.h"

namespace md::renewal {
namespace {

constexpr std::size_t kMaxWords = 1000;    // of one message in the log
constexpr std::size_t kMaxFailure = 4096;  // of all that is said about a failure
constexpr std::string_view kNoProblemType =
    "about:blank";  // RFC 9457: there is no type but the HTTP status

// APR's numbers and words, which job.json has always had for what is no errno.
constexpr int kGeneral = 20014;
constexpr int kIncompletePath = 20022;
constexpr int kMissingParameter = 70013;

std::string describe_status(int status) {
  switch (status) {
    case kGeneral:
      return "Internal error (specific information not available)";
    case kIncompletePath:
      return "The given path is incomplete";
    case kMissingParameter:
      return "Missing parameter for the specified command line option";
    default:
      return std::generic_category().message(status);
  }
}

struct ProblemStatus {
  std::string_view type;
  int status;
};

constexpr std::string_view kAcmeError = "urn:ietf:params:acme:error:";
constexpr std::array<ProblemStatus, 8> kProblemStatuses{
    {{"badCSR", EINVAL},
     {"externalAccountRequired", EINVAL},
     {"invalidContact", kMissingParameter},
     {"malformed", EINVAL},
     {"rateLimited", kMissingParameter},
     {"rejectedIdentifier", kMissingParameter},
     {"unauthorized", EACCES},
     {"unsupportedIdentifier", kMissingParameter}}};

/// Of commands that the administrator has configured.
constexpr std::array<std::string_view, 3> kCommandProblems{kChallengeSetupFailure, kNotifyProblem,
                                                           kMessageProblem};
// What a CA finds when it validates a name. As the answer to a request "unauthorized" is Denied.
constexpr std::array<std::string_view, 5> kValidationProblems{
    "connection", "dns", "incorrectResponse", "tls", "unauthorized"};
constexpr int kServiceUnavailable = 503;

bool is_any_of(std::span<const std::string_view> names, std::string_view name) {
  return std::ranges::find(names, name) != names.end();
}

/// What a CA says has a number of its own, whatever became of it here, and so have commands.
std::optional<int> status_of(const Problem& problem, ErrorKind kind) {
  if (problem.type == kNoProblemType) {
    return problem.status == kServiceUnavailable ? EAGAIN : kGeneral;
  }
  if (is_any_of(kCommandProblems, problem.type)) {
    return kind == ErrorKind::NotFound ? kIncompletePath : kGeneral;
  }
  if (!problem.type.starts_with(kAcmeError)) {
    return std::nullopt;
  }
  const std::string_view name = std::string_view(problem.type).substr(kAcmeError.size());
  if (kind == ErrorKind::Rejected && is_any_of(kValidationProblems, name)) {
    return EINVAL;
  }
  const auto* const known = std::ranges::find(kProblemStatuses, name, &ProblemStatus::type);
  return known == kProblemStatuses.end() ? kGeneral : known->status;
}

int network_errno(std::string_view message) {
  const std::string lower = to_lower(message);
  const auto says = [&](std::string_view words) { return lower.find(words) != std::string::npos; };
  if (says("refused") || says("resolve")) {
    return ECONNREFUSED;
  }
  return says("reset") ? ECONNRESET : kGeneral;
}

int errno_of(const Error& error) {
  switch (error.kind) {
    case ErrorKind::NotFound:
      return ENOENT;
    case ErrorKind::InvalidInput:
    case ErrorKind::Rejected:
    case ErrorKind::Permanent:
      return EINVAL;
    case ErrorKind::Conflict:
      return EEXIST;
    case ErrorKind::Busy:
    case ErrorKind::RateLimited:
      return EAGAIN;
    case ErrorKind::Denied:
      return EACCES;
    case ErrorKind::Io:
      return EIO;
    case ErrorKind::Network:
      return network_errno(error.message);
    case ErrorKind::Timeout:
      return ETIMEDOUT;
    case ErrorKind::Corrupt:
      return EINVAL;
    case ErrorKind::Stopped:
      return EINTR;
    case ErrorKind::Crypto:
    case ErrorKind::Internal:
      return EPROTO;
  }
  return EPROTO;
}

std::string describe(const Subproblem& subproblem) {
  const std::string_view detail = subproblem.detail.empty() ? subproblem.type : subproblem.detail;
  return subproblem.identifier.empty()
             ? printable(detail)
             : fmt::format("{}: {}", printable(subproblem.identifier, 260), printable(detail));
}

}  // namespace

model::JobResult result_of(const Error& error, std::string activity) {
  model::JobResult result;
  const std::optional<int> status =
      error.problem ? status_of(*error.problem, error.kind) : std::nullopt;
  result.status = status.value_or(errno_of(error));
  result.status_description = describe_status(result.status);
  result.activity = std::move(activity);
  if (error.problem) {
    result.problem = *error.problem;
  }
  if (result.problem.type == kNoProblemType) {
    result.problem.type.clear();
  }
  if (result.problem.detail.empty()) {
    result.problem.detail = printable(error.message, kMaxWords);
  }
  return result;
}

std::string describe_failure(const Error& error) {
  std::string text = printable(error.message, kMaxWords);
  if (error.problem) {
    const Problem& problem = *error.problem;
    const std::string detail = printable(problem.detail);
    if (!detail.empty() && text.find(detail) == std::string::npos) {
      text += ": " + detail;
    }
    if (!problem.type.empty() && text.find(problem.type) == std::string::npos) {
      text += fmt::format(" [{}]", printable(problem.type, 200));
    }
    for (const Subproblem& subproblem : problem.subproblems) {
      if (text.size() > kMaxFailure) {
        break;
      }
      if (const std::string words = describe(subproblem); text.find(words) == std::string::npos) {
        text += "; " + words;
      }
    }
    text = printable(text, kMaxFailure);
  }
  if (error.kind == ErrorKind::RateLimited) {
    text = "rate limit of the CA: " + text;
  }
  if (error.retry_after) {
    text += fmt::format(" (it asks to wait {})", describe_duration(*error.retry_after));
  }
  return text;
}

bool is_permanent(const Error& error) {
  // Ours come with a problem; a CA's answer that was too long, say, does not.
  return error.kind == ErrorKind::Permanent ||
         (error.kind == ErrorKind::InvalidInput && error.problem.has_value());
}

bool is_final_answer(const Error& error) {
  if (error.problem && error.problem->type == kChallengeMismatch) {
    return false;  // the CA has said nothing: with other challenges configured its order will do
  }
  switch (error.kind) {
    case ErrorKind::Rejected:
    case ErrorKind::Permanent:
    case ErrorKind::Denied:
    case ErrorKind::NotFound:
      return !error.problem || error.problem->status < 500;
    case ErrorKind::InvalidInput:
    case ErrorKind::Conflict:
    case ErrorKind::Busy:
    case ErrorKind::RateLimited:
    case ErrorKind::Io:
    case ErrorKind::Network:
    case ErrorKind::Timeout:
    case ErrorKind::Corrupt:
    case ErrorKind::Crypto:
    case ErrorKind::Stopped:
    case ErrorKind::Internal:
      return false;
  }
  return false;
}

Error fail_with_problem(ErrorKind kind, std::string message, std::string problem_type) {
  Error error = fail(kind, std::move(message));
  error.problem = Problem{std::move(problem_type), error.message, 0, {}};
  return error;
}

}  // namespace md::renewal
