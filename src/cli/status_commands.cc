// SPDX-License-Identifier: Apache-2.0
#include "cli/status_commands.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <system_error>

#include "base/text.h"
#include "cli/domain_files.h"
#include "cli/domain_view.h"
#include "status/overview.h"
#include "store/layout.h"

namespace md::cli {
namespace {

using json::Value;
using store::Group;

std::string days_left(const DomainView& view, TimePoint now) {
  const auto valid = view.facts.live.overlap();
  if (!valid) {
    return "-";
  }
  return std::to_string(std::chrono::floor<std::chrono::days>(valid->until - now).count());
}

std::string last_error(const DomainView& view) {
  if (!view.has_job || view.job.errors == 0) {
    return "";
  }
  const Problem& problem = view.job.last.problem;
  const std::string& text = problem.detail.empty() ? view.job.last.activity : problem.detail;
  return fmt::format("{} ({}x)", printable(text, 120), view.job.errors);
}

std::vector<std::string> row_of(const DomainView& view, TimePoint now) {
  const status::DomainStatus status = view.status(now);
  const auto renews = status.supervision.watched ? status.due.renew_at : std::nullopt;
  return {view.domain.name, status::overview_of(status, now).state, days_left(view, now),
          renews ? status::format_day(*renews) : "-", last_error(view)};
}

std::string_view name_of(renewal::RenewalDecision::Action action) {
  switch (action) {
    case renewal::RenewalDecision::Action::Nothing:
      return "nothing";
    case renewal::RenewalDecision::Action::Renew:
      return "renew";
    case renewal::RenewalDecision::Action::Wait:
      return "wait";
  }
  return "";
}

enum class Severity { Warning = 1, Critical = 2 };

/// What `check` has found so far.
class Findings {
 public:
  void add(Severity severity, const std::string& domain, const std::string& what) {
    const bool is_critical = severity == Severity::Critical;
    Value finding = Value::object();
    finding.set("domain", domain)
        .set("severity", is_critical ? "critical" : "warning")
        .set("finding", what);
    answer_.output.push_back(std::move(finding));
    answer_.text += fmt::format("{}: {}: {}\n", is_critical ? "CRITICAL" : "WARNING",
                                printable(domain), printable(what));
    answer_.exit_code = std::max(answer_.exit_code, static_cast<int>(severity));
  }
  Answer answer(std::size_t domains) && {
    if (answer_.text.empty()) {
      answer_.text = fmt::format("OK: {} managed domain{}\n", domains, domains == 1 ? "" : "s");
    }
    return std::move(answer_);
  }

 private:
  Answer answer_;
};

void check_certificates(const DomainView& view, TimePoint now, Findings& findings) {
  const std::string& name = view.domain.name;
  for (const std::string& complaint : view.complaints) {
    findings.add(Severity::Critical, name, complaint);
  }
  if (!view.facts.live.is_complete()) {
    const std::string& flaw = view.facts.live.flaw;
    findings.add(Severity::Critical, name, flaw.empty() ? "there is no certificate" : flaw);
    return;
  }
  const model::Validity valid = *view.facts.live.overlap();
  const std::string until = format_http_date(valid.until);
  if (valid.until <= now) {
    findings.add(Severity::Critical, name, "the certificate has expired at " + until);
  } else if (valid.from > now) {
    findings.add(Severity::Critical, name,
                 "the certificate is not valid before " + format_http_date(valid.from));
  } else if (valid.until - now < view.domain.settings.warn_window.of(valid.length())) {
    findings.add(Severity::Warning, name, "the certificate expires at " + until);
  }
}

void check_job(const DomainView& view, Findings& findings) {
  if (view.has_job && view.job.errors > 0 && !view.job.finished) {
    findings.add(Severity::Warning, view.domain.name, "renewal fails: " + last_error(view));
  }
}

/// Private keys that others may read.
void check_mode(const std::string& path, const std::string& domain, Findings& findings) {
  using std::filesystem::perms;
  std::error_code failed;
  const perms mode = std::filesystem::status(path, failed).permissions();
  if (!failed && (mode & (perms::group_all | perms::others_all)) != perms::none) {
    findings.add(Severity::Warning, domain,
                 fmt::format("{} is open to others than its owner (mode {:o})", path,
                             static_cast<unsigned>(mode)));
  }
}

void check_modes(const Session& session, const std::string& domain, Findings& findings) {
  const auto files = session.store.files(Group::Domains, domain);
  if (!files) {
    findings.add(Severity::Critical, domain, files.error().message);
    return;
  }
  for (const std::string& file : *files) {
    if (file.find("privkey") != std::string::npos) {
      check_mode(session.store.path(Group::Domains, domain, file), domain, findings);
    }
  }
}

}  // namespace

Result<Answer> status(Session& session, const std::vector<std::string>& names) {
  const TimePoint now = session.clock.now();
  MD_ASSIGN_OR_RETURN(const DomainViews all, views_of(session, names));
  if (!all.flaws.empty()) {
    return all.flaws.front();
  }
  Answer answer;
  std::vector<std::vector<std::string>> rows{{"NAME", "STATE", "DAYS", "RENEWS", "LAST ERROR"}};
  const auto detail = names.empty() ? md::status::Detail::Summary : md::status::Detail::Full;
  for (const DomainView& view : all.views) {
    answer.output.push_back(md::status::domain_status(view.status(now), detail));
    rows.push_back(row_of(view, now));
  }
  answer.text = table(rows);
  return answer;
}

Result<Answer> explain(Session& session, const std::string& name) {
  const TimePoint now = session.clock.now();
  MD_ASSIGN_OR_RETURN(const store::DomainRecord record, find_domain(session.store, name));
  MD_ASSIGN_OR_RETURN(const DomainView view, view_of(session, record));
  const renewal::RenewalDecision decision =
      renewal::decide_renewal(view.domain, view.facts, view.job, now);
  const md::status::DomainStatus status = view.status(now);
  Value document = Value::object();
  document.set("name", view.domain.name)
      .set("action", name_of(decision.action))
      .set("reason", decision.reason)
      .set_time("next-check", decision.next_check);
  std::string text = fmt::format("{}: {}: {}\n", view.domain.name, name_of(decision.action),
                                 printable(decision.reason));
  if (status.due.renew_at) {
    document.set_time("renew-at", *status.due.renew_at);
    text += fmt::format("  renewal due from  {}\n", format_http_date(*status.due.renew_at));
  }
  if (view.facts.requested) {
    document.set("requested", true);
    text += "  asked for by      a2md renew\n";
  }
  if (const std::string error = last_error(view); !error.empty()) {
    document.set("last-error", error);
    text += fmt::format("  last error        {}\n", error);
  }
  text += fmt::format("  looked at again   {}\n", format_http_date(decision.next_check));
  return Answer{{std::move(document)}, std::move(text)};
}

Result<Answer> check(Session& session, const std::vector<std::string>& names) {
  const TimePoint now = session.clock.now();
  MD_ASSIGN_OR_RETURN(const DomainViews all, views_of(session, names));
  Findings findings;
  const std::string store_name = "store";
  check_mode(session.store.path_of(store::kHeaderFile).string(), store_name, findings);
  for (const Error& flaw : all.flaws) {
    findings.add(Severity::Critical, store_name, flaw.message);
  }
  for (const DomainView& view : all.views) {
    check_certificates(view, now, findings);
    check_job(view, findings);
    check_modes(session, view.domain.name, findings);
  }
  return std::move(findings).answer(all.views.size());
}

}  // namespace md::cli
