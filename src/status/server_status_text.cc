// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <iterator>

#include "base/text.h"
#include "status/server_status.h"

namespace md::status {
namespace {

/// Lines of one thing in a list: `ManagedDomain[3]Status: good`.
class Lines {
 public:
  Lines(std::string& text, std::string_view list, std::size_t index)
      : text_(text), prefix_(fmt::format("{}[{}]", list, index)) {}

  /// Nothing that a value holds begins a line of its own (SE-05).
  void add(std::string_view key, std::string_view value) {
    fmt::format_to(std::back_inserter(text_), "{}{}: {}\n", prefix_, key, printable(value, 4096));
  }

 private:
  std::string& text_;
  std::string prefix_;
};

std::string seconds_until(TimePoint when, TimePoint now) {
  const auto left = std::chrono::floor<std::chrono::seconds>(when - now).count();
  return std::to_string(std::max<std::chrono::seconds::rep>(left, 0));
}

void add_activity(Lines& lines, const Overview& overview, const model::Job& job, TimePoint now) {
  const bool plain = overview.standing == Standing::Good;
  if (plain && overview.when) {
    lines.add("Activity" + overview.activity, seconds_until(*overview.when, now));
  } else {
    // mod_md's word for what is due, which scripts look for.
    lines.add("Activity", overview.standing == Standing::Due ? "Pending" : overview.activity);
  }
  lines.add("State", name_of(overview.standing));
  if (overview.standing == Standing::Failed) {
    lines.add("Errors", std::to_string(job.errors));
    lines.add("LastProblem", job.last.problem.type);
    lines.add("LastDetail", job.last.problem.detail);
  }
  if (!plain && overview.when) {
    lines.add("NextRun", seconds_until(*overview.when, now));
  }
}

void add_checks(Lines& lines, const DomainStatus& status) {
  const model::Monitor& monitor = status.domain.settings.monitor;
  for (const renewal::CertificateFacts& certificate : status.live.certificates) {
    lines.add("CheckAtType", certificate.spec.name());
    lines.add("CheckAtName", monitor.name);
    lines.add("CheckAtURL", monitor.url + certificate.sha256_fingerprint);
    lines.add("CheckAtFingerprint", certificate.sha256_fingerprint);
  }
}

void add_domain(Lines lines, const DomainStatus& status, TimePoint now) {
  const Overview overview = overview_of(status, now);
  const model::ManagedDomain& domain = status.domain;
  lines.add("Domain", domain.name);
  for (std::size_t i = 0; i < domain.names.size(); ++i) {
    lines.add(fmt::format("Names[{}]", i), domain.names[i].text());
  }
  lines.add("Status", overview.state);
  if (const auto overlap = status.live.overlap()) {
    lines.add("ValidUntil", format_day(overlap->until));
  }
  const std::string authority = authority_url(status);
  lines.add("CAName", authority_name(domain, authority));
  lines.add("CAURL", authority);
  lines.add("Stapling", domain.settings.stapling == model::Switch::On ? "on" : "off");
  add_checks(lines, status);
  add_activity(lines, overview, status.job.value_or(model::Job{}), now);
}

void add_stapling(Lines lines, const StaplingStatus& stapling, TimePoint now) {
  const Overview overview = overview_of(stapling, now);
  lines.add("Domain", stapling.domain);
  lines.add("CertificateID", stapling.id);
  lines.add("OCSPStatus", overview.state);
  if (stapling.validity) {
    lines.add("StaplingValidUntil", format_day(stapling.validity->until));
  }
  lines.add("ResponderName", host_of(stapling.responder_url));
  lines.add("ResponderURL", stapling.responder_url);
  add_activity(lines, overview, stapling.job, now);
}

template <class Things>
std::size_t count(const Things& things, std::initializer_list<Standing> standings, TimePoint now) {
  return static_cast<std::size_t>(std::ranges::count_if(things, [&](const auto& thing) {
    return std::ranges::find(standings, overview_of(thing, now).standing) != standings.end();
  }));
}

template <class Things>
void add_counts(std::string& text, std::string_view what, const Things& things, TimePoint now) {
  const auto add = [&](std::string_view key, std::size_t number) {
    fmt::format_to(std::back_inserter(text), "{}{}: {}\n", what, key, number);
  };
  add("Total", things.size());
  add("OK", count(things, {Standing::Good, Standing::Idle}, now));
  add("Renew", count(things, {Standing::Due, Standing::Running}, now));
  add("Errored", count(things, {Standing::Failed}, now));
}

}  // namespace

std::string server_status_text(const ServerStatus& status, TimePoint now) {
  std::string text;
  add_counts(text, "ManagedCertificates", status.domains, now);
  fmt::format_to(std::back_inserter(text), "ManagedCertificatesReady: {}\n",
                 count(status.domains, {Standing::Ready}, now));
  std::vector<const DomainStatus*> sorted;
  sorted.reserve(status.domains.size());
  for (const DomainStatus& domain : status.domains) {
    sorted.push_back(&domain);
  }
  std::ranges::sort(sorted, {}, [](const DomainStatus* domain) -> const std::string& {
    return domain->domain.name;
  });
  for (std::size_t i = 0; i < sorted.size(); ++i) {
    add_domain({text, "ManagedDomain", i}, *sorted[i], now);
  }
  if (!status.staplings.empty()) {
    add_counts(text, "ManagedStaplings", status.staplings, now);
    for (std::size_t i = 0; i < status.staplings.size(); ++i) {
      add_stapling({text, "ManagedStapling", i}, status.staplings[i], now);
    }
  }
  return text;
}

}  // namespace md::status
