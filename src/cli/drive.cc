// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <array>
#include <chrono>

#include "base/text.h"
#include "cli/certificate_commands.h"
#include "cli/domain_files.h"
#include "cli/domain_view.h"
#include "config/authorities.h"
#include "config/challenge_choice.h"
#include "renewal/activation.h"
#include "renewal/attempt.h"
#include "renewal/failure.h"
#include "renewal/staged_set.h"

/// drive: see certificate_commands.h.
namespace md::cli {
namespace {

using json::Value;
using store::Durability;
using store::Group;

// The activator of a running server looks every second, or more often.
constexpr std::chrono::milliseconds kLook{100};
constexpr int kLooks = 25;

/// As the server chooses, with httpd at the ports that CAs ask.
Result<std::vector<model::ChallengeType>> choose(const model::ManagedDomain& domain,
                                                 const model::DnsName& name) {
  constexpr std::array<std::uint16_t, 2> kPorts{80, 443};
  MD_ASSIGN_OR_RETURN(const auto chosen, config::choose_challenges(domain, kPorts));
  for (const config::NameChallenges& choice : chosen) {
    if (choice.name == name) {
      return choice.types;
    }
  }
  return fail(ErrorKind::Internal,
              fmt::format("{} is no name that an order of {} has", name.text(), domain.name));
}

/// The domain with what the command line says instead, for this time.
Result<model::ManagedDomain> as_asked(const Session& session, const Drive& wanted,
                                      const model::ManagedDomain& stored) {
  model::ManagedDomain domain = stored;
  model::ResolvedSettings& settings = domain.settings;
  const Options& options = session.options;
  if (!options.ca_urls.empty()) {
    settings.authorities.clear();
  }
  for (const std::string& text : options.ca_urls) {
    MD_ASSIGN_OR_RETURN(model::CertificateAuthority ca, config::parse_authority(text));
    settings.authorities.push_back(std::move(ca));
  }
  const auto replace = [](std::string& setting, const std::string& option) {
    setting = option.empty() ? setting : option;
  };
  replace(settings.ca_certificate_file, options.ca_certificate_file);
  replace(settings.http_proxy, options.proxy);
  replace(settings.agreement, options.terms);
  if (!wanted.challenge.empty()) {
    const auto type = model::challenge_type_named(wanted.challenge);
    if (!type) {
      return fail(ErrorKind::InvalidInput,
                  fmt::format("'{}' is no challenge: known are http-01, tls-alpn-01, dns-01",
                              printable(wanted.challenge, 80)));
    }
    settings.challenges = {*type};
  }
  return domain;
}

/// The journal's notes of what is being done, for whoever is watching too.
class ProgressLogger final : public Logger {
 public:
  explicit ProgressLogger(Session& session) : session_(session) {}
  void log(LogLevel level, LogId id, std::string_view message) override {
    if (level == LogLevel::Debug && session_.progress) {
      session_.progress(message);
    } else {
      session_.logger.log(level, id, message);
    }
  }
  [[nodiscard]] bool is_enabled(LogLevel level) const override {
    return session_.logger.is_enabled(level);
  }

 private:
  Session& session_;
};

/// One domain, with its lock held.
class DomainDrive {
 public:
  DomainDrive(Session& session, const DomainView& view, const model::ManagedDomain& domain)
      : session_(session),
        view_(view),
        domain_(domain),
        progress_(session),
        journal_(renewal::JobJournal::load(session.store, session.clock, progress_, domain.name)) {}

  Status obtain() {
    journal_.job.last_run = session_.clock.now();
    journal_.job.finished = false;
    journal_.note("starting", {}, "a2md drive");
    MD_TRY_CONTEXT(journal_.save(Durability::Synced), "note the attempt");
    const auto staged = attempt();
    if (!staged) {
      return failed(staged.error());
    }
    const auto valid = staged->overlap();
    journal_.job.finished = true;
    journal_.job.errors = 0;
    journal_.job.next_run.reset();
    journal_.job.valid_from = valid ? std::optional(valid->from) : std::nullopt;
    journal_.job.last = model::JobResult{};
    journal_.note(renewal::kFinishedEntry);
    MD_TRY(session_.store.remove_file(Group::Staging, domain_.name, store::kOrderFile));
    return journal_.save(Durability::Synced);
  }

  /// A running server that knows the domain does it by itself, and then serves it at once.
  Status install() {
    for (int look = 0; look < kLooks && is_staged() && may_be_served(); ++look) {
      if (!session_.waiter.wait_for(kLook)) {
        break;
      }
    }
    if (is_staged()) {
      MD_ASSIGN_OR_RETURN(
          const renewal::ActivationOutcome outcome,
          renewal::activate_staged(session_.store, domain_, renewal::ActivationMoment::AtStart,
                                   session_.clock.now()));
      if (outcome.kind != renewal::ActivationOutcome::Kind::Activated && is_staged()) {
        return fail(ErrorKind::Conflict,
                    "the new certificate is staged, and not installed: " + outcome.reason);
      }
    }
    return keep_settings();
  }

 private:
  /// Has a server of this module ever used the store?
  [[nodiscard]] bool may_be_served() const {
    const auto files = session_.store.files_at_root("served");
    return files && !files->empty();
  }
  [[nodiscard]] bool is_staged() const {
    return renewal::has_all_files(session_.store, Group::Staging, domain_);
  }

  Result<renewal::CertificateSetFacts> attempt() {
    const renewal::World world{.store = session_.store,
                               .clock = session_.clock,
                               .random = session_.random,
                               .waiter = session_.waiter,
                               .commands = session_.commands,
                               .logger = session_.logger,
                               .choose_challenges = choose,
                               .live_facts = [this](const auto&) { return view_.facts.live; }};
    renewal::Events events(session_.commands, session_.clock, session_.waiter, session_.logger);
    renewal::AccountBook accounts(session_.store, session_.store.key(),
                                  session_.store.path_of("locks"));
    renewal::ChallengeKeys challenge_keys(session_.store.key());
    acme::NoncePool nonces;
    const renewal::AttemptTools tools{world,          events, accounts,
                                      challenge_keys, nonces, session_.http};
    const std::string& ca_url = renewal::authority_for(domain_.settings, journal_.job.errors).url;
    return renewal::make_driver(tools, domain_, ca_url, journal_, {})->run();
  }

  /// For the server and `status` to show; its own count of failures stays.
  Error failed(const Error& error) {
    const std::string activity = journal_.job.last.activity;
    journal_.job.last = renewal::result_of(error, activity);
    journal_.note("renewal-error", error.problem ? error.problem->type : "", error.message);
    if (const Status saved = journal_.save(Durability::Synced); !saved) {
      session_.logger.warning({}, saved.error().message);
    }
    Error described = error;
    described.message = renewal::describe_failure(error);
    return described;
  }

  /// What the command line said was for this time: md.json goes on saying what it did, but for
  /// what the CA has added.
  Status keep_settings() {
    MD_ASSIGN_OR_RETURN(const store::DomainRecord live, find_domain(session_.store, domain_.name));
    store::DomainRecord record = view_.record;
    Value authority = record.document.get("ca");
    for (const char* member : {"account", "url"}) {
      if (const Value value = live.document.get("ca").get(member); !value.is_null()) {
        authority.set(member, value);
      }
    }
    record.document.set("ca", std::move(authority));
    record.document.set("state", static_cast<int>(model::DomainState::Complete));
    record.document.erase("state-descr");
    return save_domain(session_.store, record);
  }

  Session& session_;
  const DomainView& view_;
  const model::ManagedDomain& domain_;
  ProgressLogger progress_;
  renewal::JobJournal journal_;
};

/// Why there is nothing to do; empty if there is something.
std::string why_not(const DomainView& view, const model::ManagedDomain& domain, TimePoint now) {
  if (domain.is_static() && !renewal::supervision_of(domain).watched) {
    return renewal::supervision_of(domain).reason;
  }
  const renewal::RenewalDue due = renewal::renewal_due(domain, view.facts, now);
  return due.due ? "" : due.reason;
}

Value document_of(const std::string& name, bool renewed, const std::string& reason) {
  Value document = Value::object();
  document.set("name", name).set("renewed", renewed);
  if (!reason.empty()) {
    document.set("reason", reason);
  }
  return document;
}

Status drive_one(Session& session, const Drive& wanted, const store::DomainRecord& record,
                 Answer& answer) {
  MD_ASSIGN_OR_RETURN(const store::FileLock lock, lock_domain(session.store, record.name));
  MD_ASSIGN_OR_RETURN(DomainView view, view_of(session, record));
  MD_ASSIGN_OR_RETURN(const model::ManagedDomain domain, as_asked(session, wanted, view.domain));
  if (wanted.reset || (wanted.force && view.facts.staged_complete)) {
    MD_TRY(session.store.remove_folder(Group::Staging, domain.name));
    view.facts.staged_complete = false;
  }
  const std::string idle = why_not(view, domain, session.clock.now());
  if (!wanted.force && !view.facts.staged_complete && !idle.empty()) {
    answer.output.push_back(document_of(domain.name, false, idle));
    answer.text += fmt::format("{}: nothing to do: {}\n", domain.name, printable(idle));
    return {};
  }
  DomainDrive driving(session, view, domain);
  if (!view.facts.staged_complete) {
    MD_TRY(driving.obtain());
  }
  MD_TRY(driving.install());
  answer.output.push_back(document_of(domain.name, true, ""));
  answer.text += fmt::format("{}: the new certificate is installed\n", domain.name);
  return {};
}

}  // namespace

Result<Answer> drive(Session& session, const Drive& wanted) {
  MD_ASSIGN_OR_RETURN(const DomainViews all, views_of(session, wanted.names));
  if (!all.flaws.empty() && !wanted.names.empty()) {
    return all.flaws.front();
  }
  Answer answer;
  std::vector<Error> failures = all.flaws;
  for (const DomainView& view : all.views) {
    if (const Status driven = drive_one(session, wanted, view.record, answer); !driven) {
      failures.push_back(with_context(driven.error(), "drive " + view.domain.name));
    }
  }
  for (std::size_t i = 1; i < failures.size(); ++i) {
    session.logger.error({}, failures[i].message);
  }
  return failures.empty() ? Result<Answer>(std::move(answer)) : failures.front();
}

}  // namespace md::cli
