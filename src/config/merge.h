// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "model/settings.h"

namespace md::config {

/// What holds at an inner level: its own settings where it has some, else the outer level's.
/// Lists are replaced as a whole.
model::Settings merge(const model::Settings& outer, const model::Settings& inner);

/// The settings to work with: defaults where nothing was said.
model::ResolvedSettings resolve(const model::Settings& settings);
/// The same with an outer level's in place of the defaults: `resolve(merge(outer, inner))` is
/// `resolve(inner, resolve(outer))`, at less cost if many share an outer level.
model::ResolvedSettings resolve(const model::Settings& settings, model::ResolvedSettings outer);

}  // namespace md::config
