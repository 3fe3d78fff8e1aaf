// SPDX-License-Identifier: Apache-2.0
// What status pages show of stapling.

#include "httpd/runtime.h"
#include "httpd/stapling.h"
#include "store/documents.h"

namespace md::httpd {
namespace {

/// The answer in use, if it is still valid.
ocsp::StaplePtr valid_staple(const StapleState& state, TimePoint now) {
  return state.staple != nullptr && now < state.staple->validity.until ? state.staple : nullptr;
}

json::Value status_document(const Runtime& runtime, const StapleState& state,
                            status::Detail detail) {
  auto document = json::Value::object();
  if (state.subject == nullptr) {
    return document.set("status", "not applicable").set("detail", state.why_not);
  }
  const auto staple = valid_staple(state, runtime.clock.now());
  document.set("status", staple != nullptr ? crypto::name_of(staple->status) : "unknown");
  if (staple != nullptr) {
    auto valid = json::Value::object();
    valid.set_time("from", staple->validity.from).set_time("until", staple->validity.until);
    document.set("valid", std::move(valid));
  }
  document.set("responder", state.subject->responder_url);
  const bool is_full = detail == status::Detail::Full;
  auto renewal =
      store::to_json(is_full ? ocsp::load_job(*runtime.store, *state.subject) : state.job);
  if (!is_full) {
    renewal.erase("log");
  }
  return document.set("renewal", std::move(renewal));
}

/// Which of the domain's certificates the slot is for; nullopt: for none that is in use.
std::optional<std::string> spec_of(const StapleSlot& slot,
                                   const renewal::CertificateSetFacts& live) {
  if (slot.domain) {
    return slot.spec.name();
  }
  const auto state = slot.state.get();
  for (const renewal::CertificateFacts& facts : live.certificates) {
    if (state->subject->certificate.sha256_fingerprint() == facts.sha256_fingerprint) {
      return facts.spec.name();
    }
  }
  return std::nullopt;
}

}  // namespace

std::vector<StaplingView> staplings_of(const Runtime& runtime) {
  std::vector<StaplingView> views;
  if (runtime.stapling == nullptr) {
    return views;
  }
  const TimePoint now = runtime.clock.now();
  for (const auto& slot : runtime.stapling->slots()) {
    const auto state = slot->state.get();
    if (state->subject != nullptr) {
      views.push_back(
          {state->subject->folder, state->subject, valid_staple(*state, now), state->job});
    }
  }
  return views;
}

std::map<std::string, json::Value> ocsp_status_of(const Runtime& runtime,
                                                  const DomainRuntime& domain,
                                                  status::Detail detail) {
  std::map<std::string, json::Value> by_spec;
  if (runtime.stapling == nullptr) {
    return by_spec;
  }
  const auto live = domain.live.get();
  for (const StapleSlot* const slot : runtime.stapling->slots_of(domain)) {
    if (const auto spec = spec_of(*slot, live->facts())) {
      by_spec.emplace(*spec, status_document(runtime, *slot->state.get(), detail));
    }
  }
  return by_spec;
}

}  // namespace md::httpd
