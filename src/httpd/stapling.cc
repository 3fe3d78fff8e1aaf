// SPDX-License-Identifier: Apache-2.0
#include "httpd/stapling.h"

#include <fmt/format.h>

#include <algorithm>

#include "httpd/directive_adapter.h"
#include "httpd/runtime.h"
#include "ocsp/retention.h"

namespace md::httpd {
namespace {

constexpr std::string_view kWithoutStaple =
    "it demands a staple (must-staple), and clients that heed that refuse it";

std::string name_of(const StapleSlot& slot, const StapleState& state, const Runtime& runtime) {
  return slot.domain
             ? fmt::format("{}/{}", runtime.domains[*slot.domain]->domain.name, slot.spec.name())
             : ocsp::hex_of(state.subject->id);
}

}  // namespace

// In the parent.

Stapling::Stapling(Runtime& runtime, Hosts hosts) : runtime_(runtime), hosts_(std::move(hosts)) {
  for (const auto& [host, wants] : hosts_) {
    const auto domain = runtime_.domain_of_host.find(host);
    if (wants.managed && domain != runtime_.domain_of_host.end()) {
      wanted_domains_.insert(domain->second);
    }
  }
}

HostStapling Stapling::wanted_at(const server_rec* host) const {
  const auto found = hosts_.find(host);
  const HostStapling wants = found != hosts_.end() ? found->second : HostStapling{};
  return {wants.managed && runtime_.find_by_host(host) != nullptr,
          wants.others && !runtime_.depends_on_domain(host)};
}

bool Stapling::covers(const server_rec* host) const {
  const HostStapling wanted = wanted_at(host);
  return wanted.managed || wanted.others;
}

/// The managed domain that the certificate of a host is of; nullptr: the administrator's own.
const DomainRuntime* Stapling::domain_of(const server_rec* host,
                                         const crypto::Certificate& certificate) const {
  const DomainRuntime* const domain = runtime_.find_by_host(host);
  const bool is_managed = runtime_.depends_on_domain(host) ||
                          (domain != nullptr && domain->live.get()->has(certificate));
  return is_managed ? domain : nullptr;
}

bool Stapling::wants(const DomainRuntime& domain) const {
  return wanted_domains_.contains(domain.position);
}

std::vector<LiveSet::Chain> Stapling::load_chains(std::size_t domain,
                                                  const renewal::CertificateSetFacts& live) const {
  std::vector<LiveSet::Chain> chains;
  if (!wanted_domains_.contains(domain)) {
    return chains;
  }
  const std::string& name = runtime_.domains[domain]->domain.name;
  for (const renewal::CertificateFacts& facts : live.certificates) {
    const auto pem =
        runtime_.store->load(store::Group::Domains, name, store::certificate_file(facts.spec));
    auto chain = pem ? crypto::Certificate::chain_from_pem(*pem)
                     : Result<std::vector<crypto::Certificate>>(pem.error());
    if (chain) {
      chains.push_back({facts.spec, std::move(chain).value()});
    } else {
      runtime_.logger.error({}, fmt::format("{}: no stapling: {}", name, chain.error().message));
    }
  }
  return chains;
}

std::shared_ptr<const ocsp::Subject> Stapling::share_issuer(ocsp::Subject subject) {
  subject.issuer = issuers_.try_emplace(subject.issuer.sha1_id(), subject.issuer).first->second;
  return std::make_shared<const ocsp::Subject>(std::move(subject));
}

bool Stapling::prime(const server_rec* host, const std::vector<crypto::Certificate>& chain) {
  if (chain.empty()) {
    return false;
  }
  const DomainRuntime* const domain = domain_of(host, chain.front());
  const HostStapling wanted = wanted_at(host);
  if (domain != nullptr ? !wanted.managed : !wanted.others) {
    return false;
  }
  if (domain != nullptr && !domain->domain.is_static()) {
    return true;  // it is known from the store, and changes when a new one goes live
  }
  auto subject = ocsp::subject_of(domain != nullptr ? domain->domain.name : ocsp::kOthers, chain);
  if (!subject) {
    const bool is_required = chain.front().must_staple();
    runtime_.logger.log(
        is_required ? LogLevel::Warning : LogLevel::Debug, {},
        fmt::format("{}: no stapling: {}{}{}", host->server_hostname, subject.error().message,
                    is_required ? "; " : "", is_required ? kWithoutStaple : ""));
    return false;
  }
  StapleSlot*& slot = primed_[subject->id];
  if (slot == nullptr) {
    auto state = std::make_shared<StapleState>();
    state->subject = share_issuer(std::move(subject).value());
    slot = slots_.emplace_back(std::make_unique<StapleSlot>()).get();
    slot->state.set(std::move(state));
  }
  if (domain != nullptr) {
    std::vector<const StapleSlot*>& of_domain = slots_of_domain_[domain];
    if (std::ranges::find(of_domain, slot) == of_domain.end()) {
      of_domain.push_back(slot);
    }
  }
  return true;
}

void Stapling::add_domain_slots() {
  std::unordered_set<std::size_t> covered;
  for (const auto& [host, domain] : runtime_.domain_of_host) {
    if (wanted_at(host).managed) {
      covered.insert(domain);
    }
  }
  std::vector<std::unique_ptr<StapleSlot>> of_domains;
  for (std::size_t i = 0; i < runtime_.domains.size(); ++i) {
    if (!covered.contains(i)) {
      continue;
    }
    for (const model::KeySpec& spec : runtime_.domains[i]->domain.settings.effective_key_specs()) {
      auto slot = std::make_unique<StapleSlot>();
      slots_of_domain_[runtime_.domains[i].get()].push_back(slot.get());
      slot->domain = i;
      slot->spec = spec;
      slot->state.set(std::make_shared<const StapleState>());
      of_domains.push_back(std::move(slot));
    }
  }
  slots_.insert(slots_.begin(), std::make_move_iterator(of_domains.begin()),
                std::make_move_iterator(of_domains.end()));
}

Status Stapling::begin() {
  add_domain_slots();
  std::vector<std::string> names;
  for (const auto& slot : slots_) {
    load(*slot);
    names.push_back(name_of(*slot, *slot->state.get(), runtime_));
  }
  publish();
  tell_of_must_staple();
  drop_outdated();
  MD_ASSIGN_OR_RETURN(changes_, store::GenerationTable::create_unnamed(names));
  return {};
}

void Stapling::tell_of_must_staple() const {
  for (const auto& slot : slots_) {
    const auto state = slot->state.get();
    if (state->is_required && state->subject == nullptr) {
      runtime_.logger.warning(
          {}, fmt::format("{}: no stapling: {}", runtime_.domains[*slot->domain]->domain.name,
                          state->why_not));
    }
  }
}

void Stapling::drop_outdated() const {
  // What is configured is obeyed. Otherwise answers that are in use stay, however old they are: a
  // responder may be away for long.
  const bool is_configured = config_of(runtime_.server).settings.stapling_keep_response.has_value();
  std::unordered_set<std::string> in_use;
  for (const auto& slot : slots_) {
    if (const auto state = slot->state.get(); state->staple != nullptr && !is_configured) {
      in_use.insert(ocsp::hex_of(state->subject->id));
    }
  }
  const auto age_of = [this](const std::string& path) -> std::optional<Duration> {
    const auto age = runtime_.files.age(path);
    return age ? std::optional<Duration>(*age) : std::nullopt;
  };
  ocsp::drop_outdated({*runtime_.store, runtime_.logger, age_of}, in_use,
                      runtime_.settings.stapling_keep_response, runtime_.clock.now());
}

// In all processes.

std::optional<ocsp::StaplePtr> Stapling::find(const ocsp::StapleId& id) const {
  return cache_.find(id, runtime_.clock.now());
}

std::vector<const StapleSlot*> Stapling::slots_of(const DomainRuntime& domain) const {
  const auto slots = slots_of_domain_.find(&domain);
  return slots != slots_of_domain_.end() ? slots->second : std::vector<const StapleSlot*>{};
}

bool Stapling::is_revoked(const DomainRuntime& domain) const {
  const std::uint64_t generation = domain.live.get()->generation();
  const auto slots = slots_of(domain);
  return std::any_of(slots.begin(), slots.end(), [&](const StapleSlot* slot) {
    const auto state = slot->state.get();
    // The loader may not have seen yet that another certificate is live.
    return state->live_generation == generation && state->staple != nullptr &&
           state->staple->status == crypto::OcspStatus::Revoked;
  });
}

void Stapling::follow(const StapleSlot& slot, StapleState& state) {
  const DomainRuntime& domain = *runtime_.domains[*slot.domain];
  const auto live = domain.live.get();
  const auto chain = live->chain_of(slot.spec);
  state.live_generation = live->generation();
  auto subject = ocsp::subject_of(domain.domain.name, chain);
  if (subject) {
    state.subject = share_issuer(std::move(subject).value());
    return;
  }
  state.is_required = !chain.empty() && chain.front().must_staple();
  state.why_not = subject.error().message;
  if (state.is_required) {
    state.why_not += fmt::format("; {}", kWithoutStaple);
  }
  runtime_.logger.debug(fmt::format("{}: no stapling of {}: {}", domain.domain.name,
                                    slot.spec.name(), state.why_not));
}

bool Stapling::load(StapleSlot& slot) {
  const auto before = slot.state.get();
  auto state = std::make_shared<StapleState>();
  if (slot.domain) {
    follow(slot, *state);
  } else {
    state->subject = before->subject;
  }
  bool disk_works = true;
  if (state->subject != nullptr) {
    auto staple = ocsp::load_staple(*runtime_.store, *state->subject, runtime_.clock.now());
    if (staple) {
      state->staple = *std::move(staple);
    } else {
      if (before->subject != nullptr && before->subject->id == state->subject->id) {
        state->staple = before->staple;  // until it expires
      }
      const ErrorKind kind = staple.error().kind;
      disk_works = kind != ErrorKind::Io && kind != ErrorKind::Denied;
    }
    state->job = ocsp::load_job(*runtime_.store, *state->subject);
    state->job.log.clear();
  }
  slot.state.set(std::move(state));
  return disk_works;
}

void Stapling::publish() {
  ocsp::StapleCache::Table table;
  for (const auto& slot : slots_) {
    if (const auto state = slot->state.get(); state->subject != nullptr) {
      ocsp::StaplePtr& entry = table[state->subject->id];
      if (state->staple != nullptr) {
        entry = state->staple;
      }
    }
  }
  cache_.replace(std::move(table));
}

}  // namespace md::httpd
