// SPDX-License-Identifier: Apache-2.0
#include "httpd/thread_setup.h"

#include <pthread.h>
#include <signal.h>

#include <system_error>
#include <utility>

#include "base/signals_blocked.h"

namespace md::httpd {

void prepare_thread(const char* name) noexcept {
  sigset_t all;
  sigfillset(&all);
  pthread_sigmask(SIG_BLOCK, &all, nullptr);
  pthread_setname_np(pthread_self(), name);
}

bool start_thread(std::thread& thread, const char* name, std::function<void()> run) {
  const SignalsBlocked blocked;
  try {
    thread = std::thread([name, run = std::move(run)] {
      prepare_thread(name);
      run();
    });
  } catch (const std::system_error&) {
    return false;
  }
  return true;
}

}  // namespace md::httpd
