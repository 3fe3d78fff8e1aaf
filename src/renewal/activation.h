// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>

#include "base/clock.h"
#include "base/logger.h"
#include "base/result.h"
#include "base/secret_bytes.h"
#include "model/managed_domain.h"
#include "renewal/staged_set.h"
#include "store/file_store.h"

namespace md::renewal {

/// What activation of a domain's staged set came to.
struct ActivationOutcome {
  enum class Kind {
    NothingStaged,  ///< no certificate or key file in staging
    NotYet,         ///< incomplete, or inside its activation delay: stays
    Activated,      ///< it is the live set now
    Rejected,       ///< broken or mismatching: reported, removed, the renewal starts over
  };
  Kind kind{Kind::NothingStaged};
  std::string reason;
  store::ServedSet set;  ///< with Activated: what to serve
};

/// Who asks. A renewal may be at work in staging while the activator looks; at start nobody is.
enum class ActivationMoment {
  AtStart,  ///< incomplete sets are removed: nobody will complete them as they are
  Live,     ///< incomplete sets are left alone; job.json stays for the worker and the status
};

/// Makes a complete staged set the live one (spec/store.md, "Activation"): load from `staging/`,
/// write to `tmp/<md>`, rename `domains/<md>` to the archive, rename `tmp/<md>` to `domains/<md>`,
/// account files to `accounts/`, drop `staging/<md>`. All or nothing per domain; may be killed at
/// any instruction and be repeated. Runs as the owner of `domains/`, in the parent or the
/// activator. Disk errors: Io, nothing lost.
Result<ActivationOutcome> activate_staged(store::FileStore& store,
                                          const model::ManagedDomain& domain,
                                          ActivationMoment moment, TimePoint now);

/// Puts right what a death in the middle of an activation left: a domain whose `domains/<md>` was
/// archived while `tmp/<md>` holds the new set, whole. To be called before anything reads
/// `domains/`. (The archive rename and the tmp rename are two steps; between them the domain has no
/// folder.)
Status recover_interrupted_activation(store::FileStore& store, const model::ManagedDomain& domain,
                                      Logger& logger);

/// Copies the account staged with a set into `accounts/ACME-<ca host>-<nnnn>`, unless the same
/// account is there already. The id; empty if nothing was staged.
Result<std::string> promote_account(store::FileStore& store, const std::string& staging_folder);

/// Seals `set` and writes `served/<md>.bundle` for the children to read.
Status publish_bundle(store::FileStore& store, const model::ManagedDomain& domain,
                      const store::ServedSet& set);

}  // namespace md::renewal
