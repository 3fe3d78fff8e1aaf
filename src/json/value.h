// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/result.h"

namespace md::json {

/// A JSON value. Objects keep the order of their members, so that a document that is read,
/// changed and written keeps what other versions put there. Reading never fails: what is missing
/// or of another type is `nullopt`, and an empty list. Value semantics; thread-compatible.
class Value {
 public:
  Value();  ///< null
  // NOLINTBEGIN(google-explicit-constructor): JSON documents are written as nested literals.
  Value(bool value);
  Value(int value);
  Value(std::int64_t value);
  Value(double value);
  Value(const char* text);
  Value(std::string_view text);
  Value(const std::string& text);
  Value(const std::vector<std::string>& texts);
  // NOLINTEND(google-explicit-constructor)
  Value(const Value& other);
  Value(Value&& other) noexcept;
  Value& operator=(const Value& other);
  Value& operator=(Value&& other) noexcept;
  ~Value();

  static Value object();
  static Value array();

  /// Strict (RFC 8259), depth bounded. Corrupt names `what` ("md.json of example.org") and where.
  static Result<Value> parse(std::string_view text, std::string_view what);

  /// Indented by two spaces as mod_md writes it, or in one line. Never fails: bytes that are not
  /// UTF-8 are replaced.
  [[nodiscard]] std::string dump() const;
  [[nodiscard]] std::string dump_compact() const;

  [[nodiscard]] bool is_null() const;
  [[nodiscard]] bool is_object() const;
  [[nodiscard]] bool is_array() const;
  [[nodiscard]] std::optional<std::string> as_string() const;
  [[nodiscard]] std::optional<std::int64_t> as_int() const;
  [[nodiscard]] std::optional<double> as_number() const;
  [[nodiscard]] std::optional<bool> as_bool() const;
  /// The strings of an array; others in it are left out.
  [[nodiscard]] std::vector<std::string> as_strings() const;
  /// An HTTP date, as all times in the store are.
  [[nodiscard]] std::optional<TimePoint> as_time() const;

  /// The member of that name; null if this is no object or has none. A copy.
  [[nodiscard]] Value get(std::string_view member) const;
  [[nodiscard]] bool has(std::string_view member) const;
  /// Names of the members, in order.
  [[nodiscard]] std::vector<std::string> members() const;
  /// Elements of an array, or nothing. Copies.
  [[nodiscard]] std::vector<Value> elements() const;

  /// Sets a member, in place if it is there. Makes this an object if it is not.
  Value& set(std::string_view member, Value value);
  Value& set_time(std::string_view member, TimePoint time);
  void erase(std::string_view member);
  /// Appends to an array. Makes this an array if it is not.
  Value& push_back(Value value);

  friend bool operator==(const Value& a, const Value& b);

 private:
  struct Document;
  explicit Value(std::unique_ptr<Document> document);
  std::unique_ptr<Document> document_;
};

}  // namespace md::json
