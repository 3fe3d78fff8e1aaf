// SPDX-License-Identifier: Apache-2.0
#include "httpd/own_process.h"

#include <signal.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "httpd/apache.h"

namespace md::httpd {

void leave_the_servers_affairs(const char* name) noexcept {
  prctl(PR_SET_NAME, name);
  prctl(PR_SET_PDEATHSIG, SIGTERM);
  (void)::signal(SIGTERM, SIG_DFL);
  (void)::signal(SIGINT, SIG_DFL);
  // A reload is for the parent, which ends or replaces us in the course of it.
  (void)::signal(SIGHUP, SIG_IGN);
  (void)::signal(SIGUSR1, SIG_IGN);
  (void)::signal(SIGCHLD, SIG_DFL);
  (void)::signal(SIGPIPE, SIG_IGN);
  for (const ap_listen_rec* listener = ap_listeners; listener != nullptr;
       listener = listener->next) {
    int fd = -1;
    if (listener->sd != nullptr && apr_os_sock_get(&fd, listener->sd) == APR_SUCCESS) {
      ::close(fd);
    }
  }
}

}  // namespace md::httpd
