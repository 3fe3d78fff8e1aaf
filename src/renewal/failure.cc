// SPDX-License-Identifier: Apache-2.0
#include "renewal/failure.h"

#include <fmt/format.h>

#include <cerrno>
#include <system_error>

#include "base/text.h"

namespace md::renewal {
namespace {

constexpr std::size_t kMaxWords = 1000;  // of one message in the log

int network_errno(std::string_view message) {
  const std::string lower = to_lower(message);
  const auto says = [&](std::string_view words) { return lower.find(words) != std::string::npos; };
  if (says("refused")) {
    return ECONNREFUSED;
  }
  if (says("reset")) {
    return ECONNRESET;
  }
  if (says("resolve")) {
    return EHOSTUNREACH;
  }
  return ECONNABORTED;
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
      return EBADMSG;
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
  result.status = errno_of(error);
  result.status_description = std::generic_category().message(result.status);
  result.activity = std::move(activity);
  if (error.problem) {
    result.problem = *error.problem;
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
      if (const std::string words = describe(subproblem); text.find(words) == std::string::npos) {
        text += "; " + words;
      }
    }
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
