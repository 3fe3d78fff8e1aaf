// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>

#include "base/clock.h"
#include "model/job.h"
#include "model/managed_domain.h"
#include "renewal/ca_advice.h"
#include "renewal/facts.h"
#include "store/renewal_request.h"

/// When to renew: pure functions from facts to a decision with its reason. The same reason goes to
/// log, job and status page.
namespace md::renewal {

/// A CA that wants to be left alone for a while.
struct CaHold {
  std::string ca_url;
  TimePoint until{};
};

/// What the decision rests on.
struct RenewalFacts {
  CertificateSetFacts live;
  bool staged_complete{false};  ///< a complete new set waits for activation
  bool revoked{false};          ///< stapling has seen it (issue: stapling)
  /// What an administrator has asked for: whatever the mode and the certificates.
  std::optional<store::RenewalRequest> requested{};
  CaAdvices advices{};  ///< heeded with MDRenewViaARI on; their issuers, always
  /// The CA that issued the live set, where `advices` do not know: md.json's, as long as the set is
  /// that of the start. Empty: unknown.
  std::string issuing_ca{};
  std::optional<CaHold> hold{};  ///< of the CA whose turn it is
};

struct RenewalDecision {
  enum class Action {
    Nothing,  ///< all is well until `next_check`
    Renew,    ///< an attempt is due now
    Wait,     ///< a new set for its activation, a failed attempt for its next run, all for the CA
  };
  Action action{Action::Nothing};
  std::string reason;
  TimePoint next_check{};  ///< look again then, at the latest
  bool held_back{false};   ///< it is the CA that is waited for
};

/// Does the domain want renewals at all (mode, use by a vhost, static files)? With the reason.
struct Supervision {
  bool watched{false};
  std::string reason;
};
Supervision supervision_of(const model::ManagedDomain& domain);

/// Is a renewal due, whatever earlier attempts did? `renew_at` is since or from when: always known
/// for a complete set, and `now` where the set cannot be used as it is.
///
/// The renew window is taken as configured, with three exceptions. The default of 33 % is half the
/// lifetime where that is less than 10 days: less would not outlast a CA that is away for two days.
/// And to keep a certificate from being due as soon as it is issued (VH-17): a window as long as
/// the certificate lives, or longer, counts as a third of the lifetime; and at least 1/20 of the
/// lifetime lies before it.
///
/// What the CA advises may make a certificate due earlier, not later. One that replaced another on
/// such advice is not replaced again on advice within 1/20 of its lifetime.
struct RenewalDue {
  bool due{false};
  std::string reason;
  std::optional<TimePoint> renew_at;
  /// What sets `renew_at`.
  enum class Cause { Defect, Request, Window, Advice };
  Cause cause{Cause::Defect};
};
RenewalDue renewal_due(const model::ManagedDomain& domain, const RenewalFacts& facts,
                       TimePoint now);

/// Renewals that the window makes due start somewhere in its first 1/20, each domain's at its own
/// moment: those that were issued together are renewed apart (PM-08).
///
/// Due renewals wait for the CA, where it has asked to be left alone, and for the job's `next_run`,
/// unless an administrator said `now`. A finished job says nothing any more (ST-02: the files do),
/// nor does a `next_run` that no clock of ours can have meant: more than kLongestDelay away, or
/// noted before the clock was set back (PM-07). `next_check` is never further away than
/// MDCheckInterval or 1/100 of the shortest lifetime.
RenewalDecision decide_renewal(const model::ManagedDomain& domain, const RenewalFacts& facts,
                               const model::Job& job, TimePoint now);

/// State and state-descr for md.json and status documents.
std::pair<model::DomainState, std::string> state_of(const CertificateSetFacts& live, TimePoint now);

}  // namespace md::renewal
