// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>
#include <utility>

#include "crypto/certificate.h"
#include "crypto/private_key.h"
#include "store/served_set.h"

namespace md::store::testing {

/// A key with its certificate for a.test, and an issuer that is none.
inline KeyedChain sample_chain(const model::KeySpec& spec) {
  constexpr TimePoint kNow{std::chrono::seconds(1'795'000'000)};
  const auto make = [&](const model::KeySpec& key_spec, std::string_view name) {
    auto key = crypto::PrivateKey::generate(key_spec).value();
    auto certificate = crypto::make_fallback_certificate(key, {model::DnsName::parse(name).value()},
                                                         {kNow, kNow + std::chrono::hours(24)})
                           .value();
    return std::pair(std::move(key), std::move(certificate));
  };
  auto [key, leaf] = make(spec, "a.test");
  auto [other_key, issuer] = make(model::KeySpec::ec("P-256"), "ca.test");
  return {spec, std::move(key), {std::move(leaf), std::move(issuer)}};
}

}  // namespace md::store::testing
