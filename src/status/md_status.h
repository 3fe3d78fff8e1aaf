// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "json/value.h"
#include "model/job.h"
#include "model/managed_domain.h"
#include "renewal/ca_advice.h"
#include "renewal/decide.h"
#include "renewal/facts.h"
#include "store/documents.h"

/// Status documents (spec/monitoring.md), made from facts alone: whoever asks may be a child that
/// can read no private file (SE-04).
namespace md::status {

/// All that is shown of a managed domain. Made for one document; borrows domain and record.
struct DomainStatus {
  const model::ManagedDomain& domain;
  /// md.json as it was at start: account, CA, members of other versions. The state is taken from
  /// `live`, which is newer.
  const store::DomainRecord& record;
  renewal::CertificateSetFacts live;
  std::optional<model::Job> job;        ///< of staging, if there is one
  renewal::CertificateSetFacts staged;  ///< what waits for activation; empty if nothing does
  std::optional<TimePoint> activated;   ///< when `live` went live, if since the server's start
  renewal::RenewalDue due;
  renewal::Supervision supervision;
  /// What stapling knows of the live certificates, by KeySpec::name().
  std::map<std::string, json::Value> ocsp;
  renewal::CaAdvices advices{};  ///< of the CA, about the live certificates
};

/// State and state-descr in md.json and status documents, as mod_md has them: a complete set stays
/// complete when it expires, and one that lacks names or the must-staple that is wanted is none.
std::pair<model::DomainState, std::string> documented_state_of(
    const model::ManagedDomain& domain, const renewal::CertificateSetFacts& live);

/// Takes out of an md.json what nobody is to see: the key of an external account, a proxy's
/// password.
void mask_secrets(json::Value& document);

/// Has the job begun, and has its set not gone live yet? A job that calls itself finished while
/// nothing waits for activation is none (ST-02).
bool is_renewing(const DomainStatus& status);

/// How much of the renewal's history.
enum class Detail {
  Summary,  ///< without the log: for the document of all domains
  Full,     ///< with it: for a domain's own document
};

/// One domain. A renewal is shown while it is under way, and afterwards if its set has been
/// activated since the server's start. Secrets are masked.
json::Value domain_status(const DomainStatus& status, Detail detail);

/// The whole document, sorted by name.
json::Value md_status(std::string_view version, const std::vector<DomainStatus>& domains);

/// The domain that `name` is about: by its name or any of its names, else by a wildcard that covers
/// it; any case. nullopt: unknown. The index into `domains`.
std::optional<std::size_t> find_domain(const std::vector<model::ManagedDomain>& domains,
                                       std::string_view name);

/// The public document of a managed host: what TLS tells anyway, and the certificate to come. Each
/// configured key spec has a member, empty while it has no certificate.
json::Value certificate_status(const DomainStatus& status);

}  // namespace md::status
