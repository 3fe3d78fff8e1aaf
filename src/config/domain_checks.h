// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <span>
#include <vector>

#include "config/finding.h"
#include "model/managed_domain.h"

namespace md::config {

/// What is to be said about managed domains that were matched with the virtual hosts. `is_matched`
/// tells for each if some host has a name of it.
void check_domains(std::span<const model::ManagedDomain> domains,
                   const std::vector<bool>& is_matched, std::vector<Finding>& findings);

}  // namespace md::config
