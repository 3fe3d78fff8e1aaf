// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <signal.h>

namespace md {

/// While this lives, the calling thread gets no signal: it goes on when this ends. Threads made
/// meanwhile are born so: a program's handlers never run on them, not even at their first step.
class SignalsBlocked {
 public:
  SignalsBlocked() noexcept {
    sigset_t all;
    sigfillset(&all);
    pthread_sigmask(SIG_BLOCK, &all, &before_);
  }
  SignalsBlocked(const SignalsBlocked&) = delete;
  SignalsBlocked& operator=(const SignalsBlocked&) = delete;
  ~SignalsBlocked() { pthread_sigmask(SIG_SETMASK, &before_, nullptr); }

 private:
  sigset_t before_{};
};

}  // namespace md
