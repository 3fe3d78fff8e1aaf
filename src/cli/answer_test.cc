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

TEST(Failure, HasErrnoAndDescriptionInJson) {
  const Rendered rendered = render(fail(ErrorKind::NotFound, "no such domain"), Format::Json);
  const json::Value frame = parsed(rendered.standard_output);
  EXPECT_EQ(frame.get("status").as_int(), ENOENT);
  EXPECT_EQ(frame.get("description").as_string(), "no such domain");
  EXPECT_FALSE(frame.has("output"));
  EXPECT_EQ(rendered.standard_error, "");
  EXPECT_EQ(rendered.exit_code, 1);
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
