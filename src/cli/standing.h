// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "cli/session.h"
#include "model/managed_domain.h"
#include "store/documents.h"

namespace md::cli {

/// How a managed domain stands by the certificates that it has, as mod_md's tool sees it: keys,
/// renew mode, use by hosts and the end of a certificate's time do not count.
struct Standing {
  model::DomainState state{model::DomainState::Incomplete};  ///< or Complete
  std::string reason;                                        ///< of Incomplete
  bool is_due{true};  ///< a certificate is missing, or inside MDRenewWindow
};

/// Read from its files. What cannot be read counts as missing.
Standing standing_of(const Session& session, const store::DomainRecord& record);

}  // namespace md::cli
