// SPDX-License-Identifier: Apache-2.0
#include "status/overview.h"

#include <fmt/format.h>

#include <chrono>
#include <tuple>

#include "base/text.h"
#include "status/md_status.h"

namespace md::status {
namespace {

std::string words_of(const model::JobResult& last) {
  std::string words = last.problem.detail.empty() ? last.status_description : last.problem.detail;
  if (!last.problem.type.empty() && words.find(last.problem.type) == std::string::npos) {
    words += fmt::format(" [{}]", last.problem.type);
  }
  for (const Subproblem& each : last.problem.subproblems) {
    words += fmt::format("; {}: {}", each.identifier, each.detail);
  }
  return words;
}

bool has_failed(const model::Job& job) {
  return !job.finished && job.errors > 0 && job.next_run.has_value();
}

/// An attempt takes the time of the next one away when it begins.
bool is_running(const model::Job& job) {
  return !job.finished && job.last_run && !job.next_run;
}

std::string failure_of(const model::Job& job) {
  return fmt::format("Failed: {} ({} attempt{} in a row)", words_of(job.last), job.errors,
                     job.errors == 1 ? "" : "s");
}

void describe_activity(const DomainStatus& status, Overview& overview) {
  const model::Job job = status.job.value_or(model::Job{});
  if (!status.staged.certificates.empty() && status.staged.is_complete()) {
    overview.standing = Standing::Ready;
    overview.activity = "Ready: the new certificate waits for its activation";
  } else if (has_failed(job)) {
    overview.standing = Standing::Failed;
    overview.activity = failure_of(job);
    overview.when = job.next_run;
  } else if (is_running(job)) {
    overview.standing = Standing::Running;
    overview.activity = fmt::format("Running: {}", job.last.activity);
  } else if (!status.supervision.watched) {
    overview.standing = Standing::Idle;
    overview.activity = fmt::format("Not renewed: {}", status.supervision.reason);
  } else if (status.due.due) {
    overview.standing = Standing::Due;
    overview.activity = fmt::format("Due: {}", status.due.reason);
    overview.when = job.next_run;
  } else {
    overview.standing = Standing::Good;
    overview.activity = "Renew";
    overview.when = status.due.renew_at;
  }
}

Severity severity_of(const DomainStatus& status, model::DomainState state, Standing standing,
                     TimePoint now) {
  if (state != model::DomainState::Complete) {
    return Severity::Critical;
  }
  const auto overlap = status.live.overlap();
  const auto warn = status.domain.settings.warn_window.of(overlap->length());
  if (standing == Standing::Failed || overlap->until - now <= warn) {
    return Severity::Warning;
  }
  return standing == Standing::Good || standing == Standing::Idle ? Severity::Fine
                                                                  : Severity::Notice;
}

std::string state_words(model::DomainState state, const std::string& description) {
  switch (state) {
    case model::DomainState::Complete:
      return "good";
    case model::DomainState::Incomplete:
      return "incomplete: " + description;
    case model::DomainState::Expired:
      return "expired";
    case model::DomainState::Error:
      return "error: " + description;
    case model::DomainState::Unknown:
      break;
  }
  return "unknown";
}

}  // namespace

std::string_view name_of(Standing standing) {
  switch (standing) {
    case Standing::Failed:
      return "failed";
    case Standing::Due:
      return "due";
    case Standing::Running:
      return "running";
    case Standing::Ready:
      return "ready";
    case Standing::Good:
      return "good";
    case Standing::Idle:
      break;
  }
  return "idle";
}

Overview overview_of(const DomainStatus& status, TimePoint now) {
  Overview overview;
  describe_activity(status, overview);
  auto [state, description] = renewal::state_of(status.live, now);
  if (state == model::DomainState::Complete) {
    std::tie(state, description) = documented_state_of(status.domain, status.live);
  }
  overview.state = state_words(state, description);
  overview.severity = severity_of(status, state, overview.standing, now);
  return overview;
}

Overview overview_of(const StaplingStatus& stapling, TimePoint now) {
  Overview overview;
  const bool is_valid = stapling.validity && stapling.validity->contains(now);
  overview.state = is_valid ? stapling.status : "unknown";
  overview.when = stapling.job.next_run;
  if (stapling.job.errors > 0) {
    overview.standing = Standing::Failed;
    overview.activity = failure_of(stapling.job);
  } else if (!is_valid) {
    overview.standing = Standing::Due;
    overview.activity = "Due: no valid answer is known";
  } else {
    overview.activity = "Refresh";
  }
  if (is_valid && stapling.status == "revoked") {
    overview.severity = Severity::Critical;
  } else if (overview.standing != Standing::Good) {
    overview.severity = is_valid ? Severity::Notice : Severity::Warning;
  }
  return overview;
}

std::string host_of(const std::string& url) {
  const auto scheme = url.find("://");
  if (scheme == std::string::npos) {
    return url;
  }
  std::string host = url.substr(scheme + 3, url.find_first_of("/?#", scheme + 3) - scheme - 3);
  if (const auto credentials = host.rfind('@'); credentials != std::string::npos) {
    host.erase(0, credentials + 1);
  }
  const auto port = host.rfind(':');
  if (port != std::string::npos && host.find(']', port) == std::string::npos) {
    host.erase(port);
  }
  return host;
}

std::string authority_name(const model::ManagedDomain& domain, const std::string& url) {
  for (const model::CertificateAuthority& authority : domain.settings.authorities) {
    if (authority.url == url && !authority.name.empty()) {
      return authority.name;
    }
  }
  return host_of(url);
}

std::string authority_url(const DomainStatus& status) {
  if (!status.record.ca_url.empty() || status.domain.settings.authorities.empty()) {
    return status.record.ca_url;
  }
  return status.domain.settings.authorities.front().url;
}

std::string format_day(TimePoint time) {
  const std::chrono::year_month_day day(std::chrono::floor<std::chrono::days>(time));
  return fmt::format("{:04}-{:02}-{:02}", static_cast<int>(day.year()),
                     static_cast<unsigned>(day.month()), static_cast<unsigned>(day.day()));
}

}  // namespace md::status
