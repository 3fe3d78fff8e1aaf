// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "model/key_spec.h"

namespace md::model {

/// "rsa" or the curve as it is configured, "P-256": the name in status documents and messages.
std::string label_of(const KeySpec& spec);

}  // namespace md::model
