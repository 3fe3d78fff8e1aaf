// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "base/clock.h"
#include "base/command.h"
#include "base/random.h"
#include "base/side_work.h"
#include "base/snapshot.h"
#include "config/name_index.h"
#include "http/curl_client.h"
#include "httpd/apache.h"
#include "httpd/apache_logger.h"
#include "httpd/attempt_tally.h"
#include "httpd/certificate_files.h"
#include "httpd/live_set.h"
#include "httpd/live_set_loader.h"
#include "httpd/stapling.h"
#include "model/job.h"
#include "model/managed_domain.h"
#include "renewal/ca_advice.h"
#include "renewal/facts.h"
#include "store/documents.h"
#include "store/file_store.h"
#include "store/generation_table.h"
#include "store/served_bundles.h"
#include "store/sync.h"

namespace md::httpd {

/// What the store says of a domain's renewal. Immutable.
struct DomainWork {
  std::optional<model::Job> job;        ///< of staging, if there is one
  renewal::CertificateSetFacts staged;  ///< what waits for activation; empty if nothing does
  renewal::CaAdvices advices;           ///< of the CA, about the live certificates
};

struct DomainRuntime;

/// A host of a managed domain, as mod_ssl has set it up.
struct TlsHost {
  DomainRuntime* domain;
  SSL_CTX* context;
  /// It has certificate files of its own, too (SSLCertificateFile): those of other key types stay.
  bool has_own_files;
};

/// A managed domain as this server runs it.
struct DomainRuntime {
  model::ManagedDomain domain;
  store::DomainRecord record;
  std::size_t position{0};  ///< in Runtime::domains, and its slot in the generation table
  /// Of the record, by the parent before there are children.
  store::Storing storing{store::Storing::Never};
  /// What is served. Set by the parent before the children are forked; afterwards by each
  /// process's LiveSetLoader alone.
  Snapshot<LiveSet> live;
  /// For status pages. Set by each child's WorkWatcher alone.
  Snapshot<DomainWork> work{std::make_shared<const DomainWork>()};
  /// Its hosts that ask us for certificates in handshakes. Parent, while mod_ssl sets them up.
  std::vector<std::unique_ptr<TlsHost>> tls_hosts;
  /// Certificate and key files that mod_ssl is given at start, in pairs; the fallback if there is
  /// nothing else. The same for all hosts of the domain, as h2 connections are only shared between
  /// hosts with the same files (reference/feasibility.md §1.2).
  CertificateFiles::Pairs files;
  /// Of the start's side work, which makes `files`; nullopt: they were there.
  std::optional<std::size_t> files_task;
};

/// The CA of the set that the domain has had since the start; empty for one that went live later,
/// of which the parent's record does not tell. Any thread.
std::string issuing_ca_of(const DomainRuntime& domain);

/// All that one run of the configuration came to. Made by the parent in post_config, owned by
/// pconf; children inherit it and only read, apart from the snapshots in it.
struct Runtime {
  explicit Runtime(server_rec* base_server) : server(base_server), logger(base_server) {}

  server_rec* server;
  /// Thread-safe, and of use where the rest is read only.
  mutable ApacheLogger logger;
  SystemClock clock;
  SystemRandom random;
  PosixCommandRunner commands;
  store::PosixFileSystem files;
  std::unique_ptr<store::FileStore> store;
  /// nullptr, both of them: live activation is off.
  std::unique_ptr<store::ServedBundles> bundles;
  std::unique_ptr<store::GenerationTable> generations;
  /// In a child, where live activation is on.
  mutable LiveSetLoader live_sets{*this};
  /// nullptr: there was no memory for it.
  std::unique_ptr<AttemptTally> attempts;
  /// nullptr: nothing is stapled.
  std::unique_ptr<Stapling> stapling;
  std::unique_ptr<http::CurlGlobal> curl;
  /// What a start need not wait for; it ends with post_config, and is nullptr afterwards.
  std::unique_ptr<SideWork> side_work;

  model::ResolvedSettings settings;  ///< of the main server
  std::vector<std::uint16_t> listened_ports;
  std::vector<std::unique_ptr<DomainRuntime>> domains;
  std::unordered_map<const server_rec*, std::size_t> domain_of_host;
  config::NameIndex names;
  /// Hosts of a domain that have certificate files of their own (SSLCertificateFile). They serve
  /// those until the domain has a certificate, and afterwards those of other key types. Filled
  /// while mod_ssl collects the files of its hosts.
  std::unordered_set<const server_rec*> hosts_with_own_files;

  /// What mod_ssl is given for the domain: waits for it if it is being made. Parent, in
  /// post_config.
  const CertificateFiles::Pairs& files_of(const DomainRuntime& domain);
  /// Parent, at the end of post_config: all of it is done.
  void end_side_work();
  /// Logs what is wrong with one domain, at a start that goes on. Parent.
  void report(const model::ManagedDomain& domain, const std::string& why) const;

  /// Has the host no certificates but those of its managed domain?
  [[nodiscard]] bool depends_on_domain(const server_rec* host) const;

  [[nodiscard]] DomainRuntime* find_by_host(const server_rec* host) const;
  /// What the domain serves, as new as its generation. In a child.
  [[nodiscard]] std::shared_ptr<const LiveSet> current_set(DomainRuntime& domain) const;
  /// The domain that has this name, or whose wildcard covers it.
  [[nodiscard]] DomainRuntime* find_by_name(const model::DnsName& name) const;
  [[nodiscard]] std::vector<model::ManagedDomain> managed_domains() const;
};

/// The runtime of the configuration in force; nullptr before post_config, and where no domain is
/// configured. Hooks that get no server have no other way to it.
Runtime* current_runtime();
/// Parent, in post_config: owned by `pool` from now on.
void install_runtime(std::unique_ptr<Runtime> runtime, apr_pool_t* pool);

}  // namespace md::httpd
