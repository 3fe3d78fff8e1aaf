// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <optional>
#include <string>

#include "acme/client.h"
#include "base/clock.h"
#include "http/client.h"
#include "model/managed_domain.h"
#include "renewal/account_book.h"
#include "renewal/advice_desk.h"
#include "renewal/attempt.h"
#include "renewal/ca_holds.h"
#include "renewal/challenge_setup.h"
#include "renewal/decide.h"
#include "renewal/events.h"
#include "renewal/facts.h"
#include "renewal/job_journal.h"
#include "renewal/kept_certificates.h"
#include "renewal/notify.h"
#include "renewal/requests.h"
#include "renewal/world.h"

namespace md::renewal {

/// What visits share; of the renewer.
struct VisitTools {
  const World& world;
  Events& events;
  AccountBook& accounts;
  ChallengeKeys& challenge_keys;
  RequestBox& requests;
  AdviceDesk& advice;
  CaHolds& holds;
  http::Client& http;
  std::function<acme::NoncePool&(const std::string& ca_url)> nonces_for;
};

/// One look at one domain, and what follows from it: finish what is staged, tell about it, wait, or
/// make an attempt. The caller holds the domain's lock. Thread-compatible.
class Visit {
 public:
  /// `unsaved`: the job, where the last visit could not save it.
  Visit(VisitTools tools, const model::ManagedDomain& domain, std::optional<model::Job> unsaved);

  /// When to look again.
  TimePoint run();
  /// The job, if it could not be saved.
  [[nodiscard]] std::optional<model::Job> unsaved_job() const;

 private:
  enum class Staged { Nothing, Complete };

  Staged look_at_staging();
  [[nodiscard]] bool is_live(const CertificateSetFacts& live) const;
  [[nodiscard]] bool died_before_the_end(const CertificateSetFacts& live) const;
  void finish_if_unfinished(const CertificateSetFacts& live);
  [[nodiscard]] int seconds_to_wait_for_activation(const CertificateSetFacts& live) const;
  [[nodiscard]] RenewalFacts facts_of_now(const CertificateSetFacts& live) const;
  [[nodiscard]] RenewalDecision decide(const CertificateSetFacts& live) const;
  RenewalDecision decide_with_advice(const CertificateSetFacts& live);

  TimePoint rest(const RenewalDecision& decision, const CertificateSetFacts& live);
  TimePoint rest_while_staged();
  TimePoint stay_away_from_ca(const RenewalDecision& decision);
  TimePoint attempt(const std::string& reason, const CertificateSetFacts& live);
  void report_attempt(const std::string& ca_url, const Error* error, TimePoint begun) const;
  void begin_attempt(const std::string& reason);
  std::optional<TimePoint> begin_request(const CertificateSetFacts& live);
  void end_request();
  TimePoint put_off(const Error& error);
  void finish(const CertificateSetFacts& staged);
  void note_issue(const CertificateSetFacts& issued);
  [[nodiscard]] Replaced to_be_replaced(const CertificateSetFacts& live,
                                        const std::string& ca_url) const;
  void beware_of_a_set_that_is_due_at_once(const CertificateSetFacts& staged);
  TimePoint record_failure(const Error& error, const std::string& ca_url,
                           const CertificateSetFacts& live);
  Duration delay_after_failure(const Error* error, const CertificateSetFacts& live) const;

  void tell_of_failure(const std::optional<model::JobLogEntry>& failed_command);
  [[nodiscard]] bool is_expiring(const CertificateSetFacts& live) const;
  void save();
  [[nodiscard]] TimePoint next_regular_check() const;

  VisitTools tools_;
  const World& world_;
  const model::ManagedDomain& domain_;
  JobJournal journal_;
  RenewalNotices notices_;
  std::optional<store::RenewalRequest> request_;  ///< the administrator's, until it is done
  AdviceBook advice_;
  AdviceDesk::Cause cause_{AdviceDesk::Cause::Ours};  ///< of the attempt
  std::string attempted_ca_;                          ///< its CA; empty: there was none
  std::optional<KeptCertificates> kept_;              ///< of this visit's attempt
};

}  // namespace md::renewal
