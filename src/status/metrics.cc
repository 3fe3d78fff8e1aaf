// SPDX-License-Identifier: Apache-2.0
#include "status/metrics.h"

#include <fmt/format.h>

#include <iterator>
#include <map>
#include <utility>

#include "base/text.h"

namespace md::status {
namespace {

// Values are copies: many are made on the way.
using Labels = std::vector<std::pair<std::string_view, std::string>>;

std::string escaped_label(std::string_view value) {
  std::string escaped;
  for (const char character : printable(value, 1024)) {
    if (character == '\\' || character == '"') {
      escaped += '\\';
    }
    escaped += character;
  }
  return escaped;
}

/// One family of metrics: its head once, then a sample a line.
class Family {
 public:
  Family(std::string& text, std::string_view name, std::string_view type, std::string_view help)
      : text_(text), name_(name) {
    fmt::format_to(std::back_inserter(text_), "# HELP {0} {1}\n# TYPE {0} {2}\n", name, help, type);
  }

  void add(const Labels& labels, double value, std::string_view suffix = "") {
    text_ += name_;
    text_ += suffix;
    char separator = '{';
    for (const auto& [label, content] : labels) {
      fmt::format_to(std::back_inserter(text_), "{}{}=\"{}\"", separator, label,
                     escaped_label(content));
      separator = ',';
    }
    fmt::format_to(std::back_inserter(text_), "{} {}\n", labels.empty() ? "" : "}", value);
  }
  void add(const Labels& labels, TimePoint time) {
    add(labels, std::chrono::duration<double>(time.time_since_epoch()).count());
  }

 private:
  std::string& text_;
  std::string_view name_;
};

void add_certificates(std::string& text, const std::vector<DomainStatus>& domains) {
  Family start(text, "md_certificate_not_before_timestamp_seconds", "gauge",
               "Since when the certificate in use is valid.");
  for (const DomainStatus& status : domains) {
    for (const auto& certificate : status.live.certificates) {
      start.add({{"domain", status.domain.name}, {"key", certificate.spec.name()}},
                certificate.validity.from);
    }
  }
  Family end(text, "md_certificate_not_after_timestamp_seconds", "gauge",
             "When the certificate in use expires.");
  for (const DomainStatus& status : domains) {
    for (const auto& certificate : status.live.certificates) {
      end.add({{"domain", status.domain.name}, {"key", certificate.spec.name()}},
              certificate.validity.until);
    }
  }
}

void add_renewals(std::string& text, const std::vector<DomainStatus>& domains, TimePoint now) {
  Family due(text, "md_renewal_due_timestamp_seconds", "gauge",
             "When the certificates are to be renewed.");
  for (const DomainStatus& status : domains) {
    if (status.due.renew_at && status.supervision.watched) {
      due.add({{"domain", status.domain.name}}, *status.due.renew_at);
    }
  }
  Family standing(
      text, "md_domain_standing", "gauge",
      "1 for how the managed domain stands: failed, due, running, ready, good or idle.");
  for (const DomainStatus& status : domains) {
    standing.add({{"domain", status.domain.name},
                  {"standing", std::string(name_of(overview_of(status, now).standing))}},
                 1);
  }
  Family usable(text, "md_domain_complete", "gauge",
                "Whether all certificates of the managed domain are there and valid.");
  for (const DomainStatus& status : domains) {
    const auto state = renewal::state_of(status.live, now).first;
    usable.add({{"domain", status.domain.name}}, state == model::DomainState::Complete ? 1 : 0);
  }
}

void add_failures(std::string& text, const std::vector<DomainStatus>& domains) {
  Family next(text, "md_renewal_next_attempt_timestamp_seconds", "gauge",
              "When the next attempt is made, after one that failed.");
  for (const DomainStatus& status : domains) {
    if (status.job && status.job->next_run) {
      next.add({{"domain", status.domain.name}}, *status.job->next_run);
    }
  }
  Family errors(text, "md_renewal_failures_in_row", "gauge",
                "Failed attempts of the managed domain since the last success.");
  for (const DomainStatus& status : domains) {
    const std::string problem = status.job ? status.job->last.problem.type : "";
    errors.add({{"domain", status.domain.name},
                {"ca", host_of(authority_url(status))},
                {"problem", problem}},
               status.job ? status.job->errors : 0);
  }
}

void add_advice(std::string& text, const std::vector<DomainStatus>& domains) {
  Family start(text, "md_ari_window_start_timestamp_seconds", "gauge",
               "Begin of the time in which the CA wants the certificate renewed (RFC 9773).");
  const auto each = [&](auto&& use) {
    for (const DomainStatus& status : domains) {
      for (const auto& certificate : status.live.certificates) {
        const auto found = status.advices.by_certificate.find(certificate.ari_cert_id);
        if (found != status.advices.by_certificate.end()) {
          use(Labels{{"domain", status.domain.name}, {"key", certificate.spec.name()}},
              found->second);
        }
      }
    }
  };
  each([&](const Labels& labels, const auto& advice) { start.add(labels, advice.window_start); });
  Family end(text, "md_ari_window_end_timestamp_seconds", "gauge",
             "End of the time in which the CA wants the certificate renewed (RFC 9773).");
  each([&](const Labels& labels, const auto& advice) { end.add(labels, advice.window_end); });
}

void add_staples(std::string& text, const std::vector<StaplingStatus>& staplings, TimePoint now) {
  Family end(text, "md_staple_not_after_timestamp_seconds", "gauge",
             "Until when the OCSP answer that is stapled is valid.");
  for (const StaplingStatus& stapling : staplings) {
    if (stapling.validity) {
      end.add({{"domain", stapling.domain}, {"certificate", stapling.id}},
              stapling.validity->until);
    }
  }
  Family state(text, "md_staple_status", "gauge",
               "1 for what is known of the certificate by OCSP: good, revoked or unknown.");
  for (const StaplingStatus& stapling : staplings) {
    state.add({{"domain", stapling.domain},
               {"certificate", stapling.id},
               {"status", overview_of(stapling, now).state}},
              1);
  }
}

std::string_view name_of_counter(std::string_view total, MetricFormat format) {
  constexpr std::string_view kSuffix = "_total";
  return format == MetricFormat::OpenMetrics ? total.substr(0, total.size() - kSuffix.size())
                                             : total;
}

void add_attempts(std::string& text, const std::vector<AttemptCount>& attempts,
                  MetricFormat format) {
  const std::string_view suffix = format == MetricFormat::OpenMetrics ? "_total" : "";
  Family made(text, name_of_counter("md_renewal_attempts_total", format), "counter",
              "Attempts that ended, by CA.");
  std::map<std::string, std::uint64_t> by_ca;
  for (const AttemptCount& each : attempts) {
    by_ca[each.ca_url] += each.attempts;
  }
  for (const auto& [ca_url, count] : by_ca) {
    made.add({{"ca", host_of(ca_url)}, {"url", ca_url}}, static_cast<double>(count), suffix);
  }
  Family failed(text, name_of_counter("md_renewal_failures_total", format), "counter",
                "Attempts that failed, by CA and problem type.");
  for (const AttemptCount& each : attempts) {
    if (!each.failure.empty()) {
      failed.add({{"ca", host_of(each.ca_url)}, {"url", each.ca_url}, {"problem", each.failure}},
                 static_cast<double>(each.attempts), suffix);
    }
  }
  Family duration(text, "md_renewal_duration_seconds", "summary",
                  "How long successful attempts took, from the directory to the last certificate.");
  for (const AttemptCount& each : attempts) {
    if (each.failure.empty()) {
      const Labels labels{{"ca", host_of(each.ca_url)}, {"url", each.ca_url}};
      duration.add(labels, std::chrono::duration<double>(each.took).count(), "_sum");
      duration.add(labels, static_cast<double>(each.attempts), "_count");
    }
  }
}

void add_generations(std::string& text, const MetricFacts& facts) {
  Family family(text, "md_certificate_generation", "gauge",
                "How often certificates of the managed domain went live since start or reload.");
  const auto& domains = facts.status.domains;
  for (std::size_t i = 0; i < domains.size() && i < facts.generations.size(); ++i) {
    family.add({{"domain", domains[i].domain.name}}, static_cast<double>(facts.generations[i]));
  }
}

}  // namespace

std::string_view content_type_of(MetricFormat format) {
  return format == MetricFormat::OpenMetrics
             ? "application/openmetrics-text; version=1.0.0; charset=utf-8"
             : "text/plain; version=0.0.4; charset=utf-8";
}

std::string metrics(const MetricFacts& facts, MetricFormat format, TimePoint now) {
  std::string text;
  add_certificates(text, facts.status.domains);
  add_renewals(text, facts.status.domains, now);
  add_failures(text, facts.status.domains);
  add_advice(text, facts.status.domains);
  add_generations(text, facts);
  add_attempts(text, facts.attempts, format);
  add_staples(text, facts.status.staplings, now);
  if (format == MetricFormat::OpenMetrics) {
    text += "# EOF\n";
  }
  return text;
}

}  // namespace md::status
