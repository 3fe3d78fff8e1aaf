// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <numeric>

#include "base/text.h"
#include "model/key_label.h"
#include "status/html.h"
#include "status/server_status.h"

namespace md::status {
namespace {

// Colours only repeat what words say, and keep a contrast of 4.5 : 1 in either scheme (WCAG 1.4.3).
// The page around is mod_status': its plain black on white becomes the scheme's.
constexpr std::string_view kStyle = R"(<style>
:root{color-scheme:light dark}
.md_status,.md_ocsp_status{border-collapse:collapse;width:100%;table-layout:fixed;background:Canvas;color:CanvasText;font:14px/1.4 sans-serif;--fine:#1a7f37;--notice:#0b5cad;--warning:#8a5300;--critical:#b3261e;--line:#8884}
.md_status th,.md_ocsp_status th{position:sticky;top:0;background:Canvas;color:CanvasText;text-align:left}
.md_status td,.md_status th,.md_ocsp_status td,.md_ocsp_status th{padding:.35em .6em;border-bottom:1px solid var(--line);vertical-align:top;overflow-wrap:anywhere}
.md_status th,.md_ocsp_status th{overflow-wrap:normal}
.md_status th.Domain,.md_status th.Names,.md_status th.Status{width:14%}
.md_status th.Valid{width:9em}
.md_status th.CA{width:8em}
.md_status th.Stapling{width:4.5em}
.md_status th.CheckAt{width:7.5em}
.md_status .state,.md_ocsp_status .state{font-weight:bold;border-left:.3em solid;padding-left:.4em}
.md_status .fine,.md_ocsp_status .fine{color:var(--fine)}
.md_status .notice,.md_ocsp_status .notice{color:var(--notice)}
.md_status .warning,.md_ocsp_status .warning{color:var(--warning)}
.md_status .critical,.md_ocsp_status .critical{color:var(--critical)}
.md_status .list{max-width:24em;max-height:7em;overflow:auto}
.md_status .bar{display:block;position:relative;width:8em;height:.5em;margin:.3em 0;border:1px solid;border-radius:.3em;overflow:hidden}
.md_status .bar i{position:absolute;top:0;bottom:0;left:0;background:currentColor}
.md_status .bar b{position:absolute;top:0;bottom:0;width:2px;background:CanvasText}
.md_summary{font:14px/1.4 sans-serif}
@media(prefers-color-scheme:dark){.md_status,.md_ocsp_status{--fine:#56d364;--notice:#79b8ff;--warning:#e3b341;--critical:#ff8a80}body a{color:#8ab4f8}body a:visited{color:#c58af9}}
</style>
)";

std::string_view css_class(Severity severity) {
  switch (severity) {
    case Severity::Fine:
      return "fine";
    case Severity::Notice:
      return "notice";
    case Severity::Warning:
      return "warning";
    case Severity::Critical:
      break;
  }
  return "critical";
}

std::string day_with_title(TimePoint time, const std::string& title) {
  return fmt::format("<span title='{}' style='white-space: nowrap;'>{}</span>", html_escaped(title),
                     format_day(time));
}

/// "in 3 days", "2 hours ago"
std::string relative(TimePoint when, TimePoint now) {
  const auto away = std::chrono::duration_cast<Duration>(when - now);
  return away >= Duration(0) ? fmt::format("in {}", describe_duration(away))
                             : fmt::format("{} ago", describe_duration(-away));
}

std::string moment(TimePoint when, TimePoint now) {
  return fmt::format("<span title='{}'>{} ({})</span>", format_http_date(when), format_day(when),
                     relative(when, now));
}

long percent_of(TimePoint time, const model::Validity& validity) {
  const auto length = std::max<Duration::rep>(validity.length().count(), 1);
  const auto passed = std::chrono::duration_cast<Duration>(time - validity.from).count();
  return std::clamp<long>(static_cast<long>(passed * 100 / length), 0, 100);
}

/// The lifetime, how much of it is over, and where the renewal is planned.
std::string lifetime_bar(const model::Validity& validity, std::optional<TimePoint> renew_at,
                         Severity severity, TimePoint now) {
  const long passed = percent_of(now, validity);
  std::string label = fmt::format("{}% of the lifetime is over", passed);
  std::string mark;
  if (renew_at) {
    const long at = percent_of(*renew_at, validity);
    label += fmt::format(", the renewal is at {}%", at);
    mark = fmt::format("<b style='left:{}%'></b>", std::min<long>(at, 98));
  }
  return fmt::format(
      "<span class='bar {0}' role='img' aria-label='{1}' title='{1}'><i style='width:{2}%'></i>{3}"
      "</span>",
      css_class(severity), label, passed, mark);
}

std::string state_cell(const Overview& overview) {
  return fmt::format("<td><span class='state {}'>{}</span></td>", css_class(overview.severity),
                     html_escaped(overview.state));
}

std::string activity_cell(const Overview& overview, TimePoint now) {
  std::string cell = html_escaped(overview.activity);
  if (overview.standing == Standing::Failed || overview.standing == Standing::Due) {
    cell += overview.when ? fmt::format("; next try {}", moment(*overview.when, now)) : "";
  } else if (overview.when) {
    cell += fmt::format(" {}", moment(*overview.when, now));
  }
  return fmt::format("<td><span class='{}'>{}</span></td>", css_class(overview.severity), cell);
}

std::string names_of(const model::ManagedDomain& domain) {
  std::string names;
  for (const model::DnsName& name : domain.names) {
    names += names.empty() ? "" : " ";
    names += html_escaped(name.text());
  }
  return names;
}

std::string valid_cell(const DomainStatus& status, const Overview& overview, TimePoint now) {
  const auto overlap = status.live.overlap();
  if (!overlap) {
    return "<td></td>";
  }
  const std::string title =
      fmt::format("{} - {}", format_http_date(overlap->from), format_http_date(overlap->until));
  return fmt::format("<td>until {}<br>{}{}</td>", day_with_title(overlap->until, title),
                     relative(overlap->until, now),
                     lifetime_bar(*overlap, status.due.renew_at, overview.severity, now));
}

std::string checks_cell(const DomainStatus& status) {
  const model::Monitor& monitor = status.domain.settings.monitor;
  std::string links;
  for (const renewal::CertificateFacts& certificate : status.live.certificates) {
    links += html_link(monitor.url + certificate.sha256_fingerprint,
                       fmt::format("{}[{}]", monitor.name, model::label_of(certificate.spec)));
    links += "<br>";
  }
  return links;
}

std::string_view stripe(std::size_t index) {
  return index % 2 == 0 ? "even" : "odd";
}

std::string domain_row(const DomainStatus& status, const Overview& overview, std::size_t index,
                       TimePoint now) {
  const std::string authority = authority_url(status);
  const bool staples = status.domain.settings.stapling == model::Switch::On;
  // What scrolls must be within reach of a keyboard.
  return fmt::format(
      "<tr class=\"{}\"><td>{}</td><td><div class='list' tabindex='0'>{}</div></td>{}{}<td>{}</td>"
      "<td>{}</td><td>{}</td>{}</tr>\n",
      stripe(index), html_escaped(status.domain.name), names_of(status.domain),
      state_cell(overview), valid_cell(status, overview, now),
      html_link(authority, authority_name(status.domain, authority)), staples ? "on" : "",
      checks_cell(status), activity_cell(overview, now));
}

std::string stapling_row(const StaplingStatus& stapling, const Overview& overview,
                         std::size_t index, TimePoint now) {
  std::string valid;
  if (stapling.validity) {
    valid = fmt::format(
        "until {}", day_with_title(stapling.validity->until,
                                   fmt::format("{} - {}", format_http_date(stapling.validity->from),
                                               format_http_date(stapling.validity->until))));
  }
  return fmt::format("<tr class=\"{}\"><td>{}</td><td>{}</td>{}<td>{}</td><td>{}</td>{}</tr>\n",
                     stripe(index), html_escaped(stapling.domain), html_escaped(stapling.id),
                     state_cell(overview), valid,
                     html_link(stapling.responder_url, host_of(stapling.responder_url)),
                     activity_cell(overview, now));
}

/// A thing and how it stands, in the order of the page.
template <class Thing>
struct Placed {
  const Thing* thing;
  Overview overview;
};

template <class Thing, class Order>
std::vector<Placed<Thing>> worst_first(const std::vector<Thing>& things, Order order,
                                       TimePoint now) {
  std::vector<Placed<Thing>> placed;
  placed.reserve(things.size());
  for (const Thing& thing : things) {
    placed.push_back({&thing, overview_of(thing, now)});
  }
  std::ranges::stable_sort(placed, [&](const auto& a, const auto& b) {
    if (a.overview.severity != b.overview.severity) {
      return a.overview.severity > b.overview.severity;
    }
    return order(*a.thing) < order(*b.thing);
  });
  return placed;
}

template <class Thing>
std::string summary_of(const std::vector<Placed<Thing>>& placed) {
  std::string parts;
  for (const Standing standing : {Standing::Failed, Standing::Due, Standing::Running,
                                  Standing::Ready, Standing::Good, Standing::Idle}) {
    const auto number = std::ranges::count_if(
        placed, [&](const auto& each) { return each.overview.standing == standing; });
    if (number > 0) {
      parts += fmt::format(", {} {}", number, name_of(standing));
    }
  }
  return fmt::format("<p class='md_summary'>{} in all{}</p>\n", placed.size(), parts);
}

constexpr std::string_view kDomainHead =
    R"(<table class='md_status'><thead><tr>
<th class="Domain" scope="col">Domain</th><th class="Names" scope="col">Names</th><th class="Status" scope="col">Status</th><th class="Valid" scope="col">Valid</th><th class="CA" scope="col">CA</th><th class="Stapling" scope="col">Stapling</th><th class="CheckAt" scope="col">CheckAt</th><th class="Activity" scope="col">Activity</th></tr>
</thead><tbody>)";
constexpr std::string_view kStaplingHead =
    R"(<table class='md_ocsp_status'><thead><tr>
<th class="Domain" scope="col">Domain</th><th class="CertificateID" scope="col">CertificateID</th><th class="OCSPStatus" scope="col">OCSPStatus</th><th class="StaplingValid" scope="col">StaplingValid</th><th class="Responder" scope="col">Responder</th><th class="Activity" scope="col">Activity</th></tr>
</thead><tbody>)";

template <class Thing, class Row>
void add_table(std::string& page, std::string_view head, const std::vector<Placed<Thing>>& placed,
               Row row) {
  page += summary_of(placed);
  page += head;
  for (std::size_t i = 0; i < placed.size(); ++i) {
    page += row(*placed[i].thing, placed[i].overview, i);
  }
  page += "</tbody>\n</table>\n";
}

}  // namespace

std::string server_status_html(const ServerStatus& status, TimePoint now) {
  if (status.domains.empty() && status.staplings.empty()) {
    return "";
  }
  std::string page("<hr>\n");
  page += kStyle;
  page += "<h3>Managed Certificates</h3>\n";
  const auto by_end = [](const DomainStatus& domain) {
    const auto overlap = domain.live.overlap();
    return std::pair(overlap ? overlap->until : TimePoint(), domain.domain.name);
  };
  add_table(page, kDomainHead, worst_first(status.domains, by_end, now),
            [&](const auto& thing, const auto& overview, std::size_t index) {
              return domain_row(thing, overview, index, now);
            });
  if (!status.staplings.empty()) {
    page += "<hr>\n<h3>Managed Staplings</h3>\n";
    const auto by_name = [](const StaplingStatus& stapling) {
      return std::pair(stapling.domain, stapling.id);
    };
    add_table(page, kStaplingHead, worst_first(status.staplings, by_name, now),
              [&](const auto& thing, const auto& overview, std::size_t index) {
                return stapling_row(thing, overview, index, now);
              });
  }
  return page;
}

}  // namespace md::status
