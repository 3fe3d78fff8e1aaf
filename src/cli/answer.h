// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "json/value.h"

namespace md::cli {

/// Numbers of APR's that scripts know from mod_md's tool.
inline constexpr int kGeneralError = 20014;
inline constexpr int kNotImplemented = 70023;

/// How a failure shows where it is not as the kind of its error has it.
struct Failure {
  Error error;
  int status{0};               ///< an errno, or a number of APR's; 0: as the error's kind has it
  bool is_usage{false};        ///< the words do not make a command: no JSON frame
  bool is_said_in_json{true};  ///< false: with -j its description is all that is said
};

/// What a command has found or done, for people and for scripts.
struct Answer {
  std::vector<json::Value> output;   ///< of the JSON frame
  std::string text;                  ///< for people; ends with a newline unless empty
  int exit_code{0};                  ///< where there is no failure
  std::string announcement{};        ///< stands before either of them; ends with a newline
  std::optional<Failure> failure{};  ///< what came after what was found or done
};

/// An answer that is nothing but a failure.
Answer refusal(Failure failure);

enum class Format { Text, Json };

/// A failure's own sentence as the member `detail`. mod_md's tool has no such member: in answers of
/// commands that it has too, what it refuses is answered as it does, unless -v asks for more.
enum class Detail { Always, NotOfRefusals };

/// What goes where, and how the program ends.
struct Rendered {
  std::string standard_output;
  std::string standard_error;
  int exit_code{0};
};

/// JSON: `{"output":[…],"status":0}`; of a failure `{"description":<the system's words>,"detail":…,
/// "output":[…],"problem":<the CA's document>,"status":<errno>}`. Text: the answer's. Either way a
/// failure is `a2md: <message>` on standard error, and its exit code is 1.
Rendered render(const Result<Answer>& answer, Format format, Detail detail = Detail::Always);

/// Rows as a table: columns as wide as what is in them, two blanks between, the first row is the
/// head. Control characters are replaced.
std::string table(const std::vector<std::vector<std::string>>& rows);

}  // namespace md::cli
