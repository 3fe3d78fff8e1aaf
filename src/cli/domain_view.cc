// SPDX-License-Identifier: Apache-2.0
#include "cli/domain_view.h"

#include "cli/domain_files.h"
#include "renewal/ca_advice.h"
#include "renewal/staged_set.h"
#include "renewal/static_set.h"
#include "store/domain_settings.h"
#include "store/file_system.h"

namespace md::cli {
namespace {

using store::Group;

constexpr std::size_t kMaxCertificateFile = 1024UL * 1024UL;

/// What cannot be read is as if it were not there: the server sees it so, too.
void load_job(const store::FileStore& store, DomainView& view) {
  view.job.name = view.domain.name;
  const auto text = store.load(Group::Staging, view.domain.name, store::kJobFile);
  if (!text) {
    return;
  }
  if (const auto document = json::Value::parse(*text, store::kJobFile)) {
    view.job = store::parse_job(*document);
    view.has_job = true;
  }
}

void load_request(const store::FileStore& store, DomainView& view) {
  const std::string& name = view.domain.name;
  if (const auto text = store.load_at_root(store::request_path(name))) {
    if (const auto request = store::parse_renewal_request(*text, name, store.key())) {
      view.facts.requested = *request;
    }
  }
}

void load_advices(const store::FileStore& store, DomainView& view) {
  const std::string path = renewal::advice_path(view.domain.name);
  if (const auto text = store.load_at_root(path)) {
    if (const auto book = renewal::parse_advice_book(*text, path)) {
      view.facts.advices = book->advices();
    }
  }
}

renewal::CertificateSetFacts live_facts(const Session& session, DomainView& view) {
  if (!view.domain.is_static()) {
    return renewal::load_set(session.store, Group::Domains, view.domain, session.store.key())
        .facts();
  }
  store::PosixFileSystem files;
  renewal::StaticSet set = renewal::load_static_set(
      view.domain, [&](const std::string& path) { return files.read(path, kMaxCertificateFile); });
  view.complaints = std::move(set.complaints);
  return std::move(set.facts);
}

}  // namespace

status::DomainStatus DomainView::status(TimePoint now) const {
  return {.domain = domain,
          .record = record,
          .live = facts.live,
          .job = has_job ? std::optional(job) : std::nullopt,
          .staged = staged,
          .activated = std::nullopt,
          .due = renewal::renewal_due(domain, facts, now),
          .supervision = renewal::supervision_of(domain),
          .ocsp = {},
          .advices = facts.advices};
}

Result<DomainView> view_of(const Session& session, const store::DomainRecord& record) {
  DomainView view;
  view.record = record;
  MD_ASSIGN_OR_RETURN(view.domain, store::managed_domain_of(record));
  load_job(session.store, view);
  load_request(session.store, view);
  load_advices(session.store, view);
  view.facts.live = live_facts(session, view);
  view.facts.issuing_ca = record.ca_url;
  if (renewal::has_all_files(session.store, Group::Staging, view.domain)) {
    const renewal::LoadedSet staged =
        renewal::load_set(session.store, Group::Staging, view.domain, session.store.key());
    view.facts.staged_complete = staged.is_complete();
    view.staged = staged.is_complete() ? staged.facts() : renewal::CertificateSetFacts{};
  }
  return view;
}

Result<DomainViews> views_of(const Session& session, const std::vector<std::string>& names) {
  DomainViews all;
  std::vector<store::DomainRecord> records;
  for (const std::string& name : names) {
    MD_ASSIGN_OR_RETURN(store::DomainRecord record, find_domain(session.store, name));
    records.push_back(std::move(record));
  }
  if (names.empty()) {
    MD_ASSIGN_OR_RETURN(StoredDomains domains, load_domains(session.store));
    records = std::move(domains.records);
    all.flaws = std::move(domains.flaws);
  }
  for (const store::DomainRecord& record : records) {
    auto view = view_of(session, record);
    if (view) {
      all.views.push_back(std::move(view).value());
    } else {
      all.flaws.push_back(view.error());
    }
  }
  return all;
}

}  // namespace md::cli
