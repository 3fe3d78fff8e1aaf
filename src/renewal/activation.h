// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/logger.h"
#include "base/result.h"
#include "base/secret_bytes.h"
#include "model/managed_domain.h"
#include "renewal/staged_set.h"
#include "store/file_store.h"

namespace md::renewal {

/// The entry in the log of `domains/<md>/job.json` that says that this module made the set live:
/// those that another version activated have had their `installed` event from it.
inline constexpr std::string_view kActivatedEntry = "activated";

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
  /// Broken sets are removed, so are incomplete ones of a job that calls itself finished: nobody
  /// will complete them. What an interrupted renewal has so far stays, to be gone on with.
  AtStart,
  /// Nothing that is not complete is touched; job.json stays for the worker and the status.
  Live,
};

/// Told of the new live set when it is in `domains/` and before `staging/` is dropped: to publish
/// it, so that the worker never sees a domain without either set, and a death in between repeats
/// it. An error leaves staging as it is, for another try.
using Announce = std::function<Status(const store::ServedSet& set)>;

/// Makes a complete staged set the live one (spec/store.md, "Activation"): load from `staging/`,
/// write to `tmp/<md>`, rename `domains/<md>` to the archive, rename `tmp/<md>` to `domains/<md>`,
/// account files to `accounts/`, drop `staging/<md>`. All or nothing per domain; may be killed at
/// any instruction and be repeated: if all that is left in staging is in the live set, that is told
/// as Activated once more. Runs as the owner of `domains/`, in the parent or the activator. Disk
/// errors: Io, nothing lost.
///
/// At start staging/<md> goes away, unless its job puts off the next renewal; live all but the job.
/// MDActivationDelay counts from the start of the certificates' validity, and holds back for half
/// their lifetime at most. After Rejected, staging holds the account, if one was made, and a job
/// with the reason that starts over.
Result<ActivationOutcome> activate_staged(store::FileStore& store,
                                          const model::ManagedDomain& domain,
                                          ActivationMoment moment, TimePoint now,
                                          const Announce& announce = {});

/// Puts right what a death in the middle of an activation left: a domain whose `domains/<md>` was
/// archived while `tmp/<md>` holds the new set, whole. To be called before anything reads
/// `domains/`. (The archive rename and the tmp rename are two steps; between them the domain has no
/// folder.) Keys that such a death left in `tmp/<md>` and nobody needs are removed.
Status recover_interrupted_activation(store::FileStore& store, const model::ManagedDomain& domain,
                                      Logger& logger);

/// Copies the account staged with a set into `accounts/ACME-<ca host>-<nnnn>`, unless the same
/// account (its URL, at that CA) is there already. The id; empty if nothing was staged. A staged
/// account that cannot be read: Corrupt.
Result<std::string> promote_account(store::FileStore& store, const std::string& staging_folder);

}  // namespace md::renewal
