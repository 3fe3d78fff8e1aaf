// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

namespace md::status {

/// Text as it may stand in HTML, between tags or in a quoted attribute; control characters are
/// replaced.
std::string html_escaped(std::string_view text);

/// A link, where `url` is one of http or https; else the text alone: no other scheme is to be
/// clicked at.
std::string html_link(std::string_view url, std::string_view text);

}  // namespace md::status
