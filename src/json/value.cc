// SPDX-License-Identifier: Apache-2.0
#include "json/value.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "base/text.h"

namespace md::json {
namespace {

// Deeper than any document of ours or of a CA; bounds the recursion of the parser's destructor.
constexpr int kMaxDepth = 64;

}  // namespace

struct Value::Document {
  nlohmann::ordered_json json;
};

Value::Value() : document_(std::make_unique<Document>()) {}
Value::Value(std::unique_ptr<Document> document) : document_(std::move(document)) {}
Value::Value(bool value) : Value() {
  document_->json = value;
}
Value::Value(int value) : Value(static_cast<std::int64_t>(value)) {}
Value::Value(std::int64_t value) : Value() {
  document_->json = value;
}
Value::Value(double value) : Value() {
  document_->json = value;
}
Value::Value(const char* text) : Value(std::string_view(text)) {}
Value::Value(std::string_view text) : Value() {
  document_->json = std::string(text);
}
Value::Value(const std::string& text) : Value(std::string_view(text)) {}
Value::Value(const std::vector<std::string>& texts) : Value() {
  document_->json = texts;
}
Value::Value(const Value& other) : document_(std::make_unique<Document>(*other.document_)) {}
Value::Value(Value&& other) noexcept = default;
Value& Value::operator=(const Value& other) {
  if (this != &other) {
    document_ = std::make_unique<Document>(*other.document_);
  }
  return *this;
}
Value& Value::operator=(Value&& other) noexcept = default;
Value::~Value() = default;

Value Value::object() {
  Value value;
  value.document_->json = nlohmann::ordered_json::object();
  return value;
}

Value Value::array() {
  Value value;
  value.document_->json = nlohmann::ordered_json::array();
  return value;
}

Result<Value> Value::parse(std::string_view text, std::string_view what) {
  bool too_deep = false;
  const auto limit_depth = [&](int depth, nlohmann::ordered_json::parse_event_t,
                               nlohmann::ordered_json&) {
    too_deep = too_deep || depth > kMaxDepth;
    return !too_deep;
  };
  try {
    auto document = std::make_unique<Document>();
    document->json = nlohmann::ordered_json::parse(text, limit_depth);
    if (too_deep) {
      return fail(ErrorKind::Corrupt, fmt::format("{} is nested too deeply", what));
    }
    return Value(std::move(document));
  } catch (const nlohmann::json::exception& error) {
    const std::string_view start = text.empty() ? "nothing at all" : text;
    return fail(ErrorKind::Corrupt,
                fmt::format("{} is not JSON: {}; it starts with '{}'", what,
                            printable(error.what(), 160), printable(start, 80)));
  }
}

std::string Value::dump() const {
  return document_->json.dump(2, ' ', false, nlohmann::ordered_json::error_handler_t::replace);
}

std::string Value::dump_compact() const {
  return document_->json.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace);
}

bool Value::is_null() const {
  return document_->json.is_null();
}
bool Value::is_object() const {
  return document_->json.is_object();
}
bool Value::is_array() const {
  return document_->json.is_array();
}

std::optional<std::string> Value::as_string() const {
  if (!document_->json.is_string()) {
    return std::nullopt;
  }
  return document_->json.get<std::string>();
}

std::optional<std::int64_t> Value::as_int() const {
  if (!document_->json.is_number_integer()) {
    return std::nullopt;
  }
  return document_->json.get<std::int64_t>();
}

std::optional<double> Value::as_number() const {
  if (!document_->json.is_number()) {
    return std::nullopt;
  }
  return document_->json.get<double>();
}

std::optional<bool> Value::as_bool() const {
  if (!document_->json.is_boolean()) {
    return std::nullopt;
  }
  return document_->json.get<bool>();
}

std::vector<std::string> Value::as_strings() const {
  std::vector<std::string> texts;
  if (is_array()) {
    for (const auto& element : document_->json) {
      if (element.is_string()) {
        texts.push_back(element.get<std::string>());
      }
    }
  }
  return texts;
}

std::optional<TimePoint> Value::as_time() const {
  const auto text = as_string();
  if (!text) {
    return std::nullopt;
  }
  const auto time = parse_http_date(*text);
  return time ? std::optional(*time) : std::nullopt;
}

Value Value::get(std::string_view member) const {
  Value value;
  if (is_object()) {
    if (const auto found = document_->json.find(member); found != document_->json.end()) {
      value.document_->json = *found;
    }
  }
  return value;
}

bool Value::has(std::string_view member) const {
  return is_object() && document_->json.contains(member);
}

std::vector<std::string> Value::members() const {
  std::vector<std::string> names;
  if (is_object()) {
    for (const auto& [name, value] : document_->json.items()) {
      names.push_back(name);
    }
  }
  return names;
}

std::vector<Value> Value::elements() const {
  std::vector<Value> values;
  if (is_array()) {
    for (const auto& element : document_->json) {
      values.emplace_back().document_->json = element;
    }
  }
  return values;
}

Value& Value::set(std::string_view member, Value value) {
  if (!is_object()) {
    document_->json = nlohmann::ordered_json::object();
  }
  document_->json[std::string(member)] = std::move(value.document_->json);
  return *this;
}

Value& Value::set_time(std::string_view member, TimePoint time) {
  return set(member, format_http_date(time));
}

void Value::erase(std::string_view member) {
  if (is_object()) {
    document_->json.erase(std::string(member));
  }
}

Value& Value::push_back(Value value) {
  if (!is_array()) {
    document_->json = nlohmann::ordered_json::array();
  }
  document_->json.push_back(std::move(value.document_->json));
  return *this;
}

bool operator==(const Value& a, const Value& b) {
  return a.document_->json == b.document_->json;
}

}  // namespace md::json
