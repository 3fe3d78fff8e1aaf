// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "model/managed_domain.h"
#include "renewal/facts.h"

namespace md::renewal {

/// Certificates of a domain that the administrator keeps in files (MDCertificateFile).
struct StaticSet {
  /// Of the pairs that can be used; by their position ("0"), as mod_md counts them.
  CertificateSetFacts facts;
  std::vector<std::pair<std::string, std::string>> files;  ///< their certificate and key files
  std::vector<std::string> complaints;  ///< about the others, each names its file
};

using ReadFile = std::function<Result<std::string>(const std::string& path)>;

/// Reads them. Never fails: a pair that is missing, unreadable or does not match is left out, with
/// a complaint, since it would end the server's start. Keys of kinds that only the TLS module can
/// read (with a pass phrase, say) are taken as they are.
StaticSet load_static_set(const model::ManagedDomain& domain, const ReadFile& read_file);

/// With MDRenewMode always the store may have a newer set than the files: is it to be served? It is
/// if it is whole and valid, and newer than the files' or those are of no use. Pure.
bool is_stored_set_newer(const CertificateSetFacts& files, const CertificateSetFacts& stored,
                         TimePoint now);

/// What to tell about certificate files that end soon (MDWarnWindow); empty if there is nothing.
/// Pure.
std::string warning_of(const model::ManagedDomain& domain, const CertificateSetFacts& files,
                       TimePoint now);

}  // namespace md::renewal
