// SPDX-License-Identifier: Apache-2.0
#include "renewal/driver.h"

#include <utility>

#include "renewal/attempt.h"
#include "renewal/tailscale.h"
#include "store/documents.h"

namespace md::renewal {

std::unique_ptr<Driver> make_driver(const AttemptTools& tools, const model::ManagedDomain& domain,
                                    const std::string& ca_url, JobJournal& journal,
                                    Replaced replaced) {
  if (domain.settings.protocol == model::CertificateProtocol::Tailscale) {
    return std::make_unique<TailscaleAttempt>(tools.world, tools.http, domain, ca_url, journal);
  }
  return std::make_unique<Attempt>(tools, domain, ca_url, journal, std::move(replaced));
}

Status stage_domain(const World& world, const model::ManagedDomain& domain,
                    const std::string& ca_url) {
  store::DomainRecord record;
  record.ca_url = ca_url;
  record.state = model::DomainState::Incomplete;
  return world.store.save(store::Group::Staging, domain.name, store::kDomainFile,
                          store::to_json(domain, record).dump(), store::Durability::Synced);
}

}  // namespace md::renewal
