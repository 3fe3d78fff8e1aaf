// SPDX-License-Identifier: Apache-2.0
#include "json/value.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "base/text.h"

namespace md::json {
namespace {

// More than any document of ours or of a CA has. What is read may be written by an enemy: with
// these it costs a moment at most, whatever its shape.
constexpr std::size_t kMaxDepth = 64;
constexpr std::size_t kMaxValues = 20'000;
constexpr std::size_t kMaxMembers = 1'000;  // of one object

/// Counts what a text is made of without building it, and stops where it is too much: building is
/// linear in the values, but for the members of one object, which are looked up one by one.
class Measure final : public nlohmann::json_sax<nlohmann::ordered_json> {
 public:
  /// Empty: it may be built, or it is no JSON.
  [[nodiscard]] const std::string& excess() const { return excess_; }

  bool null() override { return count(); }
  bool boolean(bool /*value*/) override { return count(); }
  bool number_integer(number_integer_t /*value*/) override { return count(); }
  bool number_unsigned(number_unsigned_t /*value*/) override { return count(); }
  bool number_float(number_float_t /*value*/, const string_t& /*text*/) override { return count(); }
  bool string(string_t& /*value*/) override { return count(); }
  bool binary(binary_t& /*value*/) override { return count(); }
  bool start_object(std::size_t /*size*/) override { return open(); }
  bool start_array(std::size_t /*size*/) override { return open(); }
  bool end_object() override { return close(); }
  bool end_array() override { return close(); }

  bool key(string_t& /*name*/) override {
    return ++members_.back() <= kMaxMembers ||
           refuse(fmt::format("has an object of more than {} members", kMaxMembers));
  }

  bool parse_error(std::size_t /*position*/, const std::string& /*token*/,
                   const nlohmann::detail::exception& /*error*/) override {
    return false;
  }

 private:
  bool count() {
    return ++values_ <= kMaxValues || refuse(fmt::format("has more than {} values", kMaxValues));
  }
  bool open() {
    members_.push_back(0);
    return members_.size() <= kMaxDepth ? count() : refuse("is nested too deeply");
  }
  bool close() {
    members_.pop_back();
    return true;
  }
  bool refuse(std::string why) {
    excess_ = std::move(why);
    return false;
  }

  std::size_t values_{0};
  std::vector<std::size_t> members_;  // of each object or list that is open
  std::string excess_;
};

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
  Measure measure;
  nlohmann::ordered_json::sax_parse(text, &measure);
  if (!measure.excess().empty()) {
    return fail(ErrorKind::Corrupt, fmt::format("{} {}", what, measure.excess()));
  }
  try {
    auto document = std::make_unique<Document>();
    document->json = nlohmann::ordered_json::parse(text);
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
