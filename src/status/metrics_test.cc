// SPDX-License-Identifier: Apache-2.0
#include "status/metrics.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "status/testing/status_samples.h"

namespace md::status {
namespace {

using ::testing::EndsWith;
using ::testing::HasSubstr;
using testing::kNow;
using ::testing::Not;
using testing::StatusSamples;

MetricFacts facts_of(const StatusSamples& samples) {
  return {samples.all(),
          {{"https://ca.example.org/dir", "", 2, std::chrono::milliseconds(2500)},
           {"https://ca.example.org/dir", "urn:x:rateLimited", 3, std::chrono::milliseconds(10)}},
          {4}};
}

TEST(Metrics, TellOfCertificatesRenewalsAndAttempts) {
  StatusSamples samples;
  DomainStatus& good = samples.add_good("good.example.org");
  good.live.certificates.front().ari_cert_id = "some.id";
  good.advices.by_certificate["some.id"] = {kNow, kNow + std::chrono::hours(1), kNow, ""};
  samples.add_failed("failed.example.org", "words");
  samples.staple("good.example.org");
  const std::string text = metrics(facts_of(samples), MetricFormat::Prometheus, kNow);
  for (
      const char* line : {
          R"(md_certificate_not_after_timestamp_seconds{domain="good.example.org",key="rsa"} 1803127358)",
          R"(md_renewal_due_timestamp_seconds{domain="good.example.org"} 1800535358)",
          R"(md_domain_standing{domain="failed.example.org",standing="failed"} 1)",
          R"(md_domain_complete{domain="failed.example.org"} 0)",
          R"(md_renewal_next_attempt_timestamp_seconds{domain="failed.example.org"} 1795354958)",
          R"(md_renewal_failures_in_row{domain="failed.example.org",ca="ca.example.org",problem="urn:ietf:params:acme:error:rejectedIdentifier"} 3)",
          R"(md_ari_window_end_timestamp_seconds{domain="good.example.org",key="rsa"} 1795354958)",
          R"(md_certificate_generation{domain="good.example.org"} 4)",
          R"(md_renewal_attempts_total{ca="ca.example.org",url="https://ca.example.org/dir"} 5)",
          R"(md_renewal_failures_total{ca="ca.example.org",url="https://ca.example.org/dir",problem="urn:x:rateLimited"} 3)",
          R"(md_renewal_duration_seconds_sum{ca="ca.example.org",url="https://ca.example.org/dir"} 2.5)",
          R"(md_renewal_duration_seconds_count{ca="ca.example.org",url="https://ca.example.org/dir"} 2)",
          R"(md_staple_not_after_timestamp_seconds{domain="good.example.org",certificate="514342b2"} 1795610544)",
          R"(md_staple_status{domain="good.example.org",certificate="514342b2",status="good"} 1)",
      }) {
    EXPECT_THAT(text, HasSubstr(std::string(line) + "\n"));
  }
  EXPECT_THAT(text, Not(HasSubstr("# EOF")));
}

TEST(Metrics, AreOpenMetricsWhereThatIsWanted) {
  const std::string text = metrics(facts_of({}), MetricFormat::OpenMetrics, kNow);
  EXPECT_THAT(text, HasSubstr("# TYPE md_renewal_attempts counter\n"));
  EXPECT_THAT(text, HasSubstr("\nmd_renewal_attempts_total{"));
  EXPECT_THAT(text, EndsWith("# EOF\n"));
}

TEST(Metrics, EscapeWhatComesFromOutside) {
  StatusSamples samples;
  samples.add_failed("failed.example.org", "words").job->last.problem.type = "a\"b\\c\nd";
  const std::string text = metrics(facts_of(samples), MetricFormat::Prometheus, kNow);
  EXPECT_THAT(text, HasSubstr(R"(problem="a\"b\\c)"));
  EXPECT_THAT(text, Not(HasSubstr("\nd\"")));
}

}  // namespace
}  // namespace md::status
