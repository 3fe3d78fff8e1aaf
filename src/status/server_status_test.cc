// SPDX-License-Identifier: Apache-2.0
#include "status/server_status.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

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

TEST(ServerStatusText, EachLineIsAKeyAndAValue) {  // SE-05
  StatusSamples samples;
  samples.add_good("one.example.org");
  samples.add_failed("two.example.org", "lines\nof\r\nwords: and more");
  samples.add_due("three.example.org");
  for (const std::string& line : split(text_of(samples), '\n')) {
    EXPECT_TRUE(line.empty() || line.find(": ") != std::string::npos) << line;
  }
}

TEST(ServerStatusText, IsSortedByName) {
  StatusSamples samples;
  samples.add_good("b.example.org");
  samples.add_due("a.example.org");
  EXPECT_THAT(text_of(samples), HasSubstr("ManagedDomain[0]Domain: a.example.org\n"));
}

struct StandingCase {
  std::string name;
  std::string state;
  std::string activity;
};

TEST(ServerStatus, HasAWordForEachState) {  // SE-07
  StatusSamples samples;
  samples.add_good("good.example.org");
  samples.add_due("due.example.org");
  samples.add_running("running.example.org");
  samples.add_failed("failed.example.org", "the name is on a list");
  samples.add_ready("ready.example.org");
  samples.add_unused("idle.example.org");
  const std::string text = text_of(samples);
  const std::string html = html_of(samples);
  const StandingCase cases[] = {
      {"due", "State: due", "Due: certificate(rsa) is missing"},
      {"running", "State: running", "Running: Waiting for order to become ready"},
      {"failed", "State: failed", "Failed: the name is on a list"},
      {"ready", "State: ready", "Ready: the new certificate waits for its activation"},
      {"idle", "State: idle", "Not renewed: no TLS virtual host uses it"},
      {"good", "State: good", "Renew"},
  };
  for (const StandingCase& each : cases) {
    EXPECT_THAT(text, HasSubstr(each.state)) << each.name;
    EXPECT_THAT(html, HasSubstr(each.activity)) << each.name;
  }
  EXPECT_THAT(text, HasSubstr("Activity: Pending\n"));
  EXPECT_THAT(text, HasSubstr("ManagedCertificatesErrored: 1\n"));
  EXPECT_THAT(text, HasSubstr("ManagedCertificatesReady: 1\n"));
  EXPECT_THAT(text, HasSubstr("ManagedCertificatesRenew: 2\n"));
}

TEST(ServerStatus, TellsOfAFailureInTheCasWordsAndWhenTheNextTryIs) {  // SE-07, SE-18
  StatusSamples samples;
  samples.add_failed("failed.example.org", "the name is on a list");
  EXPECT_THAT(html_of(samples), HasSubstr("[urn:ietf:params:acme:error:rejectedIdentifier]"));
  EXPECT_THAT(html_of(samples), HasSubstr("; next try <span title='Sun, 22 Nov 2026 13:42:38 GMT'>"
                                          "2026-11-22 (in 1 hour)</span>"));
  EXPECT_THAT(text_of(samples), HasSubstr("LastDetail: the name is on a list\n"));
  EXPECT_THAT(text_of(samples), HasSubstr("NextRun: 3600\n"));
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
    EXPECT_THAT(html, HasSubstr(std::string("class=\"") + column + "\">" + column + "</th>"));
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
