// SPDX-License-Identifier: Apache-2.0
#include "model/key_label.h"

namespace md::model {

std::string label_of(const KeySpec& spec) {
  return spec.type == KeySpec::Type::Rsa ? spec.name() : spec.curve;
}

}  // namespace md::model
