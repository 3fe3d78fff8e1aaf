// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <openssl/ssl.h>

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <utility>
#include <vector>

#include "base/result.h"
#include "base/snapshot.h"
#include "crypto/certificate.h"
#include "httpd/apache.h"
#include "httpd/live_set.h"
#include "json/value.h"
#include "model/job.h"
#include "model/key_spec.h"
#include "ocsp/staple_cache.h"
#include "ocsp/subject.h"
#include "status/md_status.h"
#include "store/generation_table.h"

namespace md::httpd {

struct DomainRuntime;
struct Runtime;

/// What a host staples: the certificates of its managed domain, and those of none.
struct HostStapling {
  bool managed{false};
  bool others{false};
};

/// A certificate that is answered for, as it stands in this process. Immutable.
struct StapleState {
  std::uint64_t live_generation{0};              ///< of the domain's set that the certificate is of
  std::shared_ptr<const ocsp::Subject> subject;  ///< nullptr: there is nothing to staple
  std::string why_not;                           ///< if so
  bool is_required{false};                       ///< the certificate demands a staple (RFC 7633)
  ocsp::StaplePtr staple;                        ///< nullptr: none is known
  model::Job job;                                ///< how the fetches went, without its history
};

/// A place that certificates are stapled at: one of a managed domain's kinds of key, whose
/// certificate changes when a new one goes live, or a certificate that stays what it is.
struct StapleSlot {
  std::optional<std::size_t> domain;  ///< index into Runtime::domains; nullopt: it stays
  model::KeySpec spec;                ///< of the domain's certificate
  /// Set by the parent before the children are forked; afterwards by each process's StaplingLoader
  /// alone.
  Snapshot<StapleState> state;
};

/// For status pages: one certificate that is stapled. From memory alone.
struct StaplingView {
  std::string folder;  ///< the managed domain's name, or "other"
  std::shared_ptr<const ocsp::Subject> subject;
  ocsp::StaplePtr staple;  ///< nullptr: no valid answer is known
  model::Job job;          ///< `errors`, `last`, `next_run`; without its history
};

/// All of the server's stapling but the fetching: what is answered for, and the answers. Made and
/// filled by the parent; then each process reads, and its loader replaces snapshots.
class Stapling {
 public:
  using Hosts = std::unordered_map<const server_rec*, HostStapling>;
  /// `runtime` outlives it.
  Stapling(Runtime& runtime, Hosts hosts);
  Stapling(const Stapling&) = delete;
  Stapling& operator=(const Stapling&) = delete;

  /// Does that host staple the certificates it serves? Parent, once mod_ssl has collected them;
  /// afterwards anybody.
  [[nodiscard]] bool covers(const server_rec* host) const;
  /// Does a host staple the domain's certificates, as far as the configuration says? Any thread.
  [[nodiscard]] bool wants(const DomainRuntime& domain) const;
  /// Parent, before mod_ssl: the domain's usable certificates, where some host staples them as far
  /// as the configuration says.
  [[nodiscard]] std::vector<LiveSet::Chain> load_chains(
      std::size_t domain, const renewal::CertificateSetFacts& live) const;
  /// Parent: the host serves that certificate (leaf first, its issuer after it). False: there is
  /// nothing to staple for it.
  bool prime(const server_rec* host, const std::vector<crypto::Certificate>& chain);
  /// Parent: puts our status callback before the one that mod_ssl has set, if any.
  void intercept(SSL_CTX* context);
  /// Parent, after mod_ssl: finds what there is to staple, and loads the answers of before.
  Status begin();

  [[nodiscard]] const std::vector<std::unique_ptr<StapleSlot>>& slots() const { return slots_; }
  /// What has changed in the store since `begin`, by slot: written by the worker, read by all.
  [[nodiscard]] store::GenerationTable& changes() { return *changes_; }
  /// The answer to staple for a certificate: see ocsp::StapleCache::find. Any thread.
  [[nodiscard]] std::optional<ocsp::StaplePtr> find(const ocsp::StapleId& id) const;
  /// Has a responder revoked a certificate that is served for the domain now?
  [[nodiscard]] bool is_revoked(const DomainRuntime& domain) const;
  /// One for each kind of key, and for certificate files (MDCertificateFile) one for each
  /// certificate; empty where the domain is not stapled.
  [[nodiscard]] std::vector<const StapleSlot*> slots_of(const DomainRuntime& domain) const;

  /// Follows the domain's live set, and loads answer and job from the store. False: the disk
  /// failed. One thread of a process at a time; `publish` makes it known to handshakes.
  bool load(StapleSlot& slot);
  void publish();

 private:
  struct Callback {
    const Stapling* stapling;
    int (*previous)(SSL*, void*);
    void* previous_argument;
  };
  static int answer_status_request(SSL* ssl, void* callback) noexcept;

  [[nodiscard]] HostStapling wanted_at(const server_rec* host) const;
  [[nodiscard]] const DomainRuntime* domain_of(const server_rec* host,
                                               const crypto::Certificate& certificate) const;
  [[nodiscard]] std::shared_ptr<const ocsp::Subject> share_issuer(ocsp::Subject subject);
  void add_domain_slots();
  void follow(const StapleSlot& slot, StapleState& state);
  void tell_of_must_staple() const;
  void drop_outdated() const;

  Runtime& runtime_;
  const Hosts hosts_;
  std::unordered_set<std::size_t> wanted_domains_;
  std::vector<std::unique_ptr<Callback>> callbacks_;
  std::vector<std::unique_ptr<StapleSlot>> slots_;
  std::unordered_map<const DomainRuntime*, std::vector<const StapleSlot*>> slots_of_domain_;
  std::unordered_map<ocsp::StapleId, StapleSlot*, ocsp::StapleIdHash> primed_;
  // Thousands of certificates have a few issuers, which OpenSSL need parse but once.
  std::unordered_map<ocsp::StapleId, crypto::Certificate, ocsp::StapleIdHash> issuers_;
  std::unique_ptr<store::GenerationTable> changes_;
  ocsp::StapleCache cache_;
};

/// What is stapled, in the order of domains and then as mod_ssl came by; empty where stapling is
/// off.
std::vector<StaplingView> staplings_of(const Runtime& runtime);
/// `cert.<spec>.ocsp` of a domain's status document, by KeySpec::name(). From memory; in full, the
/// job's history is read from the store.
std::map<std::string, json::Value> ocsp_status_of(const Runtime& runtime,
                                                  const DomainRuntime& domain,
                                                  status::Detail detail);

/// Hooks by which mod_ssl, or another TLS module, asks for staples.
void register_stapling_hooks();

}  // namespace md::httpd
