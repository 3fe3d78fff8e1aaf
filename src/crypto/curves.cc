// SPDX-License-Identifier: Apache-2.0
#include "crypto/internal/curves.h"

#include <openssl/ec.h>
#include <openssl/objects.h>

#include <algorithm>
#include <array>
#include <vector>

#include "base/text.h"
#include "crypto/internal/errors.h"
#include "crypto/private_key.h"

namespace md::crypto {
namespace {

struct Alias {
  std::string_view name;
  int nid;
};

// Names that OpenSSL's list of curves does not have: NIST's, and SEC 2's for the two curves that
// OpenSSL calls as ANSI X9.62 does.
constexpr std::array kAliases{
    Alias{"p-192", NID_X9_62_prime192v1},
    Alias{"secp192r1", NID_X9_62_prime192v1},
    Alias{"p-224", NID_secp224r1},
    Alias{"p-256", NID_X9_62_prime256v1},
    Alias{"secp256r1", NID_X9_62_prime256v1},
    Alias{"p-384", NID_secp384r1},
    Alias{"p-521", NID_secp521r1},
};

std::vector<EC_builtin_curve> builtin_curves() {
  std::vector<EC_builtin_curve> curves(EC_get_builtin_curves(nullptr, 0));
  EC_get_builtin_curves(curves.data(), curves.size());
  return curves;
}

}  // namespace

int curve_nid(std::string_view name) {
  const std::string wanted = to_lower(name);
  for (const Alias& alias : kAliases) {
    if (alias.name == wanted) {
      return alias.nid;
    }
  }
  for (const EC_builtin_curve& curve : builtin_curves()) {
    const char* const known = OBJ_nid2sn(curve.nid);
    if (known != nullptr && equals_ignoring_case(known, wanted)) {
      return curve.nid;
    }
  }
  return NID_undef;
}

bool is_known_curve(std::string_view name) {
  const CleanErrors clean;
  return curve_nid(name) != NID_undef;
}

unsigned curve_bits(std::string_view name) {
  const CleanErrors clean;
  const int nid = curve_nid(name);
  EC_GROUP* const group = nid == NID_undef ? nullptr : EC_GROUP_new_by_curve_name(nid);
  const int bits = group == nullptr ? 0 : EC_GROUP_order_bits(group);
  EC_GROUP_free(group);
  return static_cast<unsigned>(std::max(bits, 0));
}

bool is_same_curve(std::string_view a, std::string_view b) {
  if (equals_ignoring_case(a, b)) {
    return is_known_curve(a);
  }
  const CleanErrors clean;
  const int nid = curve_nid(a);
  return nid != NID_undef && nid == curve_nid(b);
}

}  // namespace md::crypto
