// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "base/result.h"
#include "model/settings.h"

namespace md::httpd {

/// Reads the JSON file of `MDExternalAccountBinding file.json`: `{"kid":…,"hmac":…}`. The errors
/// are those of spec/directives.md: `file not found:`, `error reading JSON file`, `JSON does not
/// contain 'kid' element`, the same for 'hmac'.
Result<model::ExternalAccount> read_external_account_file(const std::string& path);

}  // namespace md::httpd
