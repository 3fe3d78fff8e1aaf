// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <string>

#include "acme/client.h"
#include "base/result.h"
#include "http/client.h"
#include "model/managed_domain.h"
#include "renewal/account_book.h"
#include "renewal/challenge_setup.h"
#include "renewal/driver.h"
#include "renewal/events.h"
#include "renewal/facts.h"
#include "renewal/job_journal.h"
#include "renewal/world.h"

namespace md::renewal {

/// What attempts work with, beside the world.
struct AttemptTools {
  const World& world;
  Events& events;
  AccountBook& accounts;
  ChallengeKeys& challenge_keys;
  acme::NoncePool& nonces;
  http::Client& http;
};

/// The CA whose turn it is after so many errors (MDRetryFailover): round robin. Pure.
const model::CertificateAuthority& authority_for(const model::ResolvedSettings& settings,
                                                 unsigned errors);

/// What requests to the domain's CA go through. Pure.
http::Route route_of(const model::ResolvedSettings& settings);

/// The driver of ACME: straight through, from the directory to the last certificate.
class Attempt final : public Driver {
 public:
  Attempt(AttemptTools tools, const model::ManagedDomain& domain, std::string ca_url,
          JobJournal& journal, Replaced replaced = {});

  Result<CertificateSetFacts> run() override;

 private:
  Result<std::string> profile_for(const acme::Directory& directory) const;
  Result<CertificateSetFacts> run_with_account(const acme::Directory& directory,
                                               const std::string& profile);
  Result<CertificateSetFacts> obtain_all(acme::Session& session, const std::string& profile);
  void note_missing_contact() const;
  bool is_lost(acme::Session& session, const Error& error) const;

  const model::ManagedDomain& domain_;
  const std::string ca_url_;
  JobJournal& journal_;
  JournalWaiter waiter_;
  const World world_;  ///< with this waiter
  AttemptTools tools_;
  const Replaced replaced_;
  acme::Connection connection_;
};

}  // namespace md::renewal
