// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <limits>
#include <span>

#include "base/problem_limits.h"
#include "base/text.h"
#include "store/documents.h"

/// job.json: see documents.h.
namespace md::store {
namespace {

using json::Value;

std::string text_of(const Value& object, std::string_view member) {
  return object.get(member).as_string().value_or("");
}

// Of each text of a job, so that with all entries and subproblems the document stays below the size
// of what can be loaded again.
constexpr std::size_t kMaxEntryType = 64;
constexpr std::size_t kMaxEntryDetail = 1024;
constexpr std::size_t kMaxActivity = 512;

void set_text(Value& object, std::string_view member, const std::string& text, std::size_t limit) {
  if (!text.empty()) {
    object.set(member, printable(text, limit));
  }
}

void set_time(Value& object, std::string_view member, const std::optional<TimePoint>& time) {
  if (time) {
    object.set_time(member, *time);
  }
}

/// 0 for what does not fit: numbers of a file may be anything.
template <class Number>
Number number_of(const Value& object, std::string_view member) {
  const std::int64_t number = object.get(member).as_int().value_or(0);
  constexpr auto kMax = static_cast<std::int64_t>(std::numeric_limits<Number>::max());
  constexpr auto kMin = static_cast<std::int64_t>(std::numeric_limits<Number>::min());
  return number < kMin || number > kMax ? Number{0} : static_cast<Number>(number);
}

Subproblem parse_subproblem(const Value& value) {
  const Value identifier = value.get("identifier");
  return {text_of(value, "type"), text_of(value, "detail"), text_of(identifier, "type"),
          text_of(identifier, "value")};
}

Value to_json(const Subproblem& subproblem) {
  Value value = Value::object();
  set_text(value, "type", subproblem.type, kMaxProblemType);
  set_text(value, "detail", subproblem.detail, kMaxSubproblemDetail);
  if (!subproblem.identifier.empty()) {
    value.set("identifier", Value::object()
                                .set("type", printable(subproblem.identifier_type, kMaxIdentifier))
                                .set("value", printable(subproblem.identifier, kMaxIdentifier)));
  }
  return value;
}

model::JobResult parse_result(const Value& value) {
  model::JobResult result;
  result.status = number_of<int>(value, "status");
  result.status_description = text_of(value, "status-description");
  result.activity = text_of(value, "activity");
  result.problem.type = text_of(value, "problem");
  result.problem.detail = text_of(value, "detail");
  for (const Value& subproblem : value.get("subproblems").elements()) {
    if (result.problem.subproblems.size() < kMaxSubproblems) {
      result.problem.subproblems.push_back(parse_subproblem(subproblem));
    }
  }
  return result;
}

/// mod_md tells the start of a new certificate's validity with the result that brought it, too: one
/// without words of its own, or with those of a command that was to be told.
bool tells_validity(const model::Job& job) {
  const bool is_of_command = job.last.problem.type.starts_with("urn:org:apache:httpd:log:");
  return job.valid_from && job.finished && job.last.activity.empty() &&
         (is_of_command || (job.last.status == 0 && job.last.problem.detail.empty()));
}

Value to_json(const model::JobLogEntry& entry) {
  Value value = Value::object();
  value.set_time("when", entry.when).set("type", printable(entry.type, kMaxEntryType));
  set_text(value, "status", entry.status, kMaxProblemType);
  set_text(value, "detail", entry.detail, kMaxEntryDetail);
  return value;
}

std::vector<model::JobLogEntry> parse_log(const Value& log) {
  std::vector<model::JobLogEntry> entries;
  for (const Value& value : log.get("entries").elements()) {
    const auto when = value.get("when").as_time();
    if (when && entries.size() < model::Job::kMaxLogEntries) {
      entries.push_back(
          {*when, text_of(value, "type"), text_of(value, "status"), text_of(value, "detail")});
    }
  }
  return entries;
}

}  // namespace

model::Job parse_job(const Value& value) {
  model::Job job;
  job.name = text_of(value, "name");
  job.finished = value.get("finished").as_bool().value_or(false);
  job.notified = value.get("notified").as_bool().value_or(false);
  job.notified_renewed = value.get("notified-renewed").as_bool().value_or(false);
  job.next_run = value.get("next-run").as_time();
  job.last_run = value.get("last-run").as_time();
  job.valid_from = value.get("valid-from").as_time();
  job.errors = number_of<unsigned>(value, "errors");
  job.last = parse_result(value.get("last"));
  job.log = parse_log(value.get("log"));
  return job;
}

Value to_json(const model::JobResult& result) {
  Value value = Value::object();
  value.set("status", result.status);
  set_text(value, "status-description", result.status_description, kMaxActivity);
  set_text(value, "problem", result.problem.type, kMaxProblemType);
  set_text(value, "detail", result.problem.detail, kMaxProblemDetail);
  set_text(value, "activity", result.activity, kMaxActivity);
  if (!result.problem.subproblems.empty()) {
    const auto& all = result.problem.subproblems;
    const std::size_t kept = std::min(all.size(), kMaxSubproblems);
    Value subproblems = Value::array();
    for (const Subproblem& subproblem : std::span(all).first(kept)) {
      subproblems.push_back(to_json(subproblem));
    }
    value.set("subproblems", std::move(subproblems));
  }
  return value;
}

Value to_json(const model::Job& job) {
  Value value = Value::object();
  value.set("name", job.name)
      .set("finished", job.finished)
      .set("notified", job.notified)
      .set("notified-renewed", job.notified_renewed);
  set_time(value, "next-run", job.next_run);
  set_time(value, "last-run", job.last_run);
  set_time(value, "valid-from", job.valid_from);
  value.set("errors", static_cast<std::int64_t>(job.errors));
  Value last = to_json(job.last);
  if (tells_validity(job)) {
    last.set_time("valid-from", *job.valid_from);
  }
  value.set("last", std::move(last));
  Value entries = Value::array();
  for (const model::JobLogEntry& entry : job.log) {
    entries.push_back(to_json(entry));
  }
  value.set("log", Value::object().set("entries", std::move(entries)));
  return value;
}

}  // namespace md::store
