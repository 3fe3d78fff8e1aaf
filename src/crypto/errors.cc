// SPDX-License-Identifier: Apache-2.0
#include "crypto/internal/errors.h"

#include <fmt/format.h>
#include <openssl/err.h>

namespace md::crypto {
namespace {

std::string describe(unsigned long code, std::string_view data) {
  std::string text;
  if (const char* const reason = ERR_reason_error_string(code)) {
    text = reason;
  } else {
    text = fmt::format("error {:08X}", code);
  }
  if (const char* const library = ERR_lib_error_string(code)) {
    text += fmt::format(" ({})", library);
  }
  if (!data.empty()) {
    text += fmt::format(" [{}]", data);
  }
  return text;
}

}  // namespace

CleanErrors::CleanErrors() {
  ERR_clear_error();
}

CleanErrors::~CleanErrors() {
  ERR_clear_error();
}

std::string drain_errors() {
  std::string all;
  const char* data = nullptr;
  int flags = 0;
  while (const unsigned long code = ERR_get_error_all(nullptr, nullptr, nullptr, &data, &flags)) {
    const bool has_text = (flags & ERR_TXT_STRING) != 0 && data != nullptr;
    if (!all.empty()) {
      all += "; ";
    }
    all += describe(code, has_text ? data : "");
  }
  return all;
}

Error openssl_failure(std::string_view attempted, ErrorKind kind) {
  std::string reasons = drain_errors();
  if (reasons.empty()) {
    reasons = "OpenSSL gave no reason";
  }
  return fail(kind, fmt::format("{}: {}", attempted, reasons));
}

}  // namespace md::crypto
