// SPDX-License-Identifier: Apache-2.0
#include "ocsp/staple_cache.h"

#include <utility>

#include "store/documents.h"

namespace md::ocsp {

StaplePtr StapleCache::find(const StapleId& id, TimePoint now) const {
  const auto map = map_.get();
  const auto found = map->find(id);
  return found != map->end() && now < found->second->validity.until ? found->second : nullptr;
}

void StapleCache::put(const StapleId& id, StaplePtr staple) {
  const std::lock_guard lock(writers_);
  auto changed = std::make_shared<Map>(*map_.get());
  changed->insert_or_assign(id, std::move(staple));
  map_.set(std::move(changed));
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

}  // namespace md::ocsp
