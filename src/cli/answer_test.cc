// SPDX-License-Identifier: Apache-2.0
#include "cli/answer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cerrno>

namespace md::cli {
namespace {

using ::testing::HasSubstr;

json::Value parsed(const std::string& text) {
  const auto value = json::Value::parse(text, "frame");
  EXPECT_TRUE(value) << text;
  return value ? *value : json::Value();
}

TEST(Answer, IsFramedInJson) {
  Answer answer;
  answer.output.emplace_back("one");
  const Rendered rendered = render(answer, Format::Json);
  const json::Value frame = parsed(rendered.standard_output);
  EXPECT_EQ(frame.get("status").as_int(), 0);
  EXPECT_EQ(frame.get("output").as_strings(), std::vector<std::string>{"one"});
  EXPECT_EQ(rendered.exit_code, 0);
}

TEST(Answer, OfNothingIsAnEmptyList) {
  EXPECT_TRUE(parsed(render(Answer{}, Format::Json).standard_output).get("output").is_array());
}

TEST(Answer, IsTextForPeopleAndKeepsItsExitCode) {
  const Rendered rendered = render(Answer{{}, "all is well\n", 2}, Format::Text);
  EXPECT_EQ(rendered.standard_output, "all is well\n");
  EXPECT_EQ(rendered.exit_code, 2);
}

TEST(FailureA3, HasErrnoTheSystemsWordsAndOutputInJsonAndOurSentenceOnStandardError) {
  const Rendered rendered = render(fail(ErrorKind::NotFound, "no such domain"), Format::Json);
  const json::Value frame = parsed(rendered.standard_output);
  EXPECT_EQ(frame.get("status").as_int(), ENOENT);
  EXPECT_EQ(frame.get("description").as_string(), "No such file or directory");
  EXPECT_EQ(frame.get("detail").as_string(), "no such domain");
  EXPECT_TRUE(frame.get("output").is_array());
  EXPECT_EQ(rendered.standard_error, "a2md: no such domain\n");
  EXPECT_EQ(rendered.exit_code, 1);
}

TEST(FailureA3, OfWhatWasAskedHasNoMemberThatModMdsToolHasNot) {
  const auto frame_of = [](ErrorKind kind) {
    return parsed(render(fail(kind, "why"), Format::Json, Detail::NotOfRefusals).standard_output);
  };
  EXPECT_EQ(frame_of(ErrorKind::InvalidInput).members(),
            (std::vector<std::string>{"description", "output", "status"}));
  EXPECT_EQ(frame_of(ErrorKind::Network).get("detail").as_string(), "why");
}

TEST(FailureA3, KeepsWhatWasFoundBefore) {
  Answer answer = refusal({.error = fail(ErrorKind::NotFound, "the second")});
  answer.output.emplace_back("the first");
  answer.text = "the first\n";
  EXPECT_EQ(parsed(render(answer, Format::Json).standard_output).get("output").as_strings(),
            std::vector<std::string>{"the first"});
  EXPECT_EQ(render(answer, Format::Text).standard_output, "the first\n");
  EXPECT_EQ(render(answer, Format::Text).exit_code, 1);
}

TEST(FailureA3, MayHaveANumberOfApr) {
  const auto described = [](int status) {
    const Answer answer =
        refusal({.error = fail(ErrorKind::InvalidInput, "why"), .status = status});
    const json::Value frame = parsed(render(answer, Format::Json).standard_output);
    EXPECT_EQ(frame.get("status").as_int(), status);
    return frame.get("description").as_string().value_or("");
  };
  EXPECT_EQ(described(70023), "This function has not been impl");
  EXPECT_EQ(described(20014), "Internal error (specific inform");
}

TEST(FailureA3, OfUsageHasNoFrame) {
  const Answer answer =
      refusal({.error = fail(ErrorKind::InvalidInput, "which?"), .is_usage = true});
  const Rendered rendered = render(answer, Format::Json);
  EXPECT_EQ(rendered.standard_output, "");
  EXPECT_EQ(rendered.standard_error, "a2md: which?\n");
}

TEST(FailureA3, MayBeAllSaidByItsDescriptionInJson) {
  const Answer answer =
      refusal({.error = fail(ErrorKind::Conflict, "it is there"), .is_said_in_json = false});
  EXPECT_EQ(render(answer, Format::Json, Detail::NotOfRefusals).standard_error, "");
  EXPECT_EQ(render(answer, Format::Text, Detail::NotOfRefusals).standard_error,
            "a2md: it is there\n");
}

TEST(AnswerA4, HasItsAnnouncementBeforeTextAndFrame) {
  Answer answer;
  answer.announcement = "registered: x\n";
  EXPECT_EQ(render(answer, Format::Text).standard_output, "registered: x\n");
  EXPECT_EQ(render(answer, Format::Json).standard_output,
            "registered: x\n{\n  \"output\": [],\n  \"status\": 0\n}\n");
}

TEST(Failure, IsOneLineOnStandardErrorForPeople) {
  const Rendered rendered =
      render(fail(ErrorKind::Rejected, "the CA says\n\x1b[31mno"), Format::Text);
  EXPECT_EQ(rendered.standard_output, "");
  EXPECT_THAT(rendered.standard_error, HasSubstr("a2md: the CA says"));
  EXPECT_EQ(rendered.standard_error.find('\x1b'), std::string::npos);
  EXPECT_EQ(rendered.standard_error.find('\n'), rendered.standard_error.size() - 1);
}

TEST(Failure, CarriesTheProblemOfTheCa) {
  Error error = fail(ErrorKind::Rejected, "refused");
  error.problem = Problem{"urn:ietf:params:acme:error:badCSR", "weak key", 400, {}};
  const json::Value problem = parsed(render(error, Format::Json).standard_output).get("problem");
  EXPECT_EQ(problem.get("type").as_string(), "urn:ietf:params:acme:error:badCSR");
  EXPECT_EQ(problem.get("detail").as_string(), "weak key");
}

TEST(Table, HasColumnsAsWideAsTheyNeedToBe) {
  EXPECT_EQ(table({{"NAME", "STATE"}, {"a.example.org", ""}, {"b", "good"}}),
            "NAME           STATE\na.example.org\nb              good\n");
}

}  // namespace
}  // namespace md::cli
