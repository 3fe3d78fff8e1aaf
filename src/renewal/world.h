// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <functional>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/command.h"
#include "base/logger.h"
#include "base/random.h"
#include "base/result.h"
#include "base/waiter.h"
#include "model/managed_domain.h"
#include "renewal/account_book.h"
#include "renewal/ca_advice.h"
#include "renewal/facts.h"
#include "store/file_store.h"

namespace md::renewal {

/// The challenge types to use for `domain`, best first; InvalidInput with problem
/// `challenge-mismatch` if there are none. Bound to config::choose_challenges by the module: this
/// layer may not include config.
using ChallengeChoice = std::function<Result<std::vector<model::ChallengeType>>(
    const model::ManagedDomain& domain, const model::DnsName& name)>;

/// Facts about the live certificates of a domain, at the moment of the call. Thread-safe.
using LiveFacts = std::function<CertificateSetFacts(const model::ManagedDomain& domain)>;

/// The CA that issued the domain's live certificates, where they are those of the server's start:
/// what md.json said then. Empty: unknown.
using IssuingCa = std::function<std::string(const model::ManagedDomain& domain)>;

/// How an attempt ended, for counters.
struct AttemptReport {
  std::string ca_url;
  std::string failure;  ///< problem type, or our word for it; empty: it has succeeded
  std::chrono::milliseconds took{0};
};

/// What renewals work with. All references outlive the renewer.
struct World {
  store::FileStore& store;
  const Clock& clock;
  RandomSource& random;
  std::reference_wrapper<Waiter> waiter;  ///< may be exchanged in a copy
  CommandRunner& commands;
  Logger& logger;
  ChallengeChoice choose_challenges;
  LiveFacts live_facts;
  bool activates_live{true};  ///< for the words of the log message, and how soon to look again
  model::KeySpec account_key_spec{AccountBook::key_spec_of_new_accounts()};
  IssuingCa issuing_ca{};  ///< empty: unknown for all
  /// Has stapling seen that a live certificate of the domain is revoked? Thread-safe. Empty: nobody
  /// looks.
  std::function<bool(const model::ManagedDomain& domain)> is_revoked{};
  /// Told of each attempt's end, unless the server's stop has ended it. Thread-safe. May be empty.
  std::function<void(const AttemptReport& report)> report_attempt{};
  std::optional<FullStart> full_start{};  ///< the last one; nullopt: nobody knows
  /// The folder in `accounts/` of the account that the domain's live certificates came by, as
  /// md.json said at the start; empty: unknown.
  std::function<std::string(const model::ManagedDomain& domain)> live_account{};
  /// Of MDExternalAccountBinding, of all domains; nullopt: unknown.
  std::optional<std::set<std::string>> external_kids{};

  [[nodiscard]] std::string account_of(const model::ManagedDomain& domain) const {
    return live_account ? live_account(domain) : "";
  }
};

}  // namespace md::renewal
