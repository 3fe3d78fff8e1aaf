// SPDX-License-Identifier: Apache-2.0
#include "status/server_status.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>

#include "base/text.h"
#include "status/html.h"
#include "status/testing/status_samples.h"

namespace md::status {
namespace {

using ::testing::HasSubstr;
using testing::kNow;
using ::testing::Not;
using testing::StatusSamples;
using namespace std::chrono_literals;

std::string text_of(const StatusSamples& samples) {
  return server_status_text(samples.all(), kNow);
}
std::string html_of(const StatusSamples& samples) {
  return server_status_html(samples.all(), kNow);
}

TEST(ServerStatusText, SaysWhatModMdSays) {  // SE-05, SE-06
  StatusSamples samples;
  samples.add_good("one.example.org");
  samples.staple("one.example.org");
  const std::string text = text_of(samples);
  for (const char* line : {"ManagedCertificatesTotal: 1\n",
                           "ManagedCertificatesOK: 1\n",
                           "ManagedCertificatesRenew: 0\n",
                           "ManagedCertificatesErrored: 0\n",
                           "ManagedCertificatesReady: 0\n",
                           "ManagedDomain[0]Domain: one.example.org\n",
                           "ManagedDomain[0]Names[0]: one.example.org\n",
                           "ManagedDomain[0]Names[1]: www.one.example.org\n",
                           "ManagedDomain[0]Status: good\n",
                           "ManagedDomain[0]ValidUntil: 2027-02-20\n",
                           "ManagedDomain[0]CAName: ca.example.org\n",
                           "ManagedDomain[0]CAURL: https://ca.example.org:14000/dir\n",
                           "ManagedDomain[0]Stapling: on\n",
                           "ManagedDomain[0]CheckAtType: rsa\n",
                           "ManagedDomain[0]CheckAtName: crt.sh\n",
                           "ManagedDomain[0]CheckAtURL: https://crt.sh?q=abc123\n",
                           "ManagedDomain[0]CheckAtFingerprint: abc123\n",
                           "ManagedDomain[0]ActivityRenew: 5184000\n",
                           "ManagedStaplingsTotal: 1\n",
                           "ManagedStaplingsOK: 1\n",
                           "ManagedStaplingsRenew: 0\n",
                           "ManagedStaplingsErrored: 0\n",
                           "ManagedStapling[0]Domain: one.example.org\n",
                           "ManagedStapling[0]CertificateID: 514342b2\n",
                           "ManagedStapling[0]OCSPStatus: good\n",
                           "ManagedStapling[0]StaplingValidUntil: 2026-11-25\n",
                           "ManagedStapling[0]ResponderName: ocsp.example.org\n",
                           "ManagedStapling[0]ResponderURL: http://ocsp.example.org/\n",
                           "ManagedStapling[0]ActivityRefresh: 3600\n"}) {
    EXPECT_THAT(text, HasSubstr(line));
  }
}

TEST(ServerStatusText, SplitsIntoKeyAndValueAtTheOnlySeparatorOfALine) {  // SE-05, reports 26
  StatusSamples samples;
  samples.add_good("one.example.org");
  samples.add_failed("two.example.org", "lines\nof\r\nwords: and:  more : : ");
  samples.add_due("three.example.org");
  for (const std::string& line : split(text_of(samples), '\n')) {
    const auto separator = line.find(": ");
    EXPECT_TRUE(line.empty() || separator != std::string::npos) << line;
    EXPECT_EQ(line.find(": ", separator + 1), std::string::npos) << line;
  }
  EXPECT_THAT(text_of(samples), HasSubstr("Status: incomplete:certificate(rsa) is missing\n"));
}

TEST(ServerStatusText, IsSortedByName) {
  StatusSamples samples;
  samples.add_good("b.example.org");
  samples.add_due("a.example.org");
  EXPECT_THAT(text_of(samples), HasSubstr("ManagedDomain[0]Domain: a.example.org\n"));
}

struct StandingCase {
  std::string name;
  std::string activity;
};

StatusSamples in_each_state() {
  StatusSamples samples;
  samples.add_good("good.example.org");
  samples.add_due("due.example.org");
  samples.add_running("running.example.org");
  samples.add_failed("failed.example.org", "the name is on a list");
  samples.add_ready("ready.example.org");
  samples.add_unused("idle.example.org");
  return samples;
}

TEST(ServerStatusHtml, HasAWordForEachState) {  // SE-07
  const std::string html = html_of(in_each_state());
  const StandingCase cases[] = {
      {"due", "Due: certificate(rsa) is missing"},
      {"running", "Running: Waiting for order to become ready"},
      {"failed", "Failed: the name is on a list"},
      {"ready", "Ready: the new certificate waits for its activation"},
      {"idle", "Not renewed: no virtual host uses it"},
      {"good", "Renew"},
  };
  for (const StandingCase& each : cases) {
    EXPECT_THAT(html, HasSubstr(each.activity)) << each.name;
  }
}

/// The lines about a domain, from its first key on.
std::string lines_about(const std::string& text, const std::string& name) {
  const auto begin = text.find("]Domain: " + name);
  const auto end = text.find("]Domain: ", begin + 1);
  return text.substr(begin, end - begin);
}

TEST(ServerStatusText, TellsTheActivityInTheKeysOfModMd) {  // D7
  const std::string text = text_of(in_each_state());
  const auto about = [&](const std::string& name) { return lines_about(text, name); };
  EXPECT_THAT(about("due"), HasSubstr("]Activity: Pending\n"));
  EXPECT_THAT(about("good"), HasSubstr("]ActivityRenew: 5184000\n"));
  EXPECT_THAT(about("idle"), HasSubstr("]ActivityRenew: 5184000\n"));
  EXPECT_THAT(about("running"), HasSubstr("]ActivityFinished: no\n"));
  EXPECT_THAT(about("ready"),
              HasSubstr("]ActivityFinished: yes\nManagedDomain[4]ActivityNewStaged: 1\n"));
  const std::string failed = about("failed");
  for (const char* line :
       {"]ActivityLastStatus: Invalid argument\n",
        "]ActivityLastProblem: urn:ietf:params:acme:error:rejectedIdentifier\n",
        "]ActivityFinished: no\n", "]ActivityLastDetail: the name is on a list\n",
        "]ActivityNextRun: 3600\n"}) {
    EXPECT_THAT(failed, HasSubstr(line));
  }
  for (const char* key : {"]State:", "]Errors:", "]LastDetail:", "]NextRun:"}) {
    EXPECT_THAT(text, Not(HasSubstr(key)));
  }
}

TEST(ServerStatusText, SaysThatAFailureHasNoProblemDocument) {  // D7
  StatusSamples samples;
  samples.add_failed("one.example.org", "connect: refused").job->last.problem.type.clear();
  EXPECT_THAT(text_of(samples), HasSubstr("ActivityLastProblem: none\n"));
}

TEST(ServerStatusText, LeavesOutThatNothingIsStapled) {  // D7
  StatusSamples samples;
  samples.add_good("one.example.org");
  samples.stop_stapling();
  EXPECT_THAT(text_of(samples), Not(HasSubstr("]Stapling:")));
  EXPECT_THAT(text_of(samples), HasSubstr("ManagedStaplingsTotal: 0\n"));
}

struct CountCase {
  std::string name;
  std::function<void(StatusSamples&)> add;
  std::string counts;  // OK, Renew, Errored, Ready
};

TEST(ServerStatusText, CountsADomainAsEverythingThatItIs) {  // D7
  const CountCase cases[] = {
      {"good", [](auto& all) { all.add_good("a.test"); }, "1000"},
      {"unused", [](auto& all) { all.add_unused("a.test"); }, "1000"},
      {"missing", [](auto& all) { all.add_due("a.test"); }, "0100"},
      {"missing and nobody's",
       [](auto& all) {
         all.add_due("a.test").supervision = {false, "MDRenewMode is manual"};
       },
       "0100"},
      {"complete and due",
       [](auto& all) {
         all.add_good("a.test").due = {true, "it expires", kNow};
       },
       "1100"},
      {"expired", [](auto& all) { all.add_expired("a.test"); }, "1100"},
      {"running", [](auto& all) { all.add_running("a.test"); }, "0100"},
      {"first one failed", [](auto& all) { all.add_failed("a.test", "no"); }, "0110"},
      {"next one failed",
       [](auto& all) {
         all.add_failed("a.test", "no").live = StatusSamples().add_good("a.test").live;
       },
       "1110"},
      {"first one ready",
       [](auto& all) {
         all.add_ready("a.test").live = {{}, "missing"};
       },
       "0101"},
      {"next one ready", [](auto& all) { all.add_ready("a.test"); }, "1101"},
      {"ready, and its command failed", [](auto& all) { all.add_ready("a.test").job->errors = 1; },
       "1110"},
  };
  for (const CountCase& each : cases) {
    StatusSamples samples;
    each.add(samples);
    const std::string text = text_of(samples);
    std::string counts;
    for (const std::string key : {"OK", "Renew", "Errored", "Ready"}) {
      const std::string line = "ManagedCertificates" + key + ": ";
      counts += text[text.find(line) + line.size()];
    }
    EXPECT_EQ(counts, each.counts) << each.name;
  }
}

TEST(ServerStatus, TellsOfAFailureInTheCasWordsAndWhenTheNextTryIs) {  // SE-07, SE-18
  StatusSamples samples;
  samples.add_failed("failed.example.org", "the name is on a list");
  EXPECT_THAT(html_of(samples), HasSubstr("[urn:ietf:params:acme:error:rejectedIdentifier]"));
  EXPECT_THAT(html_of(samples), HasSubstr("; next try <span title='Sun, 22 Nov 2026 13:42:38 GMT'>"
                                          "2026-11-22 (in 1 hour)</span>"));
}

TEST(ServerStatusHtml, KeepsTablesAndClassesOfModMd) {
  StatusSamples samples;
  samples.add_good("one.example.org");
  samples.staple("one.example.org");
  const std::string html = html_of(samples);
  EXPECT_THAT(html, HasSubstr("<h3>Managed Certificates</h3>"));
  EXPECT_THAT(html, HasSubstr("<table class='md_status'>"));
  EXPECT_THAT(html, HasSubstr("<h3>Managed Staplings</h3>"));
  EXPECT_THAT(html, HasSubstr("<table class='md_ocsp_status'>"));
  for (const char* column :
       {"Domain", "Names", "Status", "Valid", "CA", "Stapling", "CheckAt", "Activity",
        "CertificateID", "OCSPStatus", "StaplingValid", "Responder"}) {
    EXPECT_THAT(html, HasSubstr(std::string("<th class=\"") + column + "\" scope=\"col\">" +
                                column + "</th>"));
  }
  EXPECT_THAT(html, HasSubstr(R"(<a href="https://crt.sh?q=abc123">crt.sh[rsa]</a>)"));
  EXPECT_THAT(html, HasSubstr("33% of the lifetime"));
  EXPECT_THAT(html, HasSubstr("the renewal is at 77%"));
}

TEST(ServerStatusHtml, HasWhatNeedsSomebodyFirst) {
  StatusSamples samples;
  samples.add_good("a.example.org");
  samples.add_ready("b.example.org");
  samples.add_due("c.example.org");
  const std::string html = html_of(samples);
  EXPECT_LT(html.find("<td>c.example.org"), html.find("<td>b.example.org"));
  EXPECT_LT(html.find("<td>b.example.org"), html.find("<td>a.example.org"));
}

TEST(ServerStatusHtml, EscapesWhatComesFromOutside) {
  StatusSamples samples;
  samples.add_failed("failed.example.org", "<script>alert('\"&')</script>");
  samples.staple("<b>other</b>", "javascript:alert(1)");
  const std::string html = html_of(samples);
  EXPECT_THAT(html, Not(HasSubstr("<script")));
  EXPECT_THAT(html, Not(HasSubstr("<b>other")));
  EXPECT_THAT(html, Not(HasSubstr("href=\"javascript")));
  EXPECT_THAT(html, HasSubstr("&lt;script&gt;alert(&#39;&quot;&amp;&#39;)&lt;/script&gt;"));
}

TEST(ServerStatusHtml, IsEmptyWhereNothingIsManaged) {
  EXPECT_EQ(html_of({}), "");
}

TEST(ServerStatus, StaplesWithoutAnAnswerAreShown) {  // SE-03
  StatusSamples samples;
  samples.add_good("one.example.org");
  samples.staple_unknown("one.example.org");
  EXPECT_THAT(text_of(samples), HasSubstr("ManagedStapling[0]OCSPStatus: unknown\n"));
  EXPECT_THAT(text_of(samples), HasSubstr("ManagedStaplingsRenew: 1\n"));
  EXPECT_THAT(html_of(samples), HasSubstr("Due: no valid answer is known"));
}

TEST(Overview, KnowsHostsOfUrls) {
  EXPECT_EQ(host_of("https://ca.example.org:14000/dir"), "ca.example.org");
  EXPECT_EQ(host_of("https://user:secret@[::1]:80?x"), "[::1]");
  EXPECT_EQ(host_of("no url"), "no url");
}

}  // namespace
}  // namespace md::status
