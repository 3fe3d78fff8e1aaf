// SPDX-License-Identifier: Apache-2.0
#include "httpd/status_documents.h"

#include "httpd/domain_work.h"
#include "renewal/ca_advice.h"
#include "renewal/decide.h"
#include "status/md_status.h"

namespace md::httpd {
namespace {

json::Value unknown_domain(std::string_view name) {
  auto error = json::Value::object();
  error.set("error", "no managed domain has this name").set("name", name);
  return error;
}

/// From this process's memory and `work`; in full, the history of OCSP jobs is read from the store.
status::DomainStatus status_of(const Runtime& runtime, DomainRuntime& entry, const DomainWork& work,
                               status::Detail detail) {
  // What another child's handshake has served already is told of here, too.
  const auto live = runtime.current_set(entry);
  renewal::RenewalFacts facts;
  facts.live = live->facts();
  facts.advices = work.advices;
  facts.issuing_ca = issuing_ca_of(entry);
  facts.staged_complete = work.staged.is_complete();
  facts.revoked = runtime.stapling != nullptr && runtime.stapling->is_revoked(entry);
  return {
      .domain = entry.domain,
      .record = entry.record,
      .live = live->facts(),
      .job = work.job,
      .staged = work.staged,
      .activated = live->activated_at(),
      .due = renewal::renewal_due(entry.domain, facts, runtime.clock.now()),
      .supervision = renewal::supervision_of(entry.domain),
      .ocsp = ocsp_status_of(runtime, entry, detail),
      .advices = work.advices,
  };
}

}  // namespace

std::vector<status::DomainStatus> domain_statuses(const Runtime& runtime) {
  std::vector<status::DomainStatus> all;
  all.reserve(runtime.domains.size());
  for (const auto& domain : runtime.domains) {
    all.push_back(status_of(runtime, *domain, *domain->work.get(), status::Detail::Summary));
  }
  return all;
}

std::vector<status::StaplingStatus> stapling_statuses(const Runtime& runtime) {
  std::vector<status::StaplingStatus> all;
  for (const StaplingView& view : staplings_of(runtime)) {
    status::StaplingStatus one{view.folder, ocsp::hex_of(view.subject->id), {},
                               {},          view.subject->responder_url,    view.job};
    if (view.staple != nullptr) {
      one.status = crypto::name_of(view.staple->status);
      one.validity = view.staple->validity;
    }
    all.push_back(std::move(one));
  }
  return all;
}

Result<std::string> md_status_document(const Runtime* runtime, std::string_view name) {
  if (name.empty()) {
    return runtime == nullptr ? status::md_status(MD_VERSION, {}).dump()
                              : status::md_status(MD_VERSION, domain_statuses(*runtime)).dump();
  }
  DomainRuntime* const found =
      runtime != nullptr ? runtime->find_by_name(model::DnsName::as_configured(name)) : nullptr;
  if (found == nullptr) {
    return fail(ErrorKind::NotFound, unknown_domain(name).dump());
  }
  const auto work = load_work(*runtime, *found);
  return status::domain_status(status_of(*runtime, *found, *work, status::Detail::Full),
                               status::Detail::Full)
      .dump();
}

std::string certificate_status_document(const Runtime& runtime, DomainRuntime& domain) {
  const auto work = load_work(runtime, domain);
  return status::certificate_status(status_of(runtime, domain, *work, status::Detail::Summary))
      .dump();
}

}  // namespace md::httpd
