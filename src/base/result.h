// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

/// Namespace of the base layer: the words that every other layer speaks.
namespace md {

/// What a caller can do about an error; a kind exists only if some caller acts on it.
enum class ErrorKind {
  NotFound,      ///< it is not there: often a fact, not a failure
  InvalidInput,  ///< somebody gave us something that cannot be used: ask them
  Conflict,      ///< it exists already, or contradicts what exists
  Busy,          ///< somebody else holds it: try again soon
  Denied,        ///< no permission: ask the administrator
  Io,            ///< disk or operating system failed
  Network,       ///< the peer could not be reached or broke off
  Timeout,       ///< the peer or command took too long
  RateLimited,   ///< the CA asks to come back later (see `retry_after`)
  Rejected,      ///< the CA refused (see `problem`); trying again may help
  Permanent,     ///< the CA refused in a way that only an administrator can change
  Corrupt,       ///< data that should be well-formed is not
  Crypto,        ///< OpenSSL failed
  Stopped,       ///< the server is stopping or reloading: not a failure at all
  Internal,      ///< a defect of ours
};

/// A CA's report about one identifier (RFC 8555 §6.7.1).
struct Subproblem {
  std::string type;
  std::string detail;
  std::string identifier_type;  ///< "dns" or "ip"; empty if the CA named none
  std::string identifier;
};

/// A problem document (RFC 7807) as the CA sent it, or one of ours in the same form.
struct Problem {
  std::string type;    ///< URN such as `urn:ietf:params:acme:error:rateLimited`
  std::string detail;  ///< the CA's own words
  int status{0};       ///< HTTP status, 0 if unknown
  std::vector<Subproblem> subproblems;
};

/// Why an operation failed. `message` reads from the outermost context to the cause:
/// "renew example.org: create order at https://…: connection refused".
struct Error {
  ErrorKind kind{ErrorKind::Internal};
  std::string message;
  std::optional<Problem> problem;
  /// Not before this long from now, as the peer asked (RFC 9110 §10.2.3).
  std::optional<std::chrono::seconds> retry_after;
};

/// Makes an error. The only way our code makes one.
[[nodiscard]] inline Error fail(ErrorKind kind, std::string message) {
  return Error{kind, std::move(message), std::nullopt, std::nullopt};
}

/// The same with the operating system's words for `error_number` (errno) appended; picks the kind.
[[nodiscard]] Error fail_errno(int error_number, std::string message);

/// Puts what was being attempted in front of the message.
[[nodiscard]] Error with_context(Error error, std::string_view attempted);

/// A value or the reason why there is none. Its interface is a subset of C++23's
/// `std::expected<T, Error>`, which takes its place once the compilers of the day have it.
template <class T>
class [[nodiscard]] Result {
 public:
  // NOLINTNEXTLINE(google-explicit-constructor): as std::expected, so that functions return values.
  Result(T value) : state_(std::in_place_index<0>, std::move(value)) {}
  // NOLINTNEXTLINE(google-explicit-constructor): so that functions return fail(…).
  Result(Error error) : state_(std::in_place_index<1>, std::move(error)) {}

  [[nodiscard]] bool has_value() const { return state_.index() == 0; }
  explicit operator bool() const { return has_value(); }

  T& value() & { return std::get<0>(state_); }
  const T& value() const& { return std::get<0>(state_); }
  T&& value() && { return std::get<0>(std::move(state_)); }
  T& operator*() & { return value(); }
  const T& operator*() const& { return value(); }
  T&& operator*() && { return std::move(*this).value(); }
  T* operator->() { return &value(); }
  const T* operator->() const { return &value(); }

  [[nodiscard]] T value_or(T other) const { return has_value() ? value() : std::move(other); }

  Error& error() & { return std::get<1>(state_); }
  [[nodiscard]] const Error& error() const& { return std::get<1>(state_); }
  Error&& error() && { return std::get<1>(std::move(state_)); }

 private:
  std::variant<T, Error> state_;
};

template <>
class [[nodiscard]] Result<void> {
 public:
  Result() = default;
  // NOLINTNEXTLINE(google-explicit-constructor): so that functions return fail(…).
  Result(Error error) : error_(std::move(error)) {}

  [[nodiscard]] bool has_value() const { return !error_.has_value(); }
  explicit operator bool() const { return has_value(); }

  Error& error() & { return *error_; }
  [[nodiscard]] const Error& error() const& { return *error_; }
  Error&& error() && { return *std::move(error_); }

 private:
  std::optional<Error> error_;
};

using Status = Result<void>;

}  // namespace md

#define MD_CONCAT_INNER(a, b) a##b
#define MD_CONCAT(a, b) MD_CONCAT_INNER(a, b)

/// Leaves the function with the error of `expr` (a Result<void>), context in front if given.
#define MD_TRY(expr)                         \
  do {                                       \
    if (auto md_status = (expr); !md_status) \
      return std::move(md_status).error();   \
  } while (false)
#define MD_TRY_CONTEXT(expr, attempted)                                   \
  do {                                                                    \
    if (auto md_status = (expr); !md_status)                              \
      return ::md::with_context(std::move(md_status).error(), attempted); \
  } while (false)

/// Assigns the value of `expr` (a Result<T>) to `lhs`, or leaves the function with its error.
#define MD_ASSIGN_OR_RETURN(lhs, expr) \
  MD_ASSIGN_OR_RETURN_INNER(MD_CONCAT(md_result_, __LINE__), lhs, expr)
#define MD_ASSIGN_OR_RETURN_INNER(name, lhs, expr) \
  auto name = (expr);                              \
  if (!name)                                       \
    return std::move(name).error();                \
  lhs = std::move(name).value()
#define MD_ASSIGN_OR_RETURN_CONTEXT(lhs, expr, attempted) \
  MD_ASSIGN_OR_RETURN_CONTEXT_INNER(MD_CONCAT(md_result_, __LINE__), lhs, expr, attempted)
#define MD_ASSIGN_OR_RETURN_CONTEXT_INNER(name, lhs, expr, attempted) \
  auto name = (expr);                                                 \
  if (!name)                                                          \
    return ::md::with_context(std::move(name).error(), attempted);    \
  lhs = std::move(name).value()
