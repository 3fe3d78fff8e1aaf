// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "json/value.h"

namespace md::cli {

/// What a command has found or done, for people and for scripts.
struct Answer {
  std::vector<json::Value> output;  ///< of the JSON frame
  std::string text;                 ///< for people; ends with a newline unless empty
  int exit_code{0};
};

enum class Format { Text, Json };

/// What goes where, and how the program ends.
struct Rendered {
  std::string standard_output;
  std::string standard_error;
  int exit_code{0};
};

/// JSON: `{"status":0,"output":[…]}`; of an error `{"status":<errno>,"description":…}`, and the
/// CA's problem document where there is one. Text: the answer's, or `a2md: <message>` on standard
/// error. An error's exit code is 1.
Rendered render(const Result<Answer>& answer, Format format);

/// Rows as a table: columns as wide as what is in them, two blanks between, the first row is the
/// head. Control characters are replaced.
std::string table(const std::vector<std::vector<std::string>>& rows);

}  // namespace md::cli
