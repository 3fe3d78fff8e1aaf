// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "status/md_status.h"

/// How things stand, in a word and a sentence: what pages for people, lines for scripts and metrics
/// have in common. Pure.
namespace md::status {

/// What is happening to a managed domain's certificates.
enum class Standing {
  Failed,   ///< the last attempt failed; the next is planned
  Due,      ///< a renewal should begin
  Running,  ///< an attempt is under way
  Ready,    ///< a new set waits for its activation
  Good,     ///< nothing to do
  Idle,     ///< nobody looks after it: its mode or its use says so
};
/// "failed", "due", …
std::string_view name_of(Standing standing);

/// How bad it is for clients.
enum class Severity { Fine, Notice, Warning, Critical };

/// One managed domain at a glance.
struct Overview {
  Standing standing{Standing::Good};
  Severity severity{Severity::Fine};
  std::string state;     ///< of the certificates: "good", "expired", "incomplete: …"
  std::string activity;  ///< a sentence: what happens, why, what the CA said
  /// What the sentence leads to: the next attempt, or the next renewal.
  std::optional<TimePoint> when;
};
Overview overview_of(const DomainStatus& status, TimePoint now);

/// A certificate that is stapled, and what is known of its answer.
struct StaplingStatus {
  std::string domain;                       ///< the managed domain's name, or "other"
  std::string id;                           ///< SHA-1 of the certificate, hex
  std::string status;                       ///< "good", "revoked"; empty: no valid answer is known
  std::optional<model::Validity> validity;  ///< of the answer
  std::string responder_url;
  model::Job job;  ///< how the fetches went
};
Overview overview_of(const StaplingStatus& stapling, TimePoint now);

/// The name to show for the CA at that URL: as it was configured, or the URL's host.
std::string authority_name(const model::ManagedDomain& domain, const std::string& url);
/// The host of a URL; the whole text where it has none.
std::string host_of(const std::string& url);
/// The CA of the certificates: that which issued them, else the first that is configured.
std::string authority_url(const DomainStatus& status);
/// "2026-11-28", in UTC.
std::string format_day(TimePoint time);

}  // namespace md::status
