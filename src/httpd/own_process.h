// SPDX-License-Identifier: Apache-2.0
#pragma once

namespace md::httpd {

/// First thing in a process that the parent forks for itself, and that is no child of the MPM: it
/// ends with its parent and by the usual signals, leaves reloads to the parent, and closes the
/// sockets that the server listens on. The name shows in `top` (at most 15 characters).
void leave_the_servers_affairs(const char* name) noexcept;

}  // namespace md::httpd
