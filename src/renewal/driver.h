// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <memory>
#include <string>

#include "base/result.h"
#include "model/managed_domain.h"
#include "renewal/facts.h"
#include "renewal/world.h"

namespace md::renewal {

struct AttemptTools;
class JobJournal;

/// ARI ids of the live certificates that new ones of the same CA replace, by KeySpec::name().
using Replaced = std::map<std::string, std::string>;

/// One go at getting a domain's certificates into staging, by whatever protocol
/// (MDCertificateProtocol). Contents of staging that are of use may be used. The caller holds the
/// domain's lock. Thread-compatible.
class Driver {
 public:
  virtual ~Driver() = default;
  /// The set that is whole in staging now. The last certificate is written as the last file, since
  /// the activator may take the set away in that moment.
  virtual Result<CertificateSetFacts> run() = 0;
};

/// The one that speaks the domain's protocol, with the CA at `ca_url`.
std::unique_ptr<Driver> make_driver(const AttemptTools& tools, const model::ManagedDomain& domain,
                                    const std::string& ca_url, JobJournal& journal,
                                    Replaced replaced);

/// Writes the md.json that becomes the live one with the set: with the CA that issued.
Status stage_domain(const World& world, const model::ManagedDomain& domain,
                    const std::string& ca_url);

}  // namespace md::renewal
