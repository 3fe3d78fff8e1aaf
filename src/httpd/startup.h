// SPDX-License-Identifier: Apache-2.0
#pragma once

namespace md::httpd {

/// Which of the passes of a start this is: httpd reads the configuration twice. A reload is real.
enum class Pass { Trial, Real };
Pass current_pass();

/// What the parent does with the configuration before it has children (design.md §2.1): check it,
/// bring the store in line, activate what is staged, hand certificate files to mod_ssl. No network.
void register_startup_hooks();

}  // namespace md::httpd
