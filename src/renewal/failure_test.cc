// SPDX-License-Identifier: Apache-2.0
#include "renewal/failure.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "renewal/attempt.h"

namespace md::renewal {
namespace {

using namespace std::chrono_literals;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::StartsWith;

Error refusal(ErrorKind kind, int status) {
  Error error = fail(kind, "order a certificate");
  error.problem = Problem{"urn:ietf:params:acme:error:rejectedIdentifier",
                          "policy forbids it",
                          status,
                          {{"urn:x", "not this one", "dns", "b.test"}}};
  return error;
}

TEST(DescribeFailure, SaysAllThatTheCaSaid) {
  EXPECT_THAT(describe_failure(refusal(ErrorKind::Permanent, 400)),
              AllOf(StartsWith("order a certificate"), HasSubstr("policy forbids it"),
                    HasSubstr("rejectedIdentifier"), HasSubstr("b.test: not this one")));
}

TEST(DescribeFailure, M3_IsNoLongerThanALineOfALog) {
  Error error = refusal(ErrorKind::Permanent, 400);
  for (int i = 0; i < 20'000; ++i) {
    error.problem->subproblems.push_back(
        {"urn:x", std::to_string(i) + std::string(400, 'x'), "dns", "b.test"});
  }
  EXPECT_LT(describe_failure(error).size(), 5000U);
}

TEST(DescribeFailure, CallsARateLimitByItsName) {
  Error error = fail(ErrorKind::RateLimited, "too many");
  error.retry_after = 90min;
  EXPECT_THAT(describe_failure(error), AllOf(HasSubstr("rate limit"), HasSubstr("1 hour")));
}

TEST(DescribeFailure, LetsNoControlCharactersIntoTheLog) {
  EXPECT_EQ(describe_failure(fail(ErrorKind::Network, "a\nb\x1b[1m")).find('\n'),
            std::string::npos);
}

TEST(ResultOf, KeepsTheProblem) {
  const model::JobResult result = result_of(refusal(ErrorKind::Permanent, 400), "Creating");
  EXPECT_EQ(result.problem.detail, "policy forbids it");
  EXPECT_EQ(result.problem.subproblems.size(), 1U);
  EXPECT_EQ(result.activity, "Creating");
  EXPECT_NE(result.status, 0);
}

TEST(ResultOf, NamesWhatTheSystemWouldSay) {
  EXPECT_EQ(
      result_of(fail(ErrorKind::Network, "connect: Connection refused"), "").status_description,
      "Connection refused");
  EXPECT_EQ(result_of(fail(ErrorKind::Timeout, "slow"), "").status_description,
            "Connection timed out");
  EXPECT_EQ(result_of(fail(ErrorKind::Io, "disk full"), "").problem.detail, "disk full");
}

TEST(ResultOf, HasTheNumbersThatAlwaysStoodForTheProblemsOfACa) {
  const auto status = [](const std::string& type, ErrorKind kind = ErrorKind::Rejected) {
    Error error = fail(kind, "order a certificate");
    error.problem = Problem{type, "words", 400, {}};
    return result_of(error, "").status;
  };
  const std::string acme = "urn:ietf:params:acme:error:";
  EXPECT_EQ(status(acme + "unauthorized", ErrorKind::Denied), EACCES);
  for (const char* type : {"unauthorized", "connection", "dns", "tls", "incorrectResponse"}) {
    EXPECT_EQ(status(acme + type), EINVAL) << type << ": what a validation came to";
  }
  for (const char* type : {"challenge-setup-failure", "urn:org:apache:httpd:log:AH10108:",
                           "urn:org:apache:httpd:log:AH10109:"}) {
    EXPECT_EQ(status(type), 20014) << type;
    EXPECT_EQ(status(type, ErrorKind::NotFound), 20022) << type << ": there is no such command";
  }
  EXPECT_EQ(status(acme + "malformed"), EINVAL);
  EXPECT_EQ(status(acme + "badCSR"), EINVAL);
  for (const char* type : {"rateLimited", "rejectedIdentifier", "invalidContact"}) {
    EXPECT_EQ(status(acme + type), 70013) << type;
  }
  for (const char* type : {"serverInternal", "caa", "accountDoesNotExist", "newlyInvented"}) {
    EXPECT_EQ(status(acme + type), 20014) << type;
  }
  EXPECT_EQ(status("challenge-mismatch"), EINVAL);
}

TEST(ResultOf, KnowsNoProblemWhereTheCaNamesNone) {
  Error error = fail(ErrorKind::Rejected, "order a certificate");
  error.problem = Problem{"about:blank", "Bad Gateway", 502, {}};
  const model::JobResult result = result_of(error, "");
  EXPECT_EQ(result.problem.type, "");
  EXPECT_EQ(result.problem.detail, "Bad Gateway");
  EXPECT_EQ(result.status, 20014);
  EXPECT_EQ(result.status_description, "Internal error (specific information not available)");
}

TEST(ResultOf, TellsConnectionsThatAreRefusedFromThoseThatBreak) {
  EXPECT_EQ(result_of(fail(ErrorKind::Network, "could not resolve host"), "").status, ECONNREFUSED);
  EXPECT_EQ(result_of(fail(ErrorKind::Network, "empty reply from server"), "").status, 20014);
}

TEST(IsFinalAnswer, IsSoForRefusalsThatAreNoOverload) {
  EXPECT_TRUE(is_final_answer(refusal(ErrorKind::Rejected, 403)));
  EXPECT_FALSE(is_final_answer(refusal(ErrorKind::Rejected, 503)));
  EXPECT_FALSE(is_final_answer(fail(ErrorKind::Timeout, "")));
  EXPECT_FALSE(is_final_answer(fail(ErrorKind::Stopped, "")));
  EXPECT_FALSE(is_final_answer(fail_with_problem(ErrorKind::Permanent, "", "challenge-mismatch")));
}

TEST(IsPermanent, IsSoForWhatOnlyAnAdministratorCanChange) {
  EXPECT_TRUE(is_permanent(refusal(ErrorKind::Permanent, 400)));
  EXPECT_TRUE(is_permanent(fail_with_problem(ErrorKind::InvalidInput, "", "challenge-mismatch")));
  EXPECT_FALSE(is_permanent(fail(ErrorKind::InvalidInput, "the body is too long")));
  EXPECT_FALSE(is_permanent(refusal(ErrorKind::Rejected, 400)));
}

TEST(AuthorityFor, GoesRoundRobinAfterSoManyErrors) {
  model::ResolvedSettings settings;
  settings.authorities = {{"a", ""}, {"b", ""}, {"c", ""}};
  settings.retry_failover = 2;
  std::string turns;
  for (unsigned errors = 0; errors < 8; ++errors) {
    turns += authority_for(settings, errors).url;
  }
  EXPECT_EQ(turns, "aabbccaa");
  settings.retry_failover = 0;
  EXPECT_EQ(authority_for(settings, 1).url, "b");
}

}  // namespace
}  // namespace md::renewal
