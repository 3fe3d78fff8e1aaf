// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "model/settings.h"

/// Of what kinds the keys of fallback certificates are. Pure.
namespace md::renewal {

/// One of each type that is configured: servers load one certificate of a type, and a domain whose
/// ciphers are for RSA alone could not be validated by an EC certificate (CR-05). As strong as the
/// strongest of that type, since OpenSSL refuses keys below its security level; of NIST's curves,
/// which all clients know.
std::vector<model::KeySpec> fallback_specs(const std::vector<model::KeySpec>& configured);

/// The kind whose key signs the fallback certificates of that kind. An RSA key takes long to sign,
/// and large ones are for servers that would not take the signature of a small one.
model::KeySpec fallback_signer(const model::KeySpec& kind);

/// "fallback-privkey.p-256.pem" at the root of the store, for the fallbacks of all domains.
std::string fallback_key_file(const model::KeySpec& kind);
/// "fallback-pubcert.p-256.pem", of a domain.
std::string fallback_certificate_file(const model::KeySpec& kind);

}  // namespace md::renewal
