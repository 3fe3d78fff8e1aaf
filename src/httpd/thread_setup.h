// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <signal.h>

namespace md::httpd {

/// First thing in each thread of ours in a child: signals are httpd's affair, and the name shows in
/// `top -H` (at most 15 characters).
void prepare_thread(const char* name) noexcept;

/// While this lives, threads that are made are born with all signals blocked: httpd's handlers
/// never run on them, not even before `prepare_thread`.
class SignalsBlocked {
 public:
  SignalsBlocked() noexcept;
  SignalsBlocked(const SignalsBlocked&) = delete;
  SignalsBlocked& operator=(const SignalsBlocked&) = delete;
  ~SignalsBlocked();

 private:
  sigset_t before_{};
};

}  // namespace md::httpd
