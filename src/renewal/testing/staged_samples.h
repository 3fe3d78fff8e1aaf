// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "renewal/certificate_seal.h"
#include "renewal/testing/sample_sets.h"

namespace md::testing {

/// As the worker stages it: certificates bear the seal of the store.
inline void stage_set(store::Store& store, const std::string& folder, const store::ServedSet& set,
                      const SecretBytes& store_key) {
  put_set(store, store::Group::Staging, folder, set, store_key);
  for (const store::KeyedChain& keyed : set) {
    (void)renewal::stage_certificate(store, folder, keyed.spec, *crypto::to_pem(keyed.chain),
                                     store_key);
  }
}

}  // namespace md::testing
