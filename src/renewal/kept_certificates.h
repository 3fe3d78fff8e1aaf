// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <string>

#include "base/result.h"
#include "model/managed_domain.h"
#include "renewal/decide.h"
#include "renewal/facts.h"
#include "store/store.h"

/// Where nothing but certificates for other kinds of keys are wanting (one was added to
/// MDPrivateKeys), those that are live stay: the staged set leaves them out, and the activator puts
/// them into the new set. The worker cannot, since it may not read their keys.
namespace md::renewal {

/// SHA-256 of the live certificates that stay, by KeySpec::name(). Lies in `staging/<md>` from the
/// start of the attempt on; files of a staged pair come before it.
using KeptCertificates = std::map<std::string, std::string>;

/// Which can stay. None if the live set is whole, or is to be replaced for any reason but that some
/// of it is missing. Pure.
KeptCertificates certificates_to_keep(const model::ManagedDomain& domain, const RenewalFacts& facts,
                                      TimePoint now);

/// What an attempt has noted; what cannot be read is nothing, and the renewal is for all.
KeptCertificates load_kept(const store::Store& store, const std::string& folder);
/// None: the file is removed.
Status save_kept(store::Store& store, const std::string& folder, const KeptCertificates& kept);

}  // namespace md::renewal
