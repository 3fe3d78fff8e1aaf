// SPDX-License-Identifier: Apache-2.0
#include "httpd/stapling_worker.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>

#include "store/documents.h"

namespace md::httpd {
namespace {

constexpr LogId kRevoked{10500};
constexpr std::chrono::hours kWithoutSubject{1};
constexpr std::chrono::hours kErroredInterval{1};

/// MDHttpProxy is for responders too; the trust roots of CAs are not: answers are signed, and
/// responders speak plain HTTP.
http::Route route_of(const model::ResolvedSettings& settings) {
  http::Route route;
  route.proxy = settings.http_proxy;
  route.proxy_ca_certificate_file = settings.http_proxy_ca_certificate_file;
  return route;
}

model::ManagedDomain others_of(const model::ResolvedSettings& settings) {
  model::ManagedDomain others;
  others.name = ocsp::kOthers;
  others.settings = settings;
  return others;
}

}  // namespace

StaplingWorker::StaplingWorker(Runtime& runtime, Waiter& waiter)
    : runtime_(runtime),
      others_(others_of(runtime.settings)),
      events_(runtime.commands, runtime.clock, waiter, runtime.logger),
      stapler_({
          .store = *runtime.store,
          .clock = runtime.clock,
          .random = runtime.random,
          .waiter = waiter,
          .logger = runtime.logger,
          .route = route_of(runtime.settings),
          .renew_window = runtime.settings.stapling_renew_window,
          .report = [this](const auto& subject, const auto& outcome,
                           model::Job& job) { report(subject, outcome, job); },
          .publish = [this](const auto& subject) { publish(subject); },
          .seen = [this](const auto& subject, const auto& kept) { take_up(subject, kept); },
      }),
      seen_(runtime.stapling->slots().size()) {
  for (const auto& domain : runtime_.domains) {
    domains_.emplace(domain->domain.name, &domain->domain);
  }
  for (std::size_t slot = 0; slot < seen_.size(); ++slot) {
    const auto state = runtime_.stapling->slots()[slot]->state.get();
    if (state->subject != nullptr) {
      note(slot, state->subject->id);
    }
  }
}

TimePoint StaplingWorker::check(std::size_t slot, http::Client& client) {
  const auto state = runtime_.stapling->slots()[slot]->state.get();
  if (state->subject == nullptr) {
    return runtime_.clock.now() + kWithoutSubject;
  }
  note(slot, state->subject->id);
  return stapler_.check(*state->subject, client);
}

/// A slot's certificate changes when another one goes live.
void StaplingWorker::note(std::size_t slot, const ocsp::StapleId& id) {
  const std::lock_guard lock(mutex_);
  if (seen_[slot] == id) {
    return;
  }
  if (seen_[slot]) {
    const auto [first, last] = slots_.equal_range(*seen_[slot]);
    const auto old = std::find_if(first, last, [&](const auto& of) { return of.second == slot; });
    if (old != last) {
      slots_.erase(old);
    }
  }
  seen_[slot] = id;
  slots_.emplace(id, slot);
}

std::vector<std::size_t> StaplingWorker::slots_with(const ocsp::StapleId& id) {
  const std::lock_guard lock(mutex_);
  std::vector<std::size_t> found;
  const auto [first, last] = slots_.equal_range(id);
  std::transform(first, last, std::back_inserter(found), [](const auto& of) { return of.second; });
  return found;
}

void StaplingWorker::publish(const ocsp::Subject& subject) {
  for (const std::size_t slot : slots_with(subject.id)) {
    runtime_.stapling->changes().bump(slot, runtime_.clock.now());
  }
}

/// Workers of before a reload, whose children are not ours, may have fetched it.
void StaplingWorker::take_up(const ocsp::Subject& subject, const ocsp::StaplePtr& kept) {
  const auto in_use = runtime_.stapling->find(subject.id);
  if (in_use && (*in_use == nullptr || (*in_use)->der != kept->der)) {
    publish(subject);
  }
}

const model::ManagedDomain& StaplingWorker::domain_of(const std::string& folder) const {
  const auto found = domains_.find(folder);
  return found != domains_.end() ? *found->second : others_;
}

void StaplingWorker::report(const ocsp::Subject& subject, const Outcome& outcome, model::Job& job) {
  const model::ManagedDomain& domain = domain_of(subject.folder);
  if (outcome) {
    if ((*outcome)->status == crypto::OcspStatus::Revoked) {
      tell_of_revocation(subject);
    }
    events_.send_at_most(domain, "ocsp-renewed", Duration(0), job);
  } else if (may_tell_of_error(subject.folder)) {
    // The limit is the folder's, whose certificates each have a job: its own job keeps it.
    model::Job of_folder = folder_job(subject.folder);
    events_.send_at_most(domain, "ocsp-errored", kErroredInterval, of_folder);
    of_folder.errors = job.errors;
    of_folder.last_run = job.last_run;
    of_folder.last = job.last;
    if (auto saved =
            runtime_.store->save(store::Group::Ocsp, subject.folder, store::kJobFile,
                                 store::to_json(of_folder).dump(), store::Durability::Replaceable);
        !saved) {
      runtime_.logger.warning({}, saved.error().message);
    }
  }
}

void StaplingWorker::tell_of_revocation(const ocsp::Subject& subject) {
  const bool is_managed = subject.folder != ocsp::kOthers;
  runtime_.logger.error(
      kRevoked, fmt::format("{}: the certificate with serial {} has been revoked, says the OCSP "
                            "responder {}; {}",
                            subject.folder, subject.certificate.serial(), subject.responder_url,
                            is_managed ? "it is renewed with a new key as soon as possible"
                                       : "replace it: this module does not manage it"));
}

/// Two certificates of a folder may fail at the same time: one of them tells.
bool StaplingWorker::may_tell_of_error(const std::string& folder) {
  const TimePoint now = runtime_.clock.now();
  const std::lock_guard lock(mutex_);
  const auto told = errors_told_.find(folder);
  if (told != errors_told_.end() && told->second <= now && now - told->second < kErroredInterval) {
    return false;
  }
  errors_told_.insert_or_assign(folder, now);
  return true;
}

model::Job StaplingWorker::folder_job(const std::string& folder) {
  model::Job job;
  if (const auto text = runtime_.store->load(store::Group::Ocsp, folder, store::kJobFile)) {
    if (const auto value = json::Value::parse(*text, store::kJobFile)) {
      job = store::parse_job(*value);
    }
  }
  job.name = folder;
  return job;
}

}  // namespace md::httpd
