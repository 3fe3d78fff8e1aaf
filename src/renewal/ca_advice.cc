// SPDX-License-Identifier: Apache-2.0
#include "renewal/ca_advice.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdint>
#include <functional>
#include <utility>

namespace md::renewal {
namespace {

using json::Value;
using std::chrono::floor;
using std::chrono::milliseconds;
using std::chrono::seconds;

// Longer than any `Retry-After` that is heeded (acme::fetch_renewal_info), and its jitter.
constexpr std::chrono::hours kLongestRest{48};

std::string text_of(const Value& object, std::string_view member) {
  return object.get(member).as_string().value_or("");
}

/// A server may start in the second in which the one before has asked.
std::optional<TimePoint> moment_of(const Value& value) {
  constexpr std::int64_t kLast = 7'000'000'000'000;  // in 2191
  const auto since_1970 = value.as_int();
  return since_1970 && *since_1970 >= 0 && *since_1970 <= kLast
             ? std::optional(TimePoint(milliseconds(*since_1970)))
             : std::nullopt;
}

AdviceRecord parse_record(const Value& value) {
  AdviceRecord record;
  record.ca_url = text_of(value, "ca-url");
  record.ask_at = value.get("ask-at").as_time();
  const Value window = value.get("window");
  const auto start = window.get("start").as_time();
  const auto end = window.get("end").as_time();
  const auto renew_at = value.get("renew-at").as_time();
  if (start && end && renew_at) {
    record.advice = CaAdvice{*start, *end, *renew_at, text_of(value, "explanation-url")};
  }
  return record;
}

Value to_json(const std::string& ari_cert_id, const AdviceRecord& record) {
  Value value = Value::object();
  value.set("ari-cert-id", ari_cert_id).set("ca-url", record.ca_url);
  if (record.ask_at) {
    value.set_time("ask-at", *record.ask_at);
  }
  if (record.advice) {
    Value window = Value::object();
    window.set_time("start", record.advice->window_start)
        .set_time("end", record.advice->window_end);
    value.set("window", std::move(window)).set_time("renew-at", record.advice->renew_at);
    if (!record.advice->explanation_url.empty()) {
      value.set("explanation-url", record.advice->explanation_url);
    }
  }
  return value;
}

}  // namespace

CaAdvice choose_moment(const acme::RenewalInfo& info, const std::optional<CaAdvice>& before,
                       double uniform) {
  CaAdvice advice;
  advice.window_start = floor<seconds>(info.window_start);
  advice.window_end = floor<seconds>(info.window_end);
  advice.explanation_url = info.explanation_url;
  const bool is_known = before && before->window_start == advice.window_start &&
                        before->window_end == advice.window_end;
  const std::chrono::duration<double> length = advice.window_end - advice.window_start;
  advice.renew_at = is_known ? before->renew_at
                             : advice.window_start + std::chrono::duration_cast<Duration>(
                                                         length * std::clamp(uniform, 0.0, 1.0));
  return advice;
}

CaAdvices AdviceBook::advices() const {
  CaAdvices advices;
  advices.followed = followed;
  for (const auto& [id, record] : certificates) {
    if (!record.ca_url.empty()) {
      advices.issuers.emplace(id, record.ca_url);
    }
    if (record.advice) {
      advices.by_certificate.emplace(id, *record.advice);
    }
  }
  return advices;
}

Result<AdviceBook> parse_advice_book(std::string_view text, std::string_view what) {
  MD_ASSIGN_OR_RETURN(const Value value, Value::parse(text, what));
  AdviceBook book;
  book.followed = value.get("followed").as_time();
  book.asked_at = moment_of(value.get("asked-at-ms"));
  for (const Value& element : value.get("certificates").elements()) {
    if (std::string id = text_of(element, "ari-cert-id"); !id.empty()) {
      book.certificates.insert_or_assign(std::move(id), parse_record(element));
    }
  }
  return book;
}

json::Value to_json(const AdviceBook& book) {
  Value value = Value::object();
  Value certificates = Value::array();
  for (const auto& [id, record] : book.certificates) {
    certificates.push_back(to_json(id, record));
  }
  value.set("certificates", std::move(certificates));
  if (book.followed) {
    value.set_time("followed", *book.followed);
  }
  if (book.asked_at) {
    value.set("asked-at-ms", floor<milliseconds>(book.asked_at->time_since_epoch()).count());
  }
  return value;
}

std::string advice_path(std::string_view domain_name) {
  return fmt::format("{}/{}.json", kAdviceFolder, domain_name);
}

std::optional<TimePoint> question_after(const FullStart& start, std::string_view domain_name,
                                        const AdviceBook& book) {
  if (book.asked_at && *book.asked_at >= floor<milliseconds>(start.at)) {
    return std::nullopt;
  }
  constexpr std::size_t kSteps = 4096;
  const std::size_t step = std::hash<std::string_view>()(domain_name) % kSteps;
  return start.at + start.spread * step / kSteps;
}

bool is_time_to_ask(const AdviceRecord& record, TimePoint now) {
  return !record.ask_at || *record.ask_at <= now || *record.ask_at > now + kLongestRest;
}

}  // namespace md::renewal
