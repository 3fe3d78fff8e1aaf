// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/result.h"
#include "model/managed_domain.h"
#include "store/documents.h"

namespace md::store {

/// The managed domain that md.json describes, for those who have no configuration: the other way
/// of to_json. What md.json does not say has its default, as the configuration would give it;
/// whether a virtual host uses the domain is not in it either, and taken to be so.
/// Corrupt names the member that makes no sense.
Result<model::ManagedDomain> managed_domain_of(const DomainRecord& record);

}  // namespace md::store
