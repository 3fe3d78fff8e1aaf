// SPDX-License-Identifier: Apache-2.0
#include "httpd/runtime.h"

#include <fmt/format.h>

#include "httpd/guard.h"

namespace md::httpd {
namespace {

// Reset with the pool that owns it, before the library may be unloaded.
Runtime* runtime_in_force = nullptr;  // NOLINT(cppcoreguidelines-avoid-non-const-global-variables)

}  // namespace

DomainRuntime* Runtime::find_by_host(const server_rec* host) const {
  const auto found = domain_of_host.find(host);
  return found == domain_of_host.end() ? nullptr : domains[found->second].get();
}

const CertificateFiles::Pairs& Runtime::files_of(const DomainRuntime& domain) {
  if (side_work != nullptr && domain.files_task) {
    side_work->complete(*domain.files_task);
  }
  return domain.files;
}

void Runtime::end_side_work() {
  if (side_work != nullptr) {
    side_work->complete_all();
    side_work.reset();
  }
}

void Runtime::report(const model::ManagedDomain& domain, const std::string& why) const {
  logger.error(LogId{10173}, fmt::format("{}: {}", domain.name, why));
}

bool Runtime::depends_on_domain(const server_rec* host) const {
  return find_by_host(host) != nullptr && !hosts_with_own_files.contains(host);
}

std::shared_ptr<const LiveSet> Runtime::current_set(DomainRuntime& domain) const {
  if (generations != nullptr) {
    live_sets.follow(domain);
  }
  return domain.live.get();
}

DomainRuntime* Runtime::find_by_name(const model::DnsName& name) const {
  const auto found = names.find(name.text());
  return found ? domains[*found].get() : nullptr;
}

std::string issuing_ca_of(const DomainRuntime& domain) {
  return domain.live.get()->activated_at() ? "" : domain.record.ca_url;
}

std::vector<model::ManagedDomain> Runtime::managed_domains() const {
  std::vector<model::ManagedDomain> all;
  all.reserve(domains.size());
  for (const auto& domain : domains) {
    all.push_back(domain->domain);
  }
  return all;
}

Runtime* current_runtime() {
  return runtime_in_force;
}

void install_runtime(std::unique_ptr<Runtime> runtime, apr_pool_t* pool) {
  runtime_in_force = runtime.release();
  apr_pool_cleanup_register(
      pool, runtime_in_force,
      [](void* data) -> apr_status_t {
        runtime_in_force = nullptr;
        delete static_cast<Runtime*>(data);
        return APR_SUCCESS;
      },
      apr_pool_cleanup_null);
}

}  // namespace md::httpd
