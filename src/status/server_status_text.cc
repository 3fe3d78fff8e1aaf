// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <iterator>

#include "base/text.h"
#include "model/key_label.h"
#include "status/server_status.h"

namespace md::status {
namespace {

/// Lines of one thing in a list: `ManagedDomain[3]Status: good`.
class Lines {
 public:
  Lines(std::string& text, std::string_view list, std::size_t index)
      : text_(text), prefix_(fmt::format("{}[{}]", list, index)) {}

  /// Nothing that a value holds begins a line of its own (SE-05), and no value holds what separates
  /// it from its key: some readers split a line wherever they find that.
  void add(std::string_view key, std::string_view value) {
    std::string shown = printable(value, 4096);
    for (auto found = shown.find(kSeparator); found != shown.npos; found = shown.find(kSeparator)) {
      shown.erase(found + 1, 1);
    }
    fmt::format_to(std::back_inserter(text_), "{}{}{}{}\n", prefix_, key, kSeparator, shown);
  }

 private:
  static constexpr std::string_view kSeparator = ": ";
  std::string& text_;
  std::string prefix_;
};

std::string seconds_until(TimePoint when, TimePoint now) {
  const auto left = std::chrono::floor<std::chrono::seconds>(when - now).count();
  return std::to_string(std::max<std::chrono::seconds::rep>(left, 0));
}

bool has_failed(const model::Job& job) {
  return job.errors > 0 || job.last.status != 0;
}

/// How a job goes, in mod_md's keys.
void add_job(Lines& lines, const model::Job& job, std::size_t staged, TimePoint now) {
  if (job.last.status != 0) {
    const std::string& problem = job.last.problem.type;
    lines.add("ActivityLastStatus", job.last.status_description);
    lines.add("ActivityLastProblem", problem.empty() ? "none" : problem);
  }
  lines.add("ActivityFinished", job.finished ? "yes" : "no");
  if (job.finished) {
    lines.add("ActivityNewStaged", std::to_string(staged));
  } else if (!job.last.problem.detail.empty()) {
    lines.add("ActivityLastDetail", job.last.problem.detail);
  }
  if (!job.finished && job.next_run && *job.next_run > now) {
    lines.add("ActivityNextRun", seconds_until(*job.next_run, now));
  }
}

void add_activity(Lines& lines, const DomainStatus& status, TimePoint now) {
  if (is_renewing(status)) {
    add_job(lines, *status.job, status.staged.certificates.size(), now);
  } else if (status.due.due) {
    lines.add("Activity", "Pending");
  } else if (status.due.renew_at) {
    lines.add("ActivityRenew", seconds_until(*status.due.renew_at, now));
  } else if (!status.supervision.watched) {
    lines.add("Activity", "Manual renew");
  }
}

void add_activity(Lines& lines, const StaplingStatus& stapling, TimePoint now) {
  if (has_failed(stapling.job)) {
    add_job(lines, stapling.job, 0, now);
  } else if (overview_of(stapling, now).standing == Standing::Due) {
    lines.add("Activity", "Pending");
  } else if (stapling.job.next_run) {
    lines.add("ActivityRefresh", seconds_until(*stapling.job.next_run, now));
  }
}

void add_checks(Lines& lines, const DomainStatus& status) {
  const model::Monitor& monitor = status.domain.settings.monitor;
  for (const renewal::CertificateFacts& certificate : status.live.certificates) {
    lines.add("CheckAtType", model::label_of(certificate.spec));
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
  if (domain.settings.stapling == model::Switch::On) {
    lines.add("Stapling", "on");
  }
  add_checks(lines, status);
  add_activity(lines, status, now);
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
  add_activity(lines, stapling, now);
}

/// How many are how. A domain counts in several: what is due may be complete, and has either failed
/// or is ready.
struct Counts {
  std::size_t ok{0};
  std::size_t renew{0};
  std::size_t errored{0};
  std::size_t ready{0};
};

Counts count(const std::vector<DomainStatus>& domains) {
  Counts counts;
  for (const DomainStatus& status : domains) {
    const auto state = documented_state_of(status.domain, status.live).first;
    counts.ok += state == model::DomainState::Complete ? 1 : 0;
    if (!status.due.due && !is_renewing(status)) {
      continue;
    }
    ++counts.renew;
    if (is_renewing(status)) {
      const bool is_errored = has_failed(*status.job);
      counts.errored += is_errored ? 1 : 0;
      counts.ready += !is_errored && status.job->finished ? 1 : 0;
    }
  }
  return counts;
}

Counts count(const std::vector<StaplingStatus>& staplings, TimePoint now) {
  Counts counts;
  for (const StaplingStatus& stapling : staplings) {
    const Standing standing = overview_of(stapling, now).standing;
    counts.ok += standing == Standing::Good ? 1 : 0;
    counts.renew += standing == Standing::Due ? 1 : 0;
    counts.errored += standing == Standing::Failed ? 1 : 0;
  }
  return counts;
}

void add_counts(std::string& text, std::string_view what, std::size_t total, const Counts& counts) {
  const auto add = [&](std::string_view key, std::size_t number) {
    fmt::format_to(std::back_inserter(text), "{}{}: {}\n", what, key, number);
  };
  add("Total", total);
  add("OK", counts.ok);
  add("Renew", counts.renew);
  add("Errored", counts.errored);
}

}  // namespace

std::string server_status_text(const ServerStatus& status, TimePoint now) {
  std::string text;
  const Counts counts = count(status.domains);
  add_counts(text, "ManagedCertificates", status.domains.size(), counts);
  fmt::format_to(std::back_inserter(text), "ManagedCertificatesReady: {}\n", counts.ready);
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
  add_counts(text, "ManagedStaplings", status.staplings.size(), count(status.staplings, now));
  for (std::size_t i = 0; i < status.staplings.size(); ++i) {
    add_stapling({text, "ManagedStapling", i}, status.staplings[i], now);
  }
  return text;
}

}  // namespace md::status
