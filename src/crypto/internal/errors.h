// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"

namespace md::crypto {

/// Stands at the start of everything that calls OpenSSL: what others left in this thread's error
/// queue is not told as ours, and what we leave is not told by mod_ssl as its own.
class CleanErrors {
 public:
  CleanErrors();
  CleanErrors(const CleanErrors&) = delete;
  CleanErrors& operator=(const CleanErrors&) = delete;
  ~CleanErrors();
};

/// What OpenSSL says went wrong, oldest first; empties the queue.
std::string drain_errors();

/// An error with OpenSSL's words after what was being attempted; empties the queue.
[[nodiscard]] Error openssl_failure(std::string_view attempted, ErrorKind kind = ErrorKind::Crypto);

}  // namespace md::crypto
