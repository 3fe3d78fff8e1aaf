// SPDX-License-Identifier: Apache-2.0
#pragma once

namespace md::httpd {

/// First thing in each thread of ours in a child: signals are httpd's affair, and the name shows in
/// `top -H` (at most 15 characters).
void prepare_thread(const char* name) noexcept;

}  // namespace md::httpd
