// SPDX-License-Identifier: Apache-2.0
#include "model/key_spec.h"

#include "base/file_name.h"
#include "base/text.h"

namespace md::model {

std::string KeySpec::name() const {
  return type == Type::Rsa ? "rsa" : to_lower(curve);
}

std::string KeySpec::file_suffix() const {
  return type == Type::Rsa ? "" : "." + file_name_for(name());
}

}  // namespace md::model
