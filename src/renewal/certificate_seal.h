// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"
#include "base/secret_bytes.h"
#include "model/key_spec.h"
#include "renewal/staged_set.h"
#include "store/store.h"

/// Certificates in `staging/` lie where every process of the child user may write, and the key that
/// lies beside one proves nothing about it: encrypted keys can be copied. So a certificate begins
/// with a line that only who knows the store's key can make, for this domain and kind of key.
/// Readers of PEM pass over what stands before the armour.
namespace md::renewal {

/// What is written to `staging/<domain>/pubcert.*.pem` for the chain `pem`.
Result<std::string> seal_certificate(std::string_view pem, std::string_view domain,
                                     const model::KeySpec& spec, const SecretBytes& store_key);

/// Has `seal_certificate` made this text, for that domain and kind of key?
bool is_sealed_certificate(std::string_view text, std::string_view domain,
                           const model::KeySpec& spec, const SecretBytes& store_key);

/// Writes `staging/<md>/pubcert.*.pem`, sealed. The key beside it comes first.
Status stage_certificate(store::Store& store, const std::string& domain, const model::KeySpec& spec,
                         std::string_view pem, const SecretBytes& store_key);

/// Before the folder `staging/<from>` becomes `staging/<to>`: certificates that are sealed for one
/// of the two names are sealed for `to` then. After a death in between it is called again.
Status seal_for_new_name(store::Store& store, const std::string& from, const std::string& to,
                         const SecretBytes& store_key);

/// A staged set as load_set has it, but certificates need no seal: what another version has staged
/// has none.
LoadedSet load_staged_of_any_version(const store::Store& store, const model::ManagedDomain& domain,
                                     const SecretBytes& store_key);

}  // namespace md::renewal
