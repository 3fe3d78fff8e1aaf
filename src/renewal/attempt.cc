// SPDX-License-Identifier: Apache-2.0
#include "renewal/attempt.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "base/text.h"
#include "model/key_label.h"
#include "renewal/decide.h"
#include "renewal/failure.h"
#include "renewal/order_flow.h"
#include "renewal/staged_set.h"
#include "store/documents.h"

namespace md::renewal {
namespace {

using store::Group;

World with_waiter(World world, Waiter& waiter) {
  world.waiter = waiter;
  return world;
}

bool ends_in(const Error& error, std::string_view problem) {
  return error.problem && error.problem->type.ends_with(problem);
}

/// Of what an earlier attempt has staged, that which would not be due for renewal again at once.
std::optional<CertificateFacts> still_good(const LoadedSet& staged, const model::KeySpec& spec,
                                           const model::ManagedDomain& domain, TimePoint now) {
  for (const store::KeyedChain& keyed : staged.keyed) {
    if (!(keyed.spec == spec) || !is_large_enough(keyed.key, spec)) {
      continue;
    }
    RenewalFacts facts;
    facts.live.certificates.push_back(facts_of(keyed));
    if (!renewal_due(domain, facts, now).due) {
      return facts.live.certificates.front();
    }
  }
  return std::nullopt;
}

}  // namespace

http::Route route_of(const model::ResolvedSettings& settings) {
  http::Route route;
  route.ca_certificate_file = settings.ca_certificate_file;
  route.proxy = settings.http_proxy;
  route.proxy_ca_certificate_file = settings.http_proxy_ca_certificate_file;
  return route;
}

const model::CertificateAuthority& authority_for(const model::ResolvedSettings& settings,
                                                 unsigned errors) {
  const unsigned turn = errors / std::max(settings.retry_failover, 1U);
  return settings.authorities[turn % settings.authorities.size()];
}

Attempt::Attempt(AttemptTools tools, const model::ManagedDomain& domain, std::string ca_url,
                 JobJournal& journal, Replaced replaced)
    : domain_(domain),
      ca_url_(std::move(ca_url)),
      journal_(journal),
      waiter_(tools.world.waiter, journal),
      world_(with_waiter(tools.world, waiter_)),
      tools_{world_, tools.events, tools.accounts, tools.challenge_keys, tools.nonces, tools.http},
      replaced_(std::move(replaced)),
      connection_{tools.http, world_.clock, waiter_, tools.nonces, route_of(domain.settings)} {}

Result<CertificateSetFacts> Attempt::run() {
  journal_.progress(fmt::format("Contacting ACME server for {} at {}", domain_.name, ca_url_));
  MD_ASSIGN_OR_RETURN(const auto directory, acme::fetch_directory(connection_, ca_url_));
  MD_ASSIGN_OR_RETURN(const std::string profile, profile_for(directory));
  MD_TRY_CONTEXT(stage_domain(tools_.world, domain_, ca_url_), "stage md.json");
  return run_with_account(directory, profile);
}

/// The profile to ask for; empty where there is none to ask for.
Result<std::string> Attempt::profile_for(const acme::Directory& directory) const {
  const std::string& wanted = domain_.settings.profile;
  const auto& offered = directory.profiles;
  if (wanted.empty()) {
    return wanted;
  }
  const auto found = std::find_if(offered.begin(), offered.end(), [&](const std::string& one) {
    return equals_ignoring_case(one, wanted);
  });
  if (found != offered.end()) {
    return *found;
  }
  const std::string complaint =
      fmt::format("the CA does not offer the profile '{}', but {}", wanted,
                  offered.empty() ? "none at all" : "these: " + printable(join(offered, ", ")));
  if (domain_.settings.profile_mandatory == model::Switch::On) {
    const auto specs = domain_.settings.effective_key_specs();
    journal_.progress(ordering_activity(specs.front(), domain_, wanted, ""));
    return fail(ErrorKind::Rejected, complaint);
  }
  tools_.world.logger.warning({}, fmt::format("{}: {}; it is left out", domain_.name, complaint));
  return std::string();
}

Result<CertificateSetFacts> Attempt::run_with_account(const acme::Directory& directory,
                                                      const std::string& profile) {
  for (bool again = false;; again = true) {
    journal_.progress(fmt::format("Selecting account to use for {}", domain_.name));
    MD_ASSIGN_OR_RETURN(
        const auto account,
        tools_.accounts.open(connection_, directory, domain_, ca_url_,
                             tools_.world.account_of(domain_), [this] { note_missing_contact(); }));
    const std::string& account_url = account.record.url;
    acme::Session session(connection_, directory, account.key, account_url);
    auto staged = obtain_all(session, profile);
    if (staged || again || !is_lost(session, staged.error())) {
      return staged;
    }
    if (!ends_in(staged.error(), ":accountDoesNotExist") &&
        tools_.accounts.put_right(connection_, directory, account)) {
      continue;
    }
    tools_.world.logger.debug(fmt::format("{}: the CA has lost account {}: {}", domain_.name,
                                          account_url, staged.error().message));
    tools_.accounts.forget(ca_url_, account_url);
  }
}

/// Most CAs do without; mod_md does not.
void Attempt::note_missing_contact() const {
  if (contacts_of(domain_).empty()) {
    tools_.world.logger.info({}, note_without_contact(domain_));
  }
}

/// Does the CA refuse us because of the account? "unauthorized" may mean that, or something else;
/// "malformed" is what CAs say of a signature by another account's key.
bool Attempt::is_lost(acme::Session& session, const Error& error) const {
  if (ends_in(error, ":accountDoesNotExist")) {
    return true;
  }
  const bool is_malformed = ends_in(error, ":malformed");
  if (!is_malformed && (error.kind != ErrorKind::Denied || !ends_in(error, ":unauthorized"))) {
    return false;
  }
  const auto account = session.fetch_account();
  return account ? account->status != "valid"
                 : account.error().kind == ErrorKind::Denied ||
                       (is_malformed && ends_in(account.error(), ":malformed"));
}

Result<CertificateSetFacts> Attempt::obtain_all(acme::Session& session,
                                                const std::string& profile) {
  const World& world = tools_.world;
  const LoadedSet staged = load_set(world.store, Group::Staging, domain_, world.store.key());
  const CertificateSetFacts live =
      staged.kept.empty() ? CertificateSetFacts{} : world.live_facts(domain_);
  CertificateSetFacts result;
  for (const model::KeySpec& spec : domain_.settings.effective_key_specs()) {
    const CertificateFacts* const live_one = live.find(spec);
    if (live_one != nullptr && staged.kept.contains(spec.name())) {
      result.certificates.push_back(*live_one);  // it stays
      continue;
    }
    if (auto facts = still_good(staged, spec, domain_, world.clock.now())) {
      result.certificates.push_back(std::move(*facts));
      continue;
    }
    journal_.progress(fmt::format("Driving ACME to renew {} certificate for {}",
                                  model::label_of(spec), domain_.name));
    const auto replaced = replaced_.find(spec.name());
    OrderFlow flow(
        {world, domain_, ca_url_, profile,
         replaced == replaced_.end() || session.directory().renewal_info.empty() ? ""
                                                                                 : replaced->second,
         journal_, tools_.events, tools_.challenge_keys, session},
        spec);
    MD_ASSIGN_OR_RETURN(auto facts, flow.run());
    result.certificates.push_back(std::move(facts));
  }
  return result;
}

}  // namespace md::renewal
