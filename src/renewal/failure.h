// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"
#include "model/job.h"

/// What becomes of an error that ended an attempt: for the job, the log and the back-off. Pure.
namespace md::renewal {

/// `last` of the job: an errno with the system's words, the CA's problem, and what was being done.
model::JobResult result_of(const Error& error, std::string activity);

/// One line for the log: what failed and all that the CA said about it, in its own words.
std::string describe_failure(const Error& error);

/// Can only an administrator change it?
bool is_permanent(const Error& error);

/// Has the CA given its last word on what was asked for? Not so where it was overloaded, slow or
/// away, or where the trouble is ours: the same order may be taken up again then.
bool is_final_answer(const Error& error);

/// An error of ours in the form of a CA's.
Error fail_with_problem(ErrorKind kind, std::string message, std::string problem_type);

inline constexpr std::string_view kChallengeMismatch = "challenge-mismatch";
/// Of MDNotifyCmd and MDMessageCmd.
inline constexpr std::string_view kNotifyProblem = "urn:org:apache:httpd:log:AH10108:";
inline constexpr std::string_view kMessageProblem = "urn:org:apache:httpd:log:AH10109:";
inline constexpr std::string_view kChallengeSetupFailure = "challenge-setup-failure";
inline constexpr std::string_view kExternalHmacInvalid = "apache:eab-hmac-invalid";

}  // namespace md::renewal
