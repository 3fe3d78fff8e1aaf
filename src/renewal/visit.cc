// SPDX-License-Identifier: Apache-2.0
#include "renewal/visit.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "base/text.h"
#include "renewal/backoff.h"
#include "renewal/failure.h"
#include "renewal/order_flow.h"
#include "renewal/staged_set.h"
#include "store/documents.h"

namespace md::renewal {
namespace {

using std::chrono::seconds;
using store::Durability;
using store::Group;

constexpr LogId kSetUp{10059};
constexpr LogId kAttemptFailed{10056};
constexpr LogId kNextRun{10057};
constexpr LogId kPutOff{10060};
constexpr LogId kCommandFailed{10109};

// The activator works within a second, its successor too if it has died; children learn of the new
// set within 200 ms more.
constexpr int kActivationPatience = 10;
constexpr int kAftermathPatience = 1;
constexpr seconds kLook{1};
constexpr seconds kFirstLookAtStaged{2};
// CAs date certificates back, Let's Encrypt by an hour.
constexpr std::chrono::minutes kDatedBack{70};
constexpr std::chrono::hours kErroredInterval{1};
constexpr std::chrono::minutes kLongestSpread{10};

/// Tells one live set from the next.
std::string identity_of(const CertificateSetFacts& live) {
  return live.certificates.empty() ? "none" : live.certificates.front().sha256_fingerprint;
}

/// `after` plus a duration that directives may make absurdly long.
TimePoint later(TimePoint now, std::chrono::duration<double> pause) {
  constexpr double kLongest = 366.0 * 24 * 3600;
  return now + std::chrono::duration_cast<std::chrono::milliseconds>(
                   std::chrono::duration<double>(std::min(pause.count(), kLongest)));
}

}  // namespace

Visit::Visit(VisitTools tools, const model::ManagedDomain& domain,
             std::optional<model::Job> unsaved)
    : tools_(std::move(tools)),
      world_(tools_.world),
      domain_(domain),
      journal_(unsaved ? JobJournal(world_.store, world_.clock, world_.logger, *std::move(unsaved))
                       : JobJournal::load(world_.store, world_.clock, world_.logger, domain.name)),
      notices_(world_, tools_.events, domain, journal_) {}

std::optional<model::Job> Visit::unsaved_job() const {
  return journal_.is_unsaved() ? std::optional(journal_.job) : std::nullopt;
}

TimePoint Visit::run() {
  request_ = tools_.requests.load(domain_.name);
  advice_ = tools_.advice.load(domain_);
  for (int looks = 0;; ++looks) {
    if (look_at_staging() == Staged::Complete) {
      return rest_while_staged();
    }
    const CertificateSetFacts live = world_.live_facts(domain_);
    if (request_ && !request_->replacing.empty() && request_->replacing != identity_of(live)) {
      finish_if_unfinished(live);  // it was done when the process died
      end_request();
    }
    const RenewalDecision decision = decide_with_advice(live);
    world_.logger.debug(fmt::format("{}: {}", domain_.name, decision.reason));
    if (decision.action != RenewalDecision::Action::Renew) {
      return rest(decision, live);
    }
    // What was staged a moment ago may be going live in this one: a second order would be one too
    // many.
    if (looks >= seconds_to_wait_for_activation(live)) {
      const TimePoint next = attempt(decision.reason, live);
      // Each look at a domain whose renewal fails is an attempt: there is no other time to tell.
      const auto again = journal_.job.finished ? std::nullopt : notices_.deliver(is_expiring(live));
      return again ? std::min(next, *again) : next;
    }
    if (!world_.waiter.get().wait_for(kLook)) {
      return world_.clock.now() + kLook;
    }
  }
}

/// A set that is complete is finished and told about, whoever has staged it.
Visit::Staged Visit::look_at_staging() {
  if (!has_all_files(world_.store, Group::Staging, domain_)) {
    return Staged::Nothing;
  }
  const CertificateSetFacts staged =
      completed_facts(load_set(world_.store, Group::Staging, domain_, world_.store.key()),
                      world_.live_facts(domain_), domain_);
  if (!staged.is_complete()) {
    // Broken, or on its way to become live.
    world_.logger.debug(
        fmt::format("{}: staged certificates are of no use: {}", domain_.name, staged.flaw));
    return Staged::Nothing;
  }
  if (!journal_.job.finished) {
    finish(staged);
  }
  end_request();  // nothing newer could be had
  return Staged::Complete;
}

/// Is the set that this job has brought the live one? Also where the configuration asks for more by
/// now, as for one more name.
bool Visit::is_live(const CertificateSetFacts& live) const {
  const auto overlap = live.overlap();
  return overlap && journal_.job.valid_from == overlap->from;
}

/// Did a process die after its last certificate was staged and before it could say so? Then the
/// live set is younger than the attempt.
bool Visit::died_before_the_end(const CertificateSetFacts& live) const {
  const model::Job& job = journal_.job;
  const auto overlap = live.overlap();
  return !job.finished && job.last_run && !next_attempt(job) && live.is_complete() && overlap &&
         overlap->from + kDatedBack > *job.last_run;
}

void Visit::finish_if_unfinished(const CertificateSetFacts& live) {
  if (died_before_the_end(live)) {
    finish(live);
  }
}

int Visit::seconds_to_wait_for_activation(const CertificateSetFacts& live) const {
  const model::Job& job = journal_.job;
  if (!world_.activates_live || !job.last_run) {
    return 0;
  }
  if (job.finished) {
    return is_live(live) ? 0 : kActivationPatience;
  }
  // An attempt that neither failed nor has an order under way ended in the middle of something.
  const bool failed = next_attempt(job).has_value();
  return failed || world_.store.exists(Group::Staging, domain_.name, store::kOrderFile)
             ? 0
             : kAftermathPatience;
}

RenewalFacts Visit::facts_of_now(const CertificateSetFacts& live) const {
  RenewalFacts facts;
  facts.live = live;
  facts.revoked = world_.is_revoked && world_.is_revoked(domain_);
  facts.requested = request_;
  facts.advices = advice_.advices();
  facts.issuing_ca = world_.issuing_ca ? world_.issuing_ca(domain_) : "";
  const std::string& ca_url = authority_for(domain_.settings, failed_attempts(journal_.job)).url;
  if (const auto until = tools_.holds.held_until(ca_url, world_.clock.now())) {
    facts.hold = CaHold{ca_url, *until};
  }
  return facts;
}

RenewalDecision Visit::decide(const CertificateSetFacts& live) const {
  model::Job job = journal_.job;
  forget_failing_command(job);
  // A finished job counts as long as it has something to say: see
  // beware_of_a_set_that_is_due_at_once.
  job.finished = job.finished && !job.next_run;
  return decide_renewal(domain_, facts_of_now(live), job, world_.clock.now());
}

/// The CA is asked for its advice where nothing is to be done without: one that is away holds up no
/// renewal that is due.
RenewalDecision Visit::decide_with_advice(const CertificateSetFacts& live) {
  RenewalDecision decision = decide(live);
  const bool is_heeded = domain_.settings.renew_via_ari == model::Switch::On &&
                         domain_.settings.protocol == model::CertificateProtocol::Acme &&
                         !domain_.is_static() && supervision_of(domain_).watched;
  if (!is_heeded || decision.action != RenewalDecision::Action::Nothing) {
    return decision;
  }
  const std::string& any_ca = domain_.settings.authorities.front().url;
  const bool asked = tools_.advice.ask(domain_, live, advice_,
                                       {tools_.http, world_.clock, world_.waiter,
                                        tools_.nonces_for(any_ca), route_of(domain_.settings)});
  return asked ? decide(live) : decision;
}

TimePoint Visit::next_regular_check() const {
  const std::chrono::duration<double> interval = domain_.settings.check_interval;
  return later(world_.clock.now(), interval * (0.5 + world_.random.uniform()));
}

TimePoint Visit::rest(const RenewalDecision& decision, const CertificateSetFacts& live) {
  finish_if_unfinished(live);
  TimePoint next = next_regular_check();
  if (const auto ask_at = tools_.advice.next_question(domain_, live, advice_);
      ask_at && *ask_at > world_.clock.now()) {
    next = std::min(next, *ask_at);
  }
  if (const auto again = notices_.deliver(is_expiring(live))) {
    next = std::min(next, *again);
  }
  const TimePoint now = world_.clock.now();
  if (decision.held_back) {
    return std::min(next, stay_away_from_ca(decision));
  }
  if (decision.next_check < now + domain_.settings.check_interval) {
    return std::min(next, decision.next_check);
  }
  const auto renew_at = renewal_due(domain_, facts_of_now(live), now).renew_at;
  return renew_at && *renew_at > now ? std::min(next, *renew_at) : next;
}

/// Told by what another domain met. It is no error of this one, but its job shows it. When to look
/// again: not all of them in the same moment.
TimePoint Visit::stay_away_from_ca(const RenewalDecision& decision) {
  if (journal_.job.last.activity != decision.reason) {
    journal_.job.last.activity = decision.reason;
    world_.logger.info({}, fmt::format("{}: {}", domain_.name, decision.reason));
    save();
  }
  const auto pause = decision.next_check - world_.clock.now();
  const std::chrono::duration<double> spread =
      std::min<std::chrono::duration<double>>(pause / 10, kLongestSpread);
  return later(decision.next_check, spread * world_.random.uniform());
}

/// A complete set waits for activation: should it be refused, the renewal starts over soon. Looks
/// that grow rarer, so that one that waits for days is no work (SE-13).
TimePoint Visit::rest_while_staged() {
  TimePoint next = next_regular_check();
  if (const auto again = notices_.deliver()) {
    next = std::min(next, *again);
  }
  if (world_.activates_live) {
    const TimePoint now = world_.clock.now();
    const auto since = journal_.job.last_logged(kFinishedEntry).value_or(now);
    const auto age = std::max(now - since, TimePoint::duration::zero());
    next = std::min(next, now + std::max<TimePoint::duration>(age / 2, kFirstLookAtStaged));
  }
  return next;
}

/// When to look again instead, where it cannot be begun.
std::optional<TimePoint> Visit::begin_request(const CertificateSetFacts& live) {
  const Status noted =
      request_ ? tools_.requests.note_begin(domain_.name, identity_of(live), *request_) : Status();
  if (noted) {
    return std::nullopt;
  }
  world_.logger.warning({}, fmt::format("{}: the renewal that was asked for is not begun: {}",
                                        domain_.name, noted.error().message));
  return next_regular_check();
}

/// What was asked for is there.
void Visit::end_request() {
  if (request_) {
    tools_.requests.finish(domain_.name, *request_);
    request_.reset();
  }
}

TimePoint Visit::attempt(const std::string& reason, const CertificateSetFacts& live) {
  if (const auto wait = begin_request(live)) {
    return *wait;
  }
  world_.logger.info({}, fmt::format("{}: renewing, since {}", domain_.name, reason));
  const Status allowed = tools_.events.send(domain_, "renewing", journal_.job);
  if (!allowed) {
    return put_off(allowed.error());
  }
  begin_attempt(reason);
  const RenewalFacts facts = facts_of_now(live);
  const RenewalDue due = renewal_due(domain_, facts, world_.clock.now());
  cause_ =
      due.cause == RenewalDue::Cause::Advice ? AdviceDesk::Cause::Advice : AdviceDesk::Cause::Ours;
  const std::string ca_url = authority_for(domain_.settings, failed_attempts(journal_.job)).url;
  attempted_ca_ = ca_url;
  const TimePoint begun = world_.clock.now();
  // Where nothing can be noted, nothing can be staged: the CA is not bothered.
  Result<CertificateSetFacts> staged = CertificateSetFacts{};
  Status saved = journal_.save(Durability::Synced);
  if (saved) {
    kept_ = certificates_to_keep(domain_, facts, world_.clock.now());
    saved = save_kept(world_.store, domain_.name, *kept_);
  }
  if (!saved) {
    staged = with_context(std::move(saved).error(), "note the attempt");
  } else {
    const AttemptTools tools{world_,
                             tools_.events,
                             tools_.accounts,
                             tools_.challenge_keys,
                             tools_.nonces_for(ca_url),
                             tools_.http};
    staged = make_driver(tools, domain_, ca_url, journal_, to_be_replaced(live, ca_url))->run();
  }
  report_attempt(ca_url, staged ? nullptr : &staged.error(), begun);
  if (!staged) {
    return record_failure(staged.error(), ca_url, live);
  }
  finish(*staged);
  return rest_while_staged();
}

void Visit::report_attempt(const std::string& ca_url, const Error* error, TimePoint begun) const {
  if (!world_.report_attempt || (error != nullptr && error->kind == ErrorKind::Stopped)) {
    return;
  }
  AttemptReport report{ca_url, "", {}};
  if (error != nullptr) {
    report.failure = error->problem && !error->problem->type.empty()
                         ? error->problem->type
                         : result_of(*error, "").status_description;
  }
  report.took =
      std::max(std::chrono::duration_cast<std::chrono::milliseconds>(world_.clock.now() - begun),
               std::chrono::milliseconds(0));
  world_.report_attempt(report);
}

void Visit::begin_attempt(const std::string& reason) {
  model::Job& job = journal_.job;
  forget_failing_command(job);
  job.last_run = world_.clock.now();
  job.next_run.reset();
  job.finished = false;
  job.notified = false;
  job.notified_renewed = false;
  job.valid_from.reset();
  job.last = model::JobResult{};
  journal_.note("starting", {}, reason);
}

/// The administrator's command says no: the CA hears nothing of it, and no error is counted
/// (CH-22).
TimePoint Visit::put_off(const Error& error) {
  if (error.kind == ErrorKind::Stopped) {
    return world_.clock.now() + kLook;
  }
  world_.logger.warning(kCommandFailed,
                        fmt::format("{}: the renewal is put off: {}", domain_.name, error.message));
  model::Job& job = journal_.job;
  const model::JobResult denied = result_of(error, "");
  if (job.errors == 0) {  // otherwise the job tells why attempts fail
    job.last = denied;
  }
  if (job.log.empty() || job.log.front().type != kMessageErrorEntry ||
      job.log.front().detail != denied.problem.detail) {
    journal_.note(kMessageErrorEntry, denied.problem.type, denied.problem.detail);
  }
  world_.logger.info(kPutOff, fmt::format("{}: the renewal waits for MDMessageCmd, which is asked "
                                          "again at the next regular check",
                                          domain_.name));
  save();
  return next_regular_check();
}

/// The set is whole. From now on the job says so; nothing but the files is needed for activation.
void Visit::finish(const CertificateSetFacts& staged) {
  model::Job& job = journal_.job;
  const auto overlap = staged.overlap();
  job.finished = true;
  forget_failing_command(job);
  notices_.expect();
  job.valid_from = overlap ? std::optional(overlap->from) : std::nullopt;
  job.next_run.reset();
  job.last = model::JobResult{};
  const std::string since = overlap ? format_http_date(overlap->from) : "unknown";
  journal_.note("progress", {},
                fmt::format("The certificate for the managed domain has been renewed successfully "
                            "and can be used (valid since {}).",
                            since));
  journal_.note(kFinishedEntry);
  beware_of_a_set_that_is_due_at_once(staged);
  // Left by a death after the last certificate.
  if (auto removed = world_.store.remove_file(Group::Staging, domain_.name, store::kOrderFile);
      !removed) {
    world_.logger.debug(removed.error().message);
  }
  save();
  end_request();
  note_issue(staged);
  std::string when = "changes will be activated on next (graceful) server restart.";
  if (world_.activates_live) {
    const auto delay = world_.live_facts(domain_).is_usable(world_.clock.now())
                           ? std::chrono::duration_cast<Duration>(domain_.settings.activation_delay)
                           : Duration(0);
    when = delay > Duration(0)
               ? fmt::format("its new certificate goes live {} after its issue, without a restart.",
                             describe_duration(delay))
               : "its new certificate goes live now, without a restart.";
  }
  world_.logger.notice(
      kSetUp, fmt::format("The Managed Domain {} has been setup and {}", domain_.name, when));
  notices_.deliver();
}

/// Of the CA to ask for advice about the new certificates.
void Visit::note_issue(const CertificateSetFacts& issued) {
  std::string ca_url = attempted_ca_;
  if (ca_url.empty()) {  // somebody else's attempt
    const auto text = world_.store.load(Group::Staging, domain_.name, store::kDomainFile);
    const auto record = text ? store::parse_domain(*text, "staged md.json")
                             : Result<store::DomainRecord>(text.error());
    ca_url = record ? record->ca_url : "";
  }
  // Those that stay are of whichever CA they were.
  const KeptCertificates kept = kept_ ? *kept_ : load_kept(world_.store, domain_.name);
  CertificateSetFacts fresh;
  for (const CertificateFacts& certificate : issued.certificates) {
    const auto stays = kept.find(certificate.spec.name());
    if (stays == kept.end() || stays->second != certificate.sha256_fingerprint) {
      fresh.certificates.push_back(certificate);
    }
  }
  if (!ca_url.empty()) {
    tools_.advice.note_issue(domain_, fresh, ca_url, cause_);
  }
}

/// A CA knows what it has issued, and nothing else (RFC 9773 §5).
Replaced Visit::to_be_replaced(const CertificateSetFacts& live, const std::string& ca_url) const {
  Replaced replaced;
  if (domain_.settings.renew_via_ari == model::Switch::Off || domain_.is_static()) {
    return replaced;
  }
  for (const CertificateFacts& certificate : live.certificates) {
    const std::string& id = certificate.ari_cert_id;
    const bool is_refused = std::ranges::any_of(journal_.job.log, [&](const auto& entry) {
      return entry.type == kReplacesRefused && entry.detail == id;
    });
    if (!id.empty() && !is_refused && tools_.advice.issuer_of(domain_, advice_, id) == ca_url) {
      replaced.emplace(certificate.spec.name(), id);
    }
  }
  return replaced;
}

/// A CA that does not do what it is asked for (must-staple, say) would be asked again and again:
/// one alarm, and a delay that grows (AC-40).
void Visit::beware_of_a_set_that_is_due_at_once(const CertificateSetFacts& staged) {
  model::Job& job = journal_.job;
  RenewalFacts facts;
  facts.live = staged;
  const RenewalDue due = renewal_due(domain_, facts, world_.clock.now());
  if (!due.due) {
    job.errors = 0;
    return;
  }
  ++job.errors;
  const Duration delay = delay_after_failure(nullptr, staged);
  job.next_run = world_.clock.now() + delay;
  world_.logger.warning(
      {}, fmt::format("{}: the new certificate would be due for renewal at once: {}; the CA is not "
                      "asked again within {}",
                      domain_.name, due.reason, describe_duration(delay)));
}

Duration Visit::delay_after_failure(const Error* error, const CertificateSetFacts& live) const {
  BackoffFacts facts;
  facts.errors = failed_attempts(journal_.job);
  facts.retry_delay = domain_.settings.retry_delay;
  const TimePoint now = world_.clock.now();
  const auto overlap = live.overlap();
  if (live.is_complete() && overlap && overlap->until > now) {
    facts.lifetime_left = std::chrono::duration_cast<Duration>(overlap->until - now);
  }
  if (error != nullptr) {
    facts.permanent = is_permanent(*error);
    facts.retry_after = error->retry_after;
  }
  return retry_delay_after(facts, world_.random.uniform());
}

TimePoint Visit::record_failure(const Error& error, const std::string& ca_url,
                                const CertificateSetFacts& live) {
  if (error.kind == ErrorKind::Stopped) {
    // No failure: the next process goes on where this one stands.
    save();
    return world_.clock.now() + kLook;
  }
  if (const auto hold = hold_for_all(error, domain_)) {
    tools_.holds.note(ca_url, world_.clock.now() + *hold, world_.clock.now());
  }
  model::Job& job = journal_.job;
  ++job.errors;
  const Duration delay = delay_after_failure(&error, live);
  const TimePoint next = world_.clock.now() + delay;
  const std::string activity = job.last.activity;
  const auto failed_command = !job.log.empty() && job.log.front().type == kMessageErrorEntry
                                  ? std::optional(job.log.front())
                                  : std::nullopt;
  const std::string failure = describe_failure(error);
  job.last = result_of(error, activity);
  job.next_run = next;
  journal_.note("renewal-error", job.last.problem.type,
                error.problem && !error.problem->detail.empty() ? error.problem->detail : failure);
  world_.logger.error(
      kAttemptFailed,
      fmt::format("{}: renewal at CA {} failed: {}; last step: {}; next try at {}, in {}",
                  domain_.name, ca_url, failure, printable(activity), format_http_date(next),
                  describe_duration(delay)));
  world_.logger.info(
      kNextRun, fmt::format("{}: {} error{} in a row, next run at {}", domain_.name, job.errors,
                            job.errors == 1 ? "" : "s", format_http_date(next)));
  tell_of_failure(failed_command);
  save();
  return next;
}

/// Where MDMessageCmd has made the attempt fail and refuses to hear of it, the job says that it is
/// the command which has to be mended.
void Visit::tell_of_failure(const std::optional<model::JobLogEntry>& failed_command) {
  model::Job& job = journal_.job;
  const auto before = job.last_logged("message-errored");
  tools_.events.send_at_most(domain_, "errored", kErroredInterval, job);
  const TimePoint now = world_.clock.now();
  const bool was_owed = !before || *before > now || now - *before >= kErroredInterval;
  if (failed_command && was_owed && job.last_logged("message-errored") == before) {
    job.last.problem = {failed_command->status, failed_command->detail, 0, {}};
  }
}

bool Visit::is_expiring(const CertificateSetFacts& live) const {
  const auto overlap = live.overlap();
  return live.is_complete() && overlap &&
         overlap->until - world_.clock.now() <= domain_.settings.warn_window.of(overlap->length());
}

void Visit::save() {
  if (auto saved = journal_.save(Durability::Synced); !saved) {
    world_.logger.error(
        {}, fmt::format("{}: its job cannot be saved: {}", domain_.name, saved.error().message));
  }
}

}  // namespace md::renewal
