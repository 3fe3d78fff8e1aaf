// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>
#include <vector>

#include "model/settings.h"

namespace md::config {

/// Directives that are set to something that this version reads and keeps, but does not act on yet:
/// to be told at the start, so that nobody relies on them. docs/directives.md has the same list.
std::vector<std::string_view> pending_directives(const model::Settings& settings);

}  // namespace md::config
