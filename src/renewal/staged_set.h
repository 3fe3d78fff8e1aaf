// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/secret_bytes.h"
#include "model/managed_domain.h"
#include "renewal/facts.h"
#include "renewal/kept_certificates.h"
#include "store/served_set.h"
#include "store/store.h"

namespace md::renewal {

/// A certificate set as it lies in a folder of the store, checked against what is configured.
struct LoadedSet {
  store::ServedSet keyed;    ///< those that are whole, by configured key spec
  std::string flaw;          ///< why it is not complete: names the file; empty if it is
  bool has_any_file{false};  ///< some key or certificate file is there at all
  /// Something is there that cannot be used: more files will not make it complete. Not set where
  /// the disk failed.
  bool is_broken{false};
  /// Of staging: those that are to come from the live set. `complete_with` puts them in.
  KeptCertificates kept{};

  [[nodiscard]] bool is_complete() const { return flaw.empty() && !keyed.empty(); }
  [[nodiscard]] CertificateSetFacts facts() const;
};

/// Loads `group`/`domain.name`: for each configured key spec the key and its chain; both must
/// parse, match, be of that kind, and the certificate must cover the domain's names. Keys outside
/// `domains/` may be encrypted with `store_key`. Never fails: what is wrong is the set's flaw, and
/// pairs that parse and match are in `keyed` all the same, since they beat a fallback (CR-09).
/// Expired certificates are whole (they stay in use).
LoadedSet load_set(const store::Store& store, store::Group group,
                   const model::ManagedDomain& domain, const SecretBytes& store_key);

/// Puts the live pairs that a staged set leaves out into it. One that is not live any more, or does
/// not fit the configuration, is the set's flaw.
void complete_with(const LoadedSet& live, const model::ManagedDomain& domain, LoadedSet& staged);
/// The same with facts alone, for who may not read the live keys.
CertificateSetFacts completed_facts(const LoadedSet& staged, const CertificateSetFacts& live,
                                    const model::ManagedDomain& domain);

/// Does the folder hold some key or certificate file of a set at all, for whatever key spec?
bool holds_any_set_file(const store::Store& store, store::Group group, std::string_view folder);

/// Are the files of all configured key specs there, but for those that stay? Cheaper than load_set,
/// for polling.
bool has_all_files(const store::Store& store, store::Group group,
                   const model::ManagedDomain& domain);

}  // namespace md::renewal
