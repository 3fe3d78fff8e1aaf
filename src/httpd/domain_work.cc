// SPDX-License-Identifier: Apache-2.0
#include "httpd/domain_work.h"

#include <string>
#include <string_view>
#include <vector>

#include "renewal/staged_set.h"

namespace md::httpd {
namespace {

using store::Group;

template <class Parse>
auto load_document(const Result<std::string>& text, std::string_view what, Parse parse) {
  auto document = text ? json::Value::parse(*text, what) : Result<json::Value>(text.error());
  return document ? std::optional(parse(*document)) : std::nullopt;
}

/// Of the certificates alone: their keys are nobody's business here.
renewal::CertificateSetFacts staged_facts(const store::FileStore& store,
                                          const model::ManagedDomain& domain,
                                          const renewal::CertificateSetFacts& live) {
  renewal::CertificateSetFacts facts;
  if (!renewal::has_all_files(store, Group::Staging, domain)) {
    return facts;
  }
  for (const model::KeySpec& spec : domain.settings.effective_key_specs()) {
    const auto pem = store.load(Group::Staging, domain.name, store::certificate_file(spec));
    const renewal::CertificateFacts* const stays = live.find(spec);
    if (!pem && stays != nullptr) {
      facts.certificates.push_back(*stays);
      continue;
    }
    const auto chain = pem ? crypto::Certificate::chain_from_pem(*pem)
                           : Result<std::vector<crypto::Certificate>>(pem.error());
    if (!chain) {
      return {};
    }
    facts.certificates.push_back(renewal::facts_of(spec, chain->front()));
    facts.certificates.back().timestamps = chain->front().timestamps();
  }
  return facts;
}

}  // namespace

std::shared_ptr<const DomainWork> load_work(const Runtime& runtime, const DomainRuntime& domain) {
  const store::FileStore& store = *runtime.store;
  const std::string& name = domain.domain.name;
  auto work = std::make_shared<DomainWork>();
  work->job = load_document(store.load(Group::Staging, name, store::kJobFile), store::kJobFile,
                            store::parse_job);
  work->staged = staged_facts(store, domain.domain, domain.live.get()->facts());
  if (const auto text = store.load_at_root(renewal::advice_path(name))) {
    const auto book = renewal::parse_advice_book(*text, renewal::kAdviceFolder);
    work->advices = book ? book->advices() : renewal::CaAdvices{};
  }
  return work;
}

}  // namespace md::httpd
