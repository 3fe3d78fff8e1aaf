// SPDX-License-Identifier: Apache-2.0
#include "cli/answer.h"

#include <fmt/format.h>

#include <algorithm>
#include <string_view>
#include <utility>

#include "base/text.h"
#include "renewal/failure.h"

namespace md::cli {
namespace {

constexpr std::size_t kMessageLimit = 2000;

// mod_md's tool keeps that many bytes of the system's words.
constexpr std::size_t kDescriptionLimit = 31;

/// APR's words for those of its numbers that failures name themselves.
std::string_view words_of(int status) {
  return status == kNotImplemented ? "This function has not been implemented on this platform"
                                   : "Internal error (specific information not available)";
}

struct Described {
  int status;
  std::string words;
};

Described described(const Failure& failure) {
  Described result{failure.status, std::string(words_of(failure.status))};
  if (failure.status == 0) {
    const model::JobResult of_kind = renewal::result_of(failure.error, "");
    result = {of_kind.status, of_kind.status_description};
  }
  result.words.resize(std::min(result.words.size(), kDescriptionLimit));
  return result;
}

/// Of what was asked, before anybody else was.
bool is_refusal(const Error& error) {
  return error.kind == ErrorKind::InvalidInput || error.kind == ErrorKind::NotFound ||
         error.kind == ErrorKind::Conflict;
}

void add_failure(json::Value& frame, const Failure& failure, Detail detail) {
  const Error& error = failure.error;
  frame.set("description", described(failure).words);
  if (detail == Detail::Always || !is_refusal(error)) {
    frame.set("detail", error.message);
  }
}

std::string framed(const Answer& answer, Detail detail) {
  json::Value frame = json::Value::object();
  if (answer.failure) {
    add_failure(frame, *answer.failure, detail);
  }
  json::Value output = json::Value::array();
  for (const json::Value& value : answer.output) {
    output.push_back(value);
  }
  frame.set("output", std::move(output));
  if (answer.failure && answer.failure->error.problem) {
    const Problem& problem = *answer.failure->error.problem;
    frame.set("problem",
              json::Value::object().set("type", problem.type).set("detail", problem.detail));
  }
  frame.set("status", answer.failure ? described(*answer.failure).status : 0);
  return frame.dump() + "\n";
}

Rendered rendered(const Answer& answer, Format format, Detail detail) {
  const bool is_json = format == Format::Json;
  Rendered result{answer.announcement, "", answer.exit_code};
  if (!is_json) {
    result.standard_output += answer.text;
  } else if (!answer.failure || !answer.failure->is_usage) {
    result.standard_output += framed(answer, detail);
  }
  if (answer.failure) {
    const Failure& failure = *answer.failure;
    if (!is_json || failure.is_said_in_json || detail == Detail::Always) {
      result.standard_error =
          fmt::format("a2md: {}\n", printable(failure.error.message, kMessageLimit));
    }
    result.exit_code = 1;
  }
  return result;
}

std::string table_row(const std::vector<std::string>& row, const std::vector<std::size_t>& widths) {
  std::string line;
  for (std::size_t i = 0; i < row.size(); ++i) {
    line += fmt::format("{:<{}}", row[i], i + 1 < row.size() ? widths[i] + 2 : 0);
  }
  const auto end = line.find_last_not_of(' ');
  return line.substr(0, end == std::string::npos ? 0 : end + 1) + "\n";
}

}  // namespace

Answer refusal(Failure failure) {
  Answer answer;
  answer.failure = std::move(failure);
  return answer;
}

Rendered render(const Result<Answer>& answer, Format format, Detail detail) {
  return rendered(answer ? *answer : refusal({.error = answer.error()}), format, detail);
}

std::string table(const std::vector<std::vector<std::string>>& rows) {
  std::vector<std::vector<std::string>> shown = rows;
  std::vector<std::size_t> widths;
  for (auto& row : shown) {
    widths.resize(std::max(widths.size(), row.size()), 0);
    for (std::size_t i = 0; i < row.size(); ++i) {
      row[i] = printable(row[i]);
      widths[i] = std::max(widths[i], row[i].size());
    }
  }
  std::string text;
  for (const auto& row : shown) {
    text += table_row(row, widths);
  }
  return text;
}

}  // namespace md::cli
