// SPDX-License-Identifier: Apache-2.0
#include "httpd/thread_setup.h"

#include <pthread.h>
#include <signal.h>

namespace md::httpd {

void prepare_thread(const char* name) noexcept {
  sigset_t all;
  sigfillset(&all);
  pthread_sigmask(SIG_BLOCK, &all, nullptr);
  pthread_setname_np(pthread_self(), name);
}

}  // namespace md::httpd
