// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "base/base64.h"
#include "base/result.h"
#include "base/secret_bytes.h"
#include "crypto/certificate.h"
#include "crypto/private_key.h"
#include "model/key_spec.h"

namespace md::store {

/// A key, its certificate and the chain below it, leaf first.
struct KeyedChain {
  model::KeySpec spec;
  crypto::PrivateKey key;
  std::vector<crypto::Certificate> chain;
};

/// All that is served for one managed domain: one entry per key spec.
using ServedSet = std::vector<KeyedChain>;

/// All key types of a domain as one text, DER, sealed with AES-256-GCM and bound to the domain's
/// name (see ServedBundles).
Result<Bytes> seal_bundle(const ServedSet& set, std::string_view domain_name,
                          const SecretBytes& bundle_key);
/// Anything but a bundle made for that domain with that key: Corrupt.
Result<ServedSet> open_bundle(std::span<const unsigned char> sealed, std::string_view domain_name,
                              const SecretBytes& bundle_key);

}  // namespace md::store
