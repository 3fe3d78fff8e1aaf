// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>

namespace md::crypto {

/// OpenSSL's number for a curve by any of its names, in any case; NID_undef if it has none.
/// Montgomery and Edwards curves (X25519, Ed448) are no curves of certificate keys here.
int curve_nid(std::string_view name);

}  // namespace md::crypto
