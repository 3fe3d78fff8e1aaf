// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

namespace md {

/// A name for a file or folder that stands for the text: the text itself where that can be one.
/// What no file name has is written as `%2f`, and what is too long ends in a digest of all of it,
/// so that two texts never have one name.
std::string file_name_for(std::string_view text);

}  // namespace md
