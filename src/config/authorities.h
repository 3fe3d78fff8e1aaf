// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <span>
#include <string_view>

#include "base/result.h"
#include "model/settings.h"

namespace md::config {

/// A CA that MDCertificateAuthority knows by name.
struct KnownAuthority {
  std::string_view name;
  std::string_view url;
  bool still_issues{true};  ///< false: taken, with a warning at start
};

std::span<const KnownAuthority> known_authorities();
/// By name, in any case; nullptr if there is none.
const KnownAuthority* find_authority(std::string_view name);

/// A known name, or any URI that mod_md takes, too: http, https, file (tailscale's socket) are of
/// use.
Result<model::CertificateAuthority> parse_authority(std::string_view text);

}  // namespace md::config
