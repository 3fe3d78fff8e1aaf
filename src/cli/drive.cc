// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <array>
#include <chrono>

#include "base/text.h"
#include "cli/certificate_commands.h"
#include "cli/domain_files.h"
#include "cli/domain_view.h"
#include "config/challenge_choice.h"
#include "renewal/account_book.h"
#include "renewal/activation.h"
#include "renewal/attempt.h"
#include "renewal/failure.h"
#include "renewal/notify.h"
#include "renewal/staged_set.h"
#include "store/domain_lock.h"

/// drive: see certificate_commands.h.
namespace md::cli {
namespace {

using json::Value;
using store::Durability;
using store::Group;

// The activator of a running server looks every second, or more often.
constexpr std::chrono::milliseconds kLook{100};
constexpr int kLooks = 25;

/// As the server chooses, with httpd at the ports that CAs ask. Nothing is possible where a type is
/// asked for that nobody knows.
Result<std::vector<model::ChallengeType>> choose(const Drive& wanted,
                                                 const model::ManagedDomain& domain,
                                                 const model::DnsName& name) {
  constexpr std::array<std::uint16_t, 2> kPorts{80, 443};
  if (!wanted.challenge.empty() && !model::challenge_type_named(wanted.challenge)) {
    return std::vector<model::ChallengeType>();
  }
  MD_ASSIGN_OR_RETURN(const auto chosen, config::choose_challenges(domain, kPorts));
  for (const config::NameChallenges& choice : chosen) {
    if (choice.name == name) {
      return choice.types;
    }
  }
  return fail(ErrorKind::Internal,
              fmt::format("{} is no name that an order of {} has", name.text(), domain.name));
}

/// The domain with what the command line says for this time.
model::ManagedDomain as_asked(const Session& session, const Drive& wanted,
                              const model::ManagedDomain& stored) {
  model::ManagedDomain domain = stored;
  model::ResolvedSettings& settings = domain.settings;
  if (settings.ca_certificate_file.empty()) {
    settings.ca_certificate_file = session.options.ca_certificate_file;
  }
  if (settings.http_proxy.empty()) {
    settings.http_proxy = session.options.proxy;
  }
  if (const auto type = model::challenge_type_named(wanted.challenge)) {
    settings.challenges = {*type};
  }
  return domain;
}

/// What md.json has to say before a CA can be asked.
Status check_authority(const store::DomainRecord& record) {
  const Value authority = record.document.get("ca");
  const std::string protocol = authority.get("proto").as_string().value_or("ACME");
  if (!equals_ignoring_case(protocol, "ACME") && !equals_ignoring_case(protocol, "tailscale")) {
    return fail(ErrorKind::InvalidInput,
                fmt::format("Unknown CA protocol: '{}'; known are ACME and tailscale",
                            printable(protocol, 80)));
  }
  if (authority.get("urls").as_strings().empty() && record.ca_url.empty()) {
    return fail(ErrorKind::InvalidInput,
                fmt::format("The managed domain {} is missing MDCertificateAuthority: `a2md update "
                            "{} ca <url>` names one",
                            record.name, record.name));
  }
  return {};
}

/// Is there an account at the CA already, whoever has made it?
bool has_account(const store::FileStore& store, const std::string& ca_url) {
  for (const Group group : {Group::Accounts, Group::Staging}) {
    for (const std::string& folder : store.folders(group).value_or({})) {
      const auto text = store.load(group, folder, store::kAccountFile);
      const auto account = text ? store::parse_account(*text, folder) : text.error();
      if (account && account->ca_url == ca_url && account->status == "valid") {
        return true;
      }
    }
  }
  return false;
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
  DomainDrive(Session& session, const Drive& wanted, const DomainView& view,
              const model::ManagedDomain& domain)
      : session_(session),
        wanted_(wanted),
        view_(view),
        domain_(domain),
        progress_(session),
        journal_(renewal::JobJournal::load(session.store, session.clock, progress_, domain.name)) {}

  Status obtain() {
    renewal::forget_failing_command(journal_.job);
    journal_.job.last_run = session_.clock.now();
    journal_.job.finished = false;
    journal_.note("starting", {}, "a2md drive");
    MD_TRY_CONTEXT(journal_.save(Durability::Synced), "note the attempt");
    const auto staged = attempt();
    if (!staged) {
      Error error = failed(staged.error());
      MD_TRY(drop_job(Group::Staging));
      return error;
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
      MD_TRY(drop_job(Group::Domains));
    }
    return keep_settings();
  }

 private:
  /// The job is the server's. Where it had none, there is none when all is done.
  Status drop_job(Group group) {
    return view_.has_job ? Status()
                         : session_.store.remove_file(group, domain_.name, store::kJobFile);
  }
  /// Has a server of this module ever used the store?
  [[nodiscard]] bool may_be_served() const {
    const auto files = session_.store.files_at_root("served");
    return files && !files->empty();
  }
  [[nodiscard]] bool is_staged() const {
    return renewal::has_all_files(session_.store, Group::Staging, domain_);
  }

  Result<renewal::CertificateSetFacts> attempt() {
    const renewal::World world{
        .store = session_.store,
        .clock = session_.clock,
        .random = session_.random,
        .waiter = session_.waiter,
        .commands = session_.commands,
        .logger = session_.logger,
        .choose_challenges = [this](const auto& domain,
                                    const auto& name) { return choose(wanted_, domain, name); },
        .live_facts = [this](const auto&) { return view_.facts.live; },
        .live_account = [this](const auto&) { return view_.record.account; }};
    renewal::Events events(session_.commands, session_.clock, session_.waiter, session_.logger);
    renewal::AccountBook accounts(session_.store, session_.store.key(), session_.logger,
                                  session_.store.path_of(store::kLockFolder));
    renewal::ChallengeKeys challenge_keys(session_.store.key());
    acme::NoncePool nonces;
    const renewal::AttemptTools tools{world,          events, accounts,
                                      challenge_keys, nonces, session_.http};
    const std::string& ca_url = renewal::authority_for(domain_.settings, journal_.job.errors).url;
    MD_TRY_CONTEXT(renewal::stage_domain(world, domain_, ca_url), "stage md.json");
    MD_TRY(check_contact(ca_url));
    return renewal::make_driver(tools, domain_, ca_url, journal_, {})->run();
  }

  /// mod_md makes no account without a contact. Most CAs do: --no-contact.
  [[nodiscard]] Status check_contact(const std::string& ca_url) const {
    const bool is_needed = domain_.settings.protocol == model::CertificateProtocol::Acme;
    if (!is_needed || wanted_.no_contact || !renewal::contacts_of(domain_).empty() ||
        has_account(session_.store, ca_url)) {
      return {};
    }
    return fail(
        ErrorKind::InvalidInput,
        fmt::format("{}, or by `a2md update {} contacts <address>`; drive --no-contact does "
                    "without",
                    renewal::note_without_contact(domain_), domain_.name));
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
  const Drive& wanted_;
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

void tell(Session& session, const std::string& words) {
  if (session.progress) {
    session.progress(words);
  } else {
    session.logger.info({}, words);
  }
}

Status drive_one(Session& session, const Drive& wanted, const store::DomainRecord& record) {
  MD_ASSIGN_OR_RETURN(const store::FileLock lock, lock_domain(session.store, record.name));
  MD_ASSIGN_OR_RETURN(DomainView view, view_of(session, record));
  const model::ManagedDomain domain = as_asked(session, wanted, view.domain);
  if (wanted.reset || (wanted.force && view.facts.staged_complete)) {
    MD_TRY(session.store.remove_folder(Group::Staging, domain.name));
    view.facts.staged_complete = false;
    view.has_job = false;
  }
  const std::string idle = why_not(view, domain, session.clock.now());
  if (!wanted.force && !view.facts.staged_complete && !idle.empty()) {
    tell(session, fmt::format("{}: nothing to do: {}", domain.name, printable(idle)));
    return {};
  }
  MD_TRY(check_authority(record));
  DomainDrive driving(session, wanted, view, domain);
  if (!view.facts.staged_complete) {
    MD_TRY(driving.obtain());
  }
  MD_TRY(driving.install());
  tell(session, fmt::format("{}: the new certificate is installed", domain.name));
  return {};
}

}  // namespace

Result<Answer> drive(Session& session, const Drive& wanted) {
  MD_ASSIGN_OR_RETURN(const DomainViews all, views_of(session, wanted.names));
  if (!all.flaws.empty() && !wanted.names.empty()) {
    return all.flaws.front();
  }
  std::vector<Error> failures = all.flaws;
  for (const DomainView& view : all.views) {
    if (const Status driven = drive_one(session, wanted, view.record); !driven) {
      failures.push_back(with_context(driven.error(), "drive " + view.domain.name));
    }
  }
  for (std::size_t i = 1; i < failures.size(); ++i) {
    session.logger.error({}, failures[i].message);
  }
  return failures.empty() ? Result<Answer>(Answer()) : failures.front();
}

}  // namespace md::cli
