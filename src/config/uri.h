// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>

namespace md::config {

/// What keeps a text from being an absolute URI, in mod_md's words ("invalid port"); empty if it is
/// one. Host and port are looked at for http and https, the address for mailto. Any other scheme
/// may have anything behind it. As lenient as mod_md: whether anybody answers there is another
/// question.
std::string_view flaw_of_uri(std::string_view text);

}  // namespace md::config
