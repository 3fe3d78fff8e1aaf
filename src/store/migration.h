// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/result.h"
#include "store/store.h"

namespace md::store {

/// Turns the files of a store of version 1.x into today's: `pkey.pem` becomes `privkey.pem`,
/// `cert.pem` and `chain.pem` become `pubcert.pem`. May be interrupted and done again at any
/// point. The error is that of the first folder that fails; the others are done.
Status migrate_files_of_version_1(Store& store);

}  // namespace md::store
