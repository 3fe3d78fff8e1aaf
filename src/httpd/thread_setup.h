// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <thread>

namespace md::httpd {

/// First thing in each thread of ours in a child: signals are httpd's affair, and the name shows in
/// `top -H` (at most 15 characters).
void prepare_thread(const char* name) noexcept;

/// Makes a thread of that name. False: the system has none to give (its limit of processes, say).
[[nodiscard]] bool start_thread(std::thread& thread, const char* name, std::function<void()> run);

}  // namespace md::httpd
