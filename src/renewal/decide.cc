// SPDX-License-Identifier: Apache-2.0
#include "renewal/decide.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdint>

#include "base/text.h"
#include "model/key_label.h"
#include "renewal/backoff.h"

namespace md::renewal {
namespace {

using std::chrono::ceil;
using std::chrono::floor;
using std::chrono::minutes;
using std::chrono::seconds;

// A clock that is adjusted by less than this was not set back.
constexpr Duration kClockTolerance = minutes(5);
constexpr int kChecksPerLifetime = 100;
constexpr int kRestsPerLifetime = 20;
constexpr int kSpreadOfWindow = 20;
constexpr Duration kShortLifetime = std::chrono::days(10);
// Also keeps absurd settings within what a TimePoint can hold.
constexpr Duration kLongestPause = std::chrono::days(365);

std::string label(const CertificateFacts& certificate) {
  return fmt::format("certificate({})", model::label_of(certificate.spec));
}

bool is_on(model::Switch setting) {
  return setting == model::Switch::On;
}

/// How long before its end a certificate of that lifetime is renewed: see RenewalDue.
Duration effective_window(const model::Window& window, Duration lifetime) {
  if (lifetime <= Duration(0)) {
    return Duration(0);
  }
  if (lifetime < kShortLifetime && window == model::Window::percent(33)) {
    return lifetime / 2;
  }
  const Duration configured = window.of(lifetime);
  if (configured >= lifetime) {
    return lifetime / 3;
  }
  return std::min(configured, lifetime - lifetime / kRestsPerLifetime);
}

TimePoint renew_time_of(const model::ManagedDomain& domain, const CertificateFacts& certificate) {
  const model::Validity& validity = certificate.validity;
  return validity.until - effective_window(domain.settings.renew_window, validity.length());
}

/// When to renew on the CA's advice; nullopt without any.
std::optional<TimePoint> advised_time_of(const CertificateFacts& certificate,
                                         const CaAdvices& advices, TimePoint now) {
  const auto found = advices.by_certificate.find(certificate.ari_cert_id);
  if (certificate.ari_cert_id.empty() || found == advices.by_certificate.end()) {
    return std::nullopt;
  }
  const bool was_followed = advices.followed && *advices.followed <= now;
  const TimePoint earliest =
      was_followed ? *advices.followed + certificate.validity.length() / kRestsPerLifetime
                   : TimePoint{};
  return std::max(found->second.renew_at, earliest);
}

/// Which certificate is to be renewed first, when, and by whose word.
struct Appointment {
  TimePoint when{};
  const CertificateFacts* certificate{nullptr};
  RenewalDue::Cause cause{RenewalDue::Cause::Window};
};

Appointment first_appointment(const model::ManagedDomain& domain, const RenewalFacts& facts,
                              TimePoint now) {
  Appointment first;
  const auto consider = [&](TimePoint when, const CertificateFacts& certificate,
                            RenewalDue::Cause cause) {
    if (first.certificate == nullptr || when < first.when) {
      first = {when, &certificate, cause};
    }
  };
  for (const CertificateFacts& certificate : facts.live.certificates) {
    consider(renew_time_of(domain, certificate), certificate, RenewalDue::Cause::Window);
    const auto advised = advised_time_of(certificate, facts.advices, now);
    if (advised && is_on(domain.settings.renew_via_ari)) {
      consider(*advised, certificate, RenewalDue::Cause::Advice);
    }
  }
  return first;
}

std::string advice_words(const Appointment& appointment, const CaAdvices& advices) {
  const CaAdvice& advice = advices.by_certificate.at(appointment.certificate->ari_cert_id);
  return fmt::format("the CA advises to renew {} at {}{}", label(*appointment.certificate),
                     format_http_date(advice.renew_at),
                     advice.explanation_url.empty()
                         ? ""
                         : fmt::format(" (see {})", printable(advice.explanation_url)));
}

std::optional<std::string> expired(const CertificateFacts& certificate, TimePoint now) {
  if (now < certificate.validity.until) {
    return std::nullopt;
  }
  return fmt::format("{} has expired on {}", label(certificate),
                     format_http_date(certificate.validity.until));
}

/// Is it of a CA that is not configured any more (spec/store.md: a renewal follows)?
std::optional<std::string> issued_elsewhere(const model::ManagedDomain& domain,
                                            const RenewalFacts& facts,
                                            const CertificateFacts& certificate) {
  const auto& authorities = domain.settings.authorities;
  const auto known = facts.advices.issuers.find(certificate.ari_cert_id);
  const std::string& issuer =
      known != facts.advices.issuers.end() ? known->second : facts.issuing_ca;
  if (issuer.empty() || authorities.empty() || domain.is_static() ||
      std::ranges::find(authorities, issuer, &model::CertificateAuthority::url) !=
          authorities.end()) {
    return std::nullopt;
  }
  return fmt::format("{} is of {}, which is not configured any more", label(certificate), issuer);
}

/// Why the certificate does not fit the configuration.
std::optional<std::string> misfit(const model::ManagedDomain& domain,
                                  const CertificateFacts& certificate) {
  if (const auto name = name_not_covered(domain, certificate)) {
    return fmt::format("{} does not cover {}", label(certificate), *name);
  }
  // tailscaled cannot be asked for it; the start has warned.
  const bool is_a_choice = domain.settings.protocol != model::CertificateProtocol::Tailscale;
  if (is_a_choice && is_on(domain.settings.must_staple) != certificate.must_staple) {
    return certificate.must_staple
               ? fmt::format("{} demands stapling, but MDMustStaple is off", label(certificate))
               : fmt::format("{} does not demand stapling, but MDMustStaple is on",
                             label(certificate));
  }
  return std::nullopt;
}

/// Why the live set cannot stay as it is, whatever time is left; nullopt if it can.
std::optional<std::string> defect(const model::ManagedDomain& domain, const RenewalFacts& facts,
                                  TimePoint now) {
  if (!facts.live.is_complete()) {
    return state_of(facts.live, now).second;
  }
  for (const CertificateFacts& certificate : facts.live.certificates) {
    if (auto reason = expired(certificate, now)) {
      return reason;
    }
  }
  if (facts.revoked) {
    return "a certificate has been revoked";
  }
  for (const CertificateFacts& certificate : facts.live.certificates) {
    if (auto reason = misfit(domain, certificate)) {
      return reason;
    }
    if (auto reason = issued_elsewhere(domain, facts, certificate)) {
      return reason;
    }
  }
  return std::nullopt;
}

/// A number in [0, 1) that is the domain's own for these certificates, and the same in every
/// process (FNV-1a).
double own_share(const model::ManagedDomain& domain, const CertificateSetFacts& live) {
  std::uint64_t hash = 14695981039346656037U;
  const auto mix = [&](const std::string& text) {
    for (const char c : text) {
      hash = (hash ^ static_cast<unsigned char>(c)) * 1099511628211U;
    }
  };
  mix(domain.name);
  for (const CertificateFacts& certificate : live.certificates) {
    mix(certificate.serial);
  }
  constexpr double kSteps = 1U << 20U;
  return static_cast<double>(hash >> 44U) / kSteps;
}

/// When a renewal that is due by the window starts (PM-08): within a check interval, as mod_md's
/// would, so that who makes the window longer need not wait for days.
TimePoint own_start(const model::ManagedDomain& domain, const CertificateSetFacts& live,
                    TimePoint renew_at) {
  const auto overlap = live.overlap();
  if (!overlap || overlap->until <= renew_at) {
    return renew_at;
  }
  const std::chrono::duration<double> spread = std::min<std::chrono::duration<double>>(
      (overlap->until - renew_at) / kSpreadOfWindow, domain.settings.check_interval);
  return renew_at + std::chrono::duration_cast<Duration>(spread * own_share(domain, live));
}

/// How far away the next look may be.
Duration longest_pause(const model::ManagedDomain& domain, const CertificateSetFacts& live) {
  Duration pause = std::min<Duration>(ceil<seconds>(domain.settings.check_interval), kLongestPause);
  for (const CertificateFacts& certificate : live.certificates) {
    pause = std::min(pause, certificate.validity.length() / kChecksPerLifetime);
  }
  return std::max<Duration>(pause, seconds(1));
}

/// When the next attempt may start, where the job says so and can be believed.
std::optional<TimePoint> believable_next_run(const model::Job& job, TimePoint now) {
  const bool clock_was_set_back = job.last_run && *job.last_run > now + kClockTolerance;
  if (job.finished || clock_was_set_back || !job.next_run || *job.next_run <= now ||
      *job.next_run - now > kLongestDelay) {
    return std::nullopt;
  }
  return job.next_run;
}

std::string waiting_reason(const model::Job& job, TimePoint next_run, const std::string& due) {
  if (job.errors == 0) {
    return fmt::format("{}; put off until {}", due, format_http_date(next_run));
  }
  return fmt::format("{}; {} attempt{} failed, the next is at {}", due, job.errors,
                     job.errors == 1 ? "" : "s", format_http_date(next_run));
}

}  // namespace

Supervision supervision_of(const model::ManagedDomain& domain) {
  switch (domain.settings.renew_mode) {
    case model::RenewMode::Manual:
      return {false, "MDRenewMode is manual"};
    case model::RenewMode::Always:
      return {true, "MDRenewMode is always"};
    case model::RenewMode::Auto:
      break;
  }
  if (domain.is_static()) {
    return {false, "it has certificate files of its own"};
  }
  if (!domain.is_used) {
    return {false, "no virtual host uses it"};
  }
  return {true, "a virtual host uses it"};
}

RenewalDue renewal_due(const model::ManagedDomain& domain, const RenewalFacts& facts,
                       TimePoint now) {
  if (auto reason = defect(domain, facts, now)) {
    return {true, *std::move(reason), now, RenewalDue::Cause::Defect};
  }
  if (facts.requested) {
    return {true, "it was asked for (a2md renew)", now, RenewalDue::Cause::Request};
  }
  const Appointment first = first_appointment(domain, facts, now);
  if (now < first.when) {
    return {false, fmt::format("not due before {}", format_http_date(first.when)), first.when,
            first.cause};
  }
  if (first.cause == RenewalDue::Cause::Advice) {
    return {true, advice_words(first, facts.advices), first.when, first.cause};
  }
  const auto left = floor<seconds>(first.certificate->validity.until - now);
  return {true,
          fmt::format("{} expires in {}, the renew window is {}", label(*first.certificate),
                      describe_duration(left), domain.settings.renew_window.text()),
          first.when, first.cause};
}

RenewalDecision decide_renewal(const model::ManagedDomain& domain, const RenewalFacts& facts,
                               const model::Job& job, TimePoint now) {
  using Action = RenewalDecision::Action;
  const TimePoint latest_check = now + longest_pause(domain, facts.live);
  if (const Supervision supervision = supervision_of(domain);
      !supervision.watched && !facts.requested) {
    return {Action::Nothing, "not renewed: " + supervision.reason, latest_check};
  }
  if (facts.staged_complete) {
    return {Action::Wait, "a new certificate waits for its activation", latest_check};
  }
  RenewalDue due = renewal_due(domain, facts, now);
  if (!due.due) {
    return {Action::Nothing, std::move(due.reason), std::min(*due.renew_at, latest_check)};
  }
  if (due.cause == RenewalDue::Cause::Window) {
    const TimePoint start = own_start(domain, facts.live, *due.renew_at);
    if (now < start) {
      return {Action::Nothing,
              fmt::format("{}; its turn is at {}", due.reason, format_http_date(start)),
              std::min(start, latest_check)};
    }
  }
  const bool is_urgent = facts.requested && facts.requested->now;
  if (const auto next_run = believable_next_run(job, now); next_run && !is_urgent) {
    return {Action::Wait, waiting_reason(job, *next_run, due.reason),
            std::min(*next_run, latest_check)};
  }
  if (facts.hold && facts.hold->until > now) {
    return {Action::Wait,
            fmt::format("{}; CA {} asks to wait until {}", due.reason, facts.hold->ca_url,
                        format_http_date(facts.hold->until)),
            std::min(facts.hold->until, latest_check), true};
  }
  return {Action::Renew, std::move(due.reason), now};
}

std::pair<model::DomainState, std::string> state_of(const CertificateSetFacts& live,
                                                    TimePoint now) {
  if (!live.is_complete()) {
    return {model::DomainState::Incomplete,
            live.flaw.empty() ? "there is no certificate" : live.flaw};
  }
  for (const CertificateFacts& certificate : live.certificates) {
    if (auto reason = expired(certificate, now)) {
      return {model::DomainState::Expired, *std::move(reason)};
    }
  }
  return {model::DomainState::Complete, ""};
}

}  // namespace md::renewal
