// SPDX-License-Identifier: Apache-2.0
#include "ocsp/staple_cache.h"

#include <utility>

#include "store/documents.h"

namespace md::ocsp {

std::optional<StaplePtr> StapleCache::find(const StapleId& id, TimePoint now) const {
  const auto table = table_.get();
  const auto found = table->find(id);
  if (found == table->end()) {
    return std::nullopt;
  }
  const StaplePtr& staple = found->second;
  return staple != nullptr && now < staple->validity.until ? staple : nullptr;
}

void StapleCache::replace(Table table) {
  table_.set(std::make_shared<const Table>(std::move(table)));
}

Result<StaplePtr> load_staple(const store::Store& store, const Subject& subject, TimePoint now) {
  const std::string file = subject.answer_file();
  const std::string path = store.path(store::Group::Ocsp, subject.folder, file);
  MD_ASSIGN_OR_RETURN(const std::string text, store.load(store::Group::Ocsp, subject.folder, file));
  MD_ASSIGN_OR_RETURN(const store::OcspRecord record, store::parse_ocsp(text, path));
  MD_ASSIGN_OR_RETURN_CONTEXT(
      crypto::OcspAnswer answer,
      crypto::check_ocsp_answer(record.response, subject.certificate, subject.issuer, now), path);
  return StaplePtr(std::make_shared<const crypto::OcspAnswer>(std::move(answer)));
}

model::Job load_job(const store::Store& store, const Subject& subject) {
  model::Job job;
  if (const auto text = store.load(store::Group::Ocsp, subject.folder, subject.job_file())) {
    if (const auto value = json::Value::parse(*text, subject.job_file())) {
      job = store::parse_job(*value);
    }
  }
  job.name = subject.folder;
  return job;
}

}  // namespace md::ocsp
