// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "cli/session.h"
#include "model/managed_domain.h"
#include "renewal/decide.h"
#include "status/md_status.h"
#include "store/documents.h"

namespace md::cli {

/// All that the store tells about a managed domain, read from its files.
struct DomainView {
  store::DomainRecord record;
  model::ManagedDomain domain;
  model::Job job;  ///< of staging; a new one if there is none
  bool has_job{false};
  renewal::RenewalFacts facts;
  renewal::CertificateSetFacts staged;
  std::vector<std::string> complaints;  ///< about certificate files that the administrator keeps

  [[nodiscard]] status::DomainStatus status(TimePoint now) const;
};

/// Corrupt: md.json makes no sense. Other files that cannot be read show as flaws of the set.
Result<DomainView> view_of(const Session& session, const store::DomainRecord& record);

/// Of the domains with these names; of all if none is given. What cannot be read goes to `flaws`.
struct DomainViews {
  std::vector<DomainView> views;
  std::vector<Error> flaws;
};
Result<DomainViews> views_of(const Session& session, const std::vector<std::string>& names);

}  // namespace md::cli
