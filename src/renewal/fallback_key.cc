// SPDX-License-Identifier: Apache-2.0
#include "renewal/fallback_key.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"
#include "crypto/private_key.h"

namespace md::renewal {
namespace {

using model::KeySpec;

constexpr unsigned kUsualBits = 2048;
// Larger ones are of no use but at security levels (192 bits and more) that want more of a signer
// than a P-256 key with SHA-256. A certificate that is signed by its own key is not judged by its
// signature.
constexpr unsigned kLargestSignedByOthers = 7679;

// A start does not wait for minutes, as larger ones would have it do. It is enough for all levels
// but 256 bits.
constexpr unsigned kMostBits = 8192;
constexpr unsigned kMostThatOpensslMakes = 16384;

bool is_rsa(const KeySpec& spec) {
  return spec.type == KeySpec::Type::Rsa;
}

/// The renewals of what cannot be made fail; that is no reason for a large key here.
unsigned rsa_bits_for(unsigned configured) {
  return configured > kMostThatOpensslMakes ? kUsualBits
                                            : std::clamp(configured, kUsualBits, kMostBits);
}

std::string curve_for(unsigned bits) {
  if (bits <= 256) {
    return "P-256";
  }
  return bits <= 384 ? "P-384" : "P-521";
}

}  // namespace

std::vector<KeySpec> fallback_specs(const std::vector<KeySpec>& configured) {
  unsigned rsa_bits = 0;
  unsigned curve_bits = 0;
  for (const KeySpec& spec : configured) {
    if (is_rsa(spec)) {
      rsa_bits = std::max(rsa_bits, rsa_bits_for(spec.bits));
    } else {
      curve_bits = std::max({curve_bits, crypto::curve_bits(spec.curve), 1U});
    }
  }
  std::vector<KeySpec> kinds;
  if (rsa_bits > 0) {
    kinds.push_back(KeySpec::rsa(rsa_bits));
  }
  if (curve_bits > 0) {
    kinds.push_back(KeySpec::ec(curve_for(curve_bits)));
  }
  return kinds;
}

KeySpec fallback_signer(const KeySpec& kind) {
  return is_rsa(kind) && kind.bits <= kLargestSignedByOthers ? KeySpec::ec("P-256") : kind;
}

std::string fallback_key_file(const KeySpec& kind) {
  if (!is_rsa(kind)) {
    return fmt::format("fallback-privkey.{}.pem", to_lower(kind.curve));
  }
  return kind.bits == kUsualBits ? "fallback-privkey.pem"
                                 : fmt::format("fallback-privkey.rsa{}.pem", kind.bits);
}

std::string fallback_certificate_file(const KeySpec& kind) {
  return is_rsa(kind) ? "fallback-pubcert.pem"
                      : fmt::format("fallback-pubcert.{}.pem", to_lower(kind.curve));
}

}  // namespace md::renewal
