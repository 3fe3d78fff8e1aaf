// SPDX-License-Identifier: Apache-2.0
#include "httpd/status_documents.h"

#include "renewal/ca_advice.h"
#include "renewal/decide.h"
#include "renewal/staged_set.h"
#include "status/md_status.h"

namespace md::httpd {
namespace {

/// Facts of the moment: live ones from this process's snapshot, the job and what is staged from the
/// files that the worker writes for all to read.
status::DomainStatus status_of(const Runtime& runtime, const DomainRuntime& entry) {
  const auto live = entry.live.get();
  const auto job_text =
      runtime.store->load(store::Group::Staging, entry.domain.name, store::kJobFile);
  const auto job_document =
      job_text ? json::Value::parse(*job_text, "job.json") : Result<json::Value>(job_text.error());
  renewal::RenewalFacts facts;
  facts.live = live->facts();
  if (const auto text = runtime.store->load_at_root(renewal::advice_path(entry.domain.name))) {
    const auto book = renewal::parse_advice_book(*text, "renewal-info");
    facts.advices = book ? book->advices() : renewal::CaAdvices{};
  }
  renewal::CertificateSetFacts staged;
  if (renewal::has_all_files(*runtime.store, store::Group::Staging, entry.domain)) {
    staged =
        renewal::load_set(*runtime.store, store::Group::Staging, entry.domain, runtime.store->key())
            .facts();
    facts.staged_complete = staged.is_complete();
  }
  return {
      .domain = entry.domain,
      .record = entry.record,
      .live = live->facts(),
      .job = job_document ? std::optional(store::parse_job(*job_document)) : std::nullopt,
      .staged = std::move(staged),
      .activated = live->activated_at(),
      .due = renewal::renewal_due(entry.domain, facts, runtime.clock.now()),
      .supervision = renewal::supervision_of(entry.domain),
      .ocsp = ocsp_status_of(runtime, entry),
      .advices = facts.advices,
  };
}

json::Value unknown_domain(std::string_view name) {
  auto error = json::Value::object();
  error.set("error", "no managed domain has this name").set("name", name);
  return error;
}

}  // namespace

Result<std::string> md_status_document(const Runtime* runtime, std::string_view name) {
  if (name.empty()) {
    std::vector<status::DomainStatus> all;
    for (std::size_t i = 0; runtime != nullptr && i < runtime->domains.size(); ++i) {
      all.push_back(status_of(*runtime, *runtime->domains[i]));
    }
    return status::md_status(MD_VERSION, all,
                             runtime != nullptr ? runtime->clock.now() : TimePoint())
        .dump();
  }
  const auto parsed = model::DnsName::parse(name);
  const DomainRuntime* const found =
      runtime != nullptr && parsed ? runtime->find_by_name(*parsed) : nullptr;
  if (found == nullptr) {
    return fail(ErrorKind::NotFound, unknown_domain(name).dump());
  }
  return status::domain_status(status_of(*runtime, *found), status::Detail::Full,
                               runtime->clock.now())
      .dump();
}

std::string certificate_status_document(const Runtime& runtime, const DomainRuntime& domain) {
  const status::DomainStatus status = status_of(runtime, domain);
  return status::certificate_status(status.live, status.staged).dump();
}

}  // namespace md::httpd
