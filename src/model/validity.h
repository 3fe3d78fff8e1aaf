// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <variant>

#include "base/clock.h"
#include "base/result.h"

namespace md::model {

/// When a certificate or an OCSP answer is valid: [from, until).
struct Validity {
  TimePoint from{};
  TimePoint until{};

  [[nodiscard]] Duration length() const {
    return std::chrono::duration_cast<Duration>(until - from);
  }
  [[nodiscard]] bool contains(TimePoint time) const { return from <= time && time < until; }
  friend bool operator==(const Validity&, const Validity&) = default;
};

/// "When less than this is left": an amount of time, or a share of the lifetime. Immutable.
class Window {
 public:
  /// `14d`, `33%`, `10` (days). ≥ 100%: `a length of 100% or more is not allowed.`;
  /// otherwise unreadable: `has unrecognized format`. All InvalidInput.
  static Result<Window> parse(std::string_view text);
  static Window percent(unsigned percent);
  static Window of_length(Duration length);

  /// The length for something that lives that long; never longer than it lives.
  [[nodiscard]] Duration of(Duration lifetime) const;
  /// nullopt: it is a share of a lifetime.
  [[nodiscard]] std::optional<Duration> fixed_length() const;
  /// As it was written, with a unit: `14d`, `33%`, `10d`.
  [[nodiscard]] const std::string& text() const { return text_; }

  friend bool operator==(const Window&, const Window&) = default;

 private:
  Window(std::variant<Duration, unsigned> amount, std::string text)
      : amount_(amount), text_(std::move(text)) {}
  std::variant<Duration, unsigned> amount_;  // a length, or percent
  std::string text_;
};

}  // namespace md::model
