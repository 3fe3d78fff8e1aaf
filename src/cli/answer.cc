// SPDX-License-Identifier: Apache-2.0
#include "cli/answer.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"
#include "renewal/failure.h"

namespace md::cli {
namespace {

constexpr std::size_t kMessageLimit = 2000;

Rendered render_error(const Error& error, Format format) {
  if (format == Format::Text) {
    return {"", fmt::format("a2md: {}\n", printable(error.message, kMessageLimit)), 1};
  }
  json::Value frame = json::Value::object();
  frame.set("status", renewal::result_of(error, "").status).set("description", error.message);
  if (error.problem) {
    frame.set("problem", json::Value::object()
                             .set("type", error.problem->type)
                             .set("detail", error.problem->detail));
  }
  return {frame.dump() + "\n", "", 1};
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

Rendered render(const Result<Answer>& answer, Format format) {
  if (!answer) {
    return render_error(answer.error(), format);
  }
  if (format == Format::Text) {
    return {answer->text, "", answer->exit_code};
  }
  json::Value output = json::Value::array();
  for (const json::Value& value : answer->output) {
    output.push_back(value);
  }
  json::Value frame = json::Value::object();
  frame.set("status", 0).set("output", std::move(output));
  return {frame.dump() + "\n", "", answer->exit_code};
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
